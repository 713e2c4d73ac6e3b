"""`gridfold compare`: winners of two runs, fold by fold; what cannot be compared is refused."""

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from scipy import stats

from tests.unit.cli.cluster_cli import Cli
from tests.unit.cli.jobs import training_job

A, B = [0.70, 0.72, 0.71, 0.69, 0.73], [0.80, 0.81, 0.82, 0.79, 0.84]


def write(folder: Path, scores: list[float], c: float = 1.0, **changes: Any) -> Path:
    folder.mkdir()
    columns = ",".join(f"split{fold}_test_f1" for fold in range(len(scores)))
    table = f"index,{columns}\n0,{','.join('0' for _ in scores)}\n1,{','.join(map(str, scores))}\n".encode()
    (folder / "results.csv").write_bytes(table)
    status = {
        "objective": "f1",
        "dataset": {"splitDigest": "sha256:one"},
        "resolved": {"crossValidation": "Stratified"},
        "spec": training_job().spec.document(),
        "best": {"cell": 1, "parameters": {"C": c, "tol": 0.1}},
        "files": {"results.csv": {"sha256": hashlib.sha256(table).hexdigest()}},
        **changes,
    }
    (folder / "status.json").write_text(json.dumps(status))
    return folder


def test_winners_are_compared_by_the_corrected_paired_test_and_what_differs_is_named(cli: Cli) -> None:
    a, b = write(cli.folder / "a", A), write(cli.folder / "b", B, 10.0)
    done = cli("compare", a, b)
    assert done.code == 0, done.err
    d = [y - x for x, y in zip(A, B, strict=True)]
    spread = stats.tvar(d)
    t = (sum(d) / 5) / ((1 / 5 + 1 / 4) * spread) ** 0.5
    expected = 2 * stats.t.sf(abs(t), 4)
    assert (
        f"B − A: +0.1020 f1; more than chance explains (corrected resampled t-test over 5 folds, p = {expected:.3f})"
        in (done.out)
    )
    assert "Parameter   C: 1.0 in A, 10.0 in B" in done.out
    assert "tol:" not in done.out.replace("tol=0.1", "")


def test_the_same_run_cannot_be_told_apart_from_itself(cli: Cli) -> None:
    a = write(cli.folder / "a", A)
    assert "they cannot be told apart (corrected resampled t-test over 5 folds, p = 1.000)" in cli("compare", a, a).out


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"dataset": {"splitDigest": "sha256:two"}}, "other rows in their parts (sha256:one and sha256:two)"),
        ({"resolved": {"crossValidation": "KFold"}}, "spec.crossValidation is"),
        ({"objective": "accuracy"}, "the objective is f1 in"),
        ({"best": None}, "has no winner"),
    ],
)
def test_what_cannot_be_compared_is_refused_with_why(cli: Cli, changes: dict[str, Any], words: str) -> None:
    a, b = write(cli.folder / "a", A), write(cli.folder / "b", B, **changes)
    done = cli("compare", a, b)
    assert (done.code, done.out) == (2, "")
    assert words in done.err


def test_a_folder_without_a_run_and_a_table_that_was_changed_are_told(cli: Cli) -> None:
    a = write(cli.folder / "a", A)
    (cli.folder / "none").mkdir()
    assert "is no run's folder" in cli("compare", a, "./none").err
    with (a / "results.csv").open("a") as table:
        table.write("2,1,1,1,1,1\n")
    assert "was changed since the run" in cli("compare", a, a).err
