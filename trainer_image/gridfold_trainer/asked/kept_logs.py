"""What was kept of the log of a process that failed (`kept_log` keeps it)."""

import argparse
import re

from gridfold.api.answers import LogAnswer
from gridfold.api.handoff import Stage, StageInput
from gridfold.domain.grid import Grid
from gridfold.domain.keys import CellKeys
from gridfold_trainer.after_prepare import prepared_run
from gridfold_trainer.errors import DataError
from gridfold_trainer.learning import sampling
from gridfold_trainer.storage.context import Context

LOG_BYTES = 1024 * 1024


class NoLogError(DataError):
    """Nothing was kept."""

    reason = "NoLog"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add which process is meant."""
    parser.add_argument("--cell", type=int, help="number of the cell; without it, the log of refit")


def answer(options: argparse.Namespace, job: StageInput, context: Context) -> LogAnswer:
    """Return the last log that was kept of a cell or of refit.

    Raises:
        TrainerError: there is none, or storage cannot be read.
    """
    cell: int | None = options.cell
    name = str(Stage.REFIT) if cell is None else _key(job, cell)
    what = "refit" if cell is None else f"cell {cell}"
    # An edit that changes no result raises the generation, and with it the folder: look into all of them.
    folder = f"{job.spec.output.uri}runs/"
    pattern = re.compile(rf"(\d+)-[0-9a-f]+/logs/{name}-(\d+)\.txt")
    found = sorted(
        (
            ((int(match[1]), int(match[2])), uri)
            for uri in context.store.list_uris(folder)
            if (match := pattern.fullmatch(uri.removeprefix(folder)))
        ),
        reverse=True,
    )
    if not found:
        raise NoLogError(
            f"{folder} has no log of {what}: logs are kept of processes that failed, and only where there is no pod "
            "any more is nothing else left."
        )
    (_, uri), *earlier = found
    text = context.store.get(uri, LOG_BYTES).decode(errors="replace")
    return LogAnswer(uri=uri, text=text, earlier=[other for _, other in earlier])


def _key(job: StageInput, cell: int) -> str:
    drawn = sampling.draw(job.spec.search)
    return CellKeys(job.spec, prepared_run(job)).key(Grid.of(job.spec.search.grid)[drawn[cell]])
