"""`gridfold compare`: the winners of two runs, fold by fold."""

import math
from collections.abc import Iterator, Mapping
from typing import Any

import click

from gridfold.api.v1alpha1 import TrainingJobSpec
from gridfold.domain.leaderboard import format_score
from gridfold.domain.numbers.equals import SIGNIFICANCE, p_values
from gridfold.domain.numbers.judged import JudgedCell
from gridfold.domain.versions import differences
from gridfold_cli.commands.cluster_options import Connect, cluster_options
from gridfold_cli.commands.examples import examples
from gridfold_cli.commands.stored_run import StoredRun, stored_run
from gridfold_cli.errors import InvalidInputError
from gridfold_cli.terminal.say import say

#: Folds whose rows to score on are one part of k, and those to fit on the others: what the test corrects for.
K_FOLDS = frozenset({"KFold", "Stratified", "Grouped", "StratifiedGrouped"})


@click.command(
    short_help="Compare the winners of two runs on the same folds.",
    epilog=examples(
        "gridfold compare before.yaml after.yaml", "gridfold compare out/runs/1-0a1b2c3d out/runs/1-4e5f6a7b"
    ),
)
@click.argument("first", metavar="A")
@click.argument("second", metavar="B")
@cluster_options
def compare(*, connect: Connect, first: str, second: str) -> None:
    """Say whether the winner of B is better than that of A, by a paired test over their folds.

    A and B are folders of runs, files of jobs, or names of jobs in the cluster. Both must have split the same rows in
    the same way into the same folds; else their scores say nothing about each other, and they are refused.
    """
    one, other = stored_run(first, connect), stored_run(second, connect)
    if problems := list(_problems(one, other)):
        raise InvalidInputError(*problems)
    for title, text in _lines(one, other):
        say(f"{title:<12}{text}")


def _problems(one: StoredRun, other: StoredRun) -> Iterator[str]:
    """Yield why two runs cannot be compared."""
    for run in (one, other):
        if not run.status.get("best"):
            yield f"{run.title}: has no winner, so that there is nothing to compare"
    splits = [run.status["dataset"]["splitDigest"] for run in (one, other)]
    if splits[0] != splits[1]:
        yield (
            f"the runs have other rows in their parts ({splits[0][:20]} and {splits[1][:20]}): compare runs of the "
            "same data and the same spec.split"
        )
    for what, found in (
        ("spec.crossValidation", [_folds(run) for run in (one, other)]),
        ("the objective", [run.status["objective"] for run in (one, other)]),
    ):
        if found[0] != found[1]:
            yield f"{what} is {found[0]} in {one.title} and {found[1]} in {other.title}: it has to be the same"


def _folds(run: StoredRun) -> dict[str, Any]:
    folds = dict((run.status.get("spec") or {}).get("crossValidation") or {})
    return {**folds, "method": run.status["resolved"].get("crossValidation")}


def _lines(one: StoredRun, other: StoredRun) -> Iterator[tuple[str, str]]:
    objective = one.status["objective"]
    cells = [JudgedCell({}, _fold_scores(run, objective)) for run in (one, other)]
    for title, run, cell in zip("AB", (one, other), cells, strict=True):
        best = run.status["best"]
        chosen = ", ".join(f"{name}={value}" for name, value in best["parameters"].items())
        yield title, f"{run.title}: cell {best['cell']}: {chosen}; {objective} {format_score(cell.mean)}"
    yield "Difference", f"B − A: {cells[1].mean - cells[0].mean:+.4f} {objective}; {_verdict(one, cells)}"
    for name, (before, now) in _changed(one.status["best"]["parameters"], other.status["best"]["parameters"]).items():
        yield "Parameter", f"{name}: {before} in A, {now} in B"
    spec = TrainingJobSpec.model_validate(other.status["spec"]) if other.status.get("spec") else None
    if spec and one.status.get("spec"):
        yield from (("Spec", difference) for difference in differences(one.status["spec"], spec))


def _verdict(run: StoredRun, cells: list[JudgedCell]) -> str:
    folds = _folds(run)
    if folds["method"] not in K_FOLDS:
        return f"no test is known for folds by {folds['method']}"
    p = p_values(cells, 0, 1 / (folds["folds"] - 1))[1]
    if math.isnan(p):
        return "a fold has no score, so that they cannot be tested"
    alike = "they cannot be told apart" if p >= SIGNIFICANCE else "more than chance explains"
    return f"{alike} (corrected resampled t-test over {len(cells[0].scores)} folds, p = {p:.3f})"


def _fold_scores(run: StoredRun, objective: str) -> list[float]:
    """Return the scores of the winner in the order of the folds; NaN for none."""
    row = next(row for row in run.rows if int(row["index"]) == run.status["best"]["cell"])
    columns = [name for name in row if name.startswith("split") and name.endswith(f"_test_{objective}")]
    columns.sort(key=lambda name: int(name.removeprefix("split").partition("_")[0]))
    return [float(row[name] or "nan") for name in columns]


def _changed(before: Mapping[str, Any], now: Mapping[str, Any]) -> dict[str, tuple[Any, Any]]:
    names = dict.fromkeys([*before, *now])
    found = {name: (before.get(name, "not given"), now.get(name, "not given")) for name in names}
    return {name: pair for name, pair in found.items() if pair[0] != pair[1]}
