"""`gridfold init`: a first job for a table."""

import os
from pathlib import Path

import click

from gridfold.api.handoff import FailureReport, PrepareReport
from gridfold.api.validation import parse_training_job
from gridfold_cli.commands.examples import examples
from gridfold_cli.commands.first_job import MOST_CLASSES, Names, delimiter_of, describe, first_job, job_name
from gridfold_cli.errors import CommandError, InvalidInputError
from gridfold_cli.exits import Exit
from gridfold_cli.local.installed import check_installed
from gridfold_cli.local.trial import try_prepare
from gridfold_cli.reading.kubectl_yaml import read_documents
from gridfold_cli.terminal.say import say

_FIRST_BYTES = 64 * 1024
_PATTERN_CHARACTERS = frozenset("*?[")


@click.command(
    short_help="Look at a table and write a first TrainingJob for it.",
    epilog=examples("gridfold init customers.csv --target churned"),
)
@click.argument("data", metavar="DATA", type=click.Path(path_type=Path))
@click.option("--target", required=True, metavar="COLUMN", help="The column to predict.")
@click.option(
    "-o",
    "--output-file",
    "file",
    metavar="FILE",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Where to write the job; default: DATA's name with .yaml, in the current folder. Never overwrites.",
)
def init(data: Path, target: str, file: Path | None) -> None:
    """Look at a table (CSV, Parquet, JSON lines) and write a commented TrainingJob with an estimator and a grid.

    The table is read as a run reads it; what keeps it from being one is told with what to do.
    """
    check_installed("init")
    stem = data.name.partition(".")[0]
    file = file or Path(f"{stem}.yaml")
    _check(data, file)
    source = os.path.relpath(data.absolute(), file.absolute().parent)
    names = Names(str(file), job_name(stem), f"file:{source}", target, f"file:{stem}-results/", _delimiter(data))
    found, classifier = _look(names, file.absolute().parent, data)
    text = first_job(names, classifier=classifier, found=found)
    try:
        with file.open("x", encoding="utf-8") as out:
            out.write(text)
    except OSError as error:
        raise InvalidInputError(f"{file}: cannot be written: {error.strerror}; name another one by -o") from error
    say(f"{data}: {describe(found, classifier=classifier)}")
    for warning in found.warnings:
        say(warning, err=True)
    say(f"{file} is written. Run it: gridfold run {file}")


def _check(data: Path, file: Path) -> None:
    if file.exists():
        raise InvalidInputError(f"{file}: is there already, and init never overwrites; name another file by -o")
    if not data.exists():
        raise InvalidInputError(f"{data}: there is no such file")
    if data.is_dir():
        raise InvalidInputError(f"{data}: is a folder; name one file of it, its siblings can be added to the job later")
    if _PATTERN_CHARACTERS & set(str(data)):
        raise InvalidInputError(f"{data}: a name with *, ? or [ means a pattern in a job; rename the file")


def _delimiter(data: Path) -> str:
    try:
        with data.open("rb") as table:
            return delimiter_of(table.read(_FIRST_BYTES))
    except OSError as error:
        raise InvalidInputError(f"{data}: cannot be read: {error.strerror}") from error


def _look(names: Names, folder: Path, data: Path) -> tuple[PrepareReport, bool]:
    """Return what prepare finds, and whether the target's values are classes."""
    as_classes = _prepare(names, folder, classifier=True)
    if isinstance(as_classes, PrepareReport) and (as_classes.dataset.classes or 0) <= MOST_CLASSES:
        return as_classes, True
    as_numbers = _prepare(names, folder, classifier=False)
    if isinstance(as_numbers, PrepareReport):
        return as_numbers, False
    if isinstance(as_classes, PrepareReport):  # many classes that are no numbers
        return as_classes, True
    raise CommandError(f"{data}: {as_classes.message}", Exit.INVALID)


def _prepare(names: Names, folder: Path, *, classifier: bool) -> PrepareReport | FailureReport:
    (document,) = read_documents(first_job(names, classifier=classifier))
    return try_prepare(parse_training_job(document.value), folder)
