"""`gridfold replay`: compute one cell of a run again, here, and compare it digit by digit."""

import sys
from collections.abc import Iterator

import click

from gridfold.api.answers import ReplayAnswer
from gridfold.domain.grid import parameter_texts
from gridfold_cli.commands.arguments import output_option
from gridfold_cli.commands.asking import asking
from gridfold_cli.commands.cluster_options import Connect, cluster_options
from gridfold_cli.commands.examples import examples
from gridfold_cli.commands.job_argument import job_to_read
from gridfold_cli.commands.targets import job_or_file
from gridfold_cli.exits import Exit
from gridfold_cli.local.inspection import ASKED, inspect
from gridfold_cli.terminal.say import say

MOST_DIFFERENCES = 20


@click.command(epilog=examples("gridfold replay JOB.yaml 12", "gridfold replay adult-income 12 -n team-a"))
@job_or_file
@click.argument("cell", type=click.IntRange(min=0))
@output_option
@cluster_options
def replay(job: str, cell: int, *, connect: Connect, output: str | None) -> None:
    """Compute one cell of a TrainingJob's current run again, on this machine, and compare it with what is stored.

    Every score of every fold has to be the same float. CELL is the number that the leaderboard and results.csv (index)
    have. Nothing is stored. This machine has to reach the job's storage.

    Exit codes: 0 all is equal, 4 something differs, 1 the cell cannot be compared, 2 invalid input.
    """
    found, base_folder = job_to_read(job, output, connect)
    with asking("replay"):
        answer = inspect(found, base_folder, ("replay", "--cell", str(cell)), ReplayAnswer, ASKED)
    for line in said(cell, answer):
        say(line)
    if not _equal(answer):
        sys.exit(Exit.DIFFERENT)


def said(cell: int, answer: ReplayAnswer) -> Iterator[str]:
    """Yield lines that say whether all is equal, else what differs, and what else is not as it was."""
    texts = parameter_texts(answer.parameters)
    yield f"{'Cell':<12}{cell}: {', '.join(f'{name} {value}' for name, value in texts.items())}"
    yield f"{'Stored':<12}{answer.uri}"
    stored, computed = answer.outcomes
    if _equal(answer):
        scores = f"{answer.folds} folds of {', '.join(answer.metrics)}" if answer.metrics else "no fold was computed"
        yield f"{'Equal':<12}every digit: {scores} ({stored})"
    if stored != computed:
        yield f"{'Differs':<12}the cell is {computed} here, and was {stored}"
    for found in answer.differences[:MOST_DIFFERENCES]:
        yield f"{'Differs':<12}{found.metric}, fold {found.fold}: {found.computed!r} here, stored {found.stored!r}"
    if (more := len(answer.differences) - MOST_DIFFERENCES) > 0:
        yield f"{'':<12}and {more} more"
    for name, (before, here) in answer.surroundings.items():
        yield f"{'Other':<12}{name}: {here or 'none'} here, then {before or 'none'}"
    if not _equal(answer) and not answer.surroundings:
        yield (
            f"{'Other':<12}nothing: versions, BLAS and threads are those of the stored result. It was changed, or "
            "the estimator does not give the same numbers twice: replay it once more to tell these apart"
        )


def _equal(answer: ReplayAnswer) -> bool:
    return not answer.differences and answer.outcomes[0] == answer.outcomes[1]
