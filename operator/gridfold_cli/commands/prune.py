"""`gridfold prune`: remove what no latest.json reaches."""

import re
import sys
from collections.abc import Iterator, Sequence

import click

from gridfold.api.answers import Pile, PruneAnswer
from gridfold.api.v1alpha1 import TrainingJob
from gridfold.domain.durations import format_duration
from gridfold.domain.events import TERMINAL_STATES
from gridfold_cli.commands.arguments import output_option
from gridfold_cli.commands.asking import asking
from gridfold_cli.commands.cluster_job import job_of
from gridfold_cli.commands.cluster_options import Connect, cluster_options
from gridfold_cli.commands.examples import examples
from gridfold_cli.commands.job_argument import job_to_read
from gridfold_cli.commands.targets import job_or_file
from gridfold_cli.errors import CommandError
from gridfold_cli.exits import Exit
from gridfold_cli.local.inspection import ASKED, inspect
from gridfold_cli.terminal.say import say

#: What the kinds of a Pile are called: one of them, several.
KINDS = {
    "run": ("run", "runs"),
    "sources": ("note which sources made a data set", "notes which sources made a data set"),
    "prepared": ("prepared data set", "prepared data sets"),
    "begun": ("cell that was begun", "cells that were begun"),
    "curve": ("point of a learning curve", "points of learning curves"),
    "cell": ("cell's result", "cells' results"),
    "unfinished": ("write that was broken off", "writes that were broken off"),
}
WHYS = {
    "reached": "part of a current run",
    "held": "perhaps needed, see the notes",
    "young": "younger than {age}",
}
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}
_UNITS = ("B", "KiB", "MiB", "GiB", "TiB")
_STEP = 1024


def _seconds(_context: click.Context, _option: click.Parameter, age: str) -> int:
    """Return the seconds of an age: 30m, 12h, 7d; 0."""
    match = re.fullmatch(r"([0-9]{1,5})([smhd])|0", age)
    if match is None:
        raise click.BadParameter(f"{age!r} is no age; expected a number with s, m, h or d, such as 12h or 7d, or 0")
    return int(match[1]) * _SECONDS[match[2]] if match[1] else 0


@click.command(
    short_help="Remove what no current run needs; shows it first.",
    epilog=examples(
        "gridfold prune JOB.yaml                           # shows what would go",
        "gridfold prune JOB.yaml --yes",
        "gridfold prune adult-income -n team-a --keep-runs 3 --older-than 30d --yes",
    ),
)
@job_or_file
@output_option
@click.option(
    "--keep-runs",
    type=click.IntRange(min=1),
    default=1,
    show_default=True,
    metavar="N",
    help="Keep the newest N runs with all that they are made of; the current one is among them.",
)
@click.option(
    "--older-than",
    "age",
    callback=_seconds,
    default="7d",
    show_default=True,
    metavar="AGE",
    help="Keep what is younger: 30m, 12h, 7d; 0 for nothing.",
)
@click.option("--yes", is_flag=True, help="Remove it. Without this nothing is removed.")
@cluster_options
def prune(job: str, *, connect: Connect, output: str | None, keep_runs: int, age: int, yes: bool) -> None:
    """Show what of a TrainingJob's output folder and cache no latest.json reaches; with --yes, remove it.

    That is: runs other than the current one, and prepared data, cells, begun cells and points of learning curves that
    neither it nor the current run of another job with the same cache is made of; writes that were broken off. The run
    can be shown, replayed and run again as before. Nothing goes while a run is under way, and nothing of the cache
    while it is not certain who uses it. Counts of looks at test parts always stay.

    This machine has to reach the job's storage. What ends in .yaml, .yml or .json, or has a slash in it, is a file;
    anything else is the name of a TrainingJob in the cluster.

    Exit codes: 0 shown or removed, 1 not possible or not all of it, 2 invalid input, 130 interrupted (it says how far
    it has come; the same command goes on).
    """
    found, base_folder = job_to_read(job, output, connect, _ended_job)
    question = ("prune", "--older-than", str(age), "--keep-runs", str(keep_runs), *(["--yes"] if yes else []))
    with asking("prune"):
        answer = inspect(found, base_folder, question, PruneAnswer, ASKED, finishes=yes)
    for line in said(answer, found, age, yes=yes):
        say(line)
    if answer.failure:
        say(f"stopped: {answer.failure}", err=True)
        sys.exit(Exit.FAILED)
    if answer.interrupted:
        say("interrupted: the current run is whole; the same command goes on with the rest", err=True)
        sys.exit(Exit.INTERRUPTED)


def said(answer: PruneAnswer, job: TrainingJob, age: int, *, yes: bool) -> Iterator[str]:
    """Yield what goes or has gone, what stays and why, and how to go on."""
    going = [pile for pile in answer.piles if not pile.why]
    yield f"{'Run':<12}{answer.run}"
    yield f"{'Cache':<12}{job.spec.cache_uri}, used by {', '.join(answer.users) or 'nobody that is known'}"
    for pile in answer.removed if yes else going:
        yield f"{'Removed' if yes else 'Would go':<12}{_counted(pile)}"
        yield from (f"{'':<12}{run}" for run in answer.runs if pile.kind == "run")
    for pile in answer.piles:
        if pile.why:
            yield f"{'Stays':<12}{_counted(pile)}: {_why(pile).format(age=format_duration(age))}"
    for doubt in answer.doubts:
        yield f"{'Note':<12}{doubt}"
    if not going:
        yield f"{'Nothing':<12}is to be removed"
    elif yes:
        yield f"{'Done' if _objects(answer.removed) == _objects(going) else 'Stopped':<12}{_sum(answer.removed, going)}"
    else:
        yield f"{'Dry run':<12}nothing was removed; with --yes it is {_sum(going, going)}"


def _counted(pile: Pile) -> str:
    one, several = KINDS[pile.kind]
    return f"{pile.things} {one if pile.things == 1 else several} ({_amount([pile])})"


def _why(pile: Pile) -> str:
    if (pile.kind, pile.why) == ("run", "reached"):
        return "the current one" if pile.things == 1 else "the current one and the newest"
    return WHYS[pile.why]


def _sum(piles: Sequence[Pile], of: Sequence[Pile]) -> str:
    return _amount(piles) if _objects(piles) == _objects(of) else f"{_amount(piles)} of {_amount(of)}"


def _amount(piles: Sequence[Pile]) -> str:
    objects = _objects(piles)
    return f"{objects} object{'' if objects == 1 else 's'}, {_size(sum(pile.size_bytes for pile in piles))}"


def _objects(piles: Sequence[Pile]) -> int:
    return sum(pile.objects for pile in piles)


def _size(size: float) -> str:
    """Return bytes for people."""
    for unit in _UNITS:
        if size < _STEP or unit == _UNITS[-1]:
            break
        size /= _STEP
    return f"{size:.0f} {unit}" if unit == "B" else f"{size:.1f} {unit}"


def _ended_job(name: str, connect: Connect) -> TrainingJob:
    """Return a job of the cluster of which nothing runs.

    Raises:
        CommandError: its run goes on, or will.
    """
    from gridfold_cli.cluster.training_jobs import status_of

    with connect() as jobs:
        document = jobs.find(name)
    status = status_of(document)
    seen = (status.observed_generation or 0) >= document["metadata"].get("generation", 0)
    if status.state not in TERMINAL_STATES or not seen:
        raise CommandError(
            f"{name} is {status.state or 'Pending'}{'' if seen else ' and was edited a moment ago'}: what its run "
            f"needs must not go; `gridfold watch {name}{connect.options}` follows it to its end"
        )
    return job_of(document)
