"""The product against GridSearchCV: every float of every case, bit for bit."""

import csv
import json
import math
from pathlib import Path
from typing import Any

import pytest

from tests.oracle.cases import CASES

every_case = pytest.mark.parametrize("case_name", sorted(CASES), indirect=True)


def table(folder: Path, name: str) -> list[dict[str, str]]:
    """Return the rows of results.csv of a case."""
    (path,) = (folder / name).glob("out/runs/*/results.csv")
    with path.open(newline="", encoding="utf-8") as lines:
        return list(csv.DictReader(lines))


def status(folder: Path, name: str) -> dict[str, Any]:
    """Return status.json of a case."""
    (path,) = (folder / name).glob("out/runs/*/status.json")
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found


def same(text: str, number: float) -> bool:
    """Tell whether a field of the table is that number, or both are missing."""
    return (text == "" and math.isnan(number)) or (text != "" and float(text).hex() == float(number).hex())


@every_case
def test_fold_scores_means_stds_and_ranks_are_those_of_cv_results(
    case_name: str, script: dict[str, Any], product: dict[str, Any], folder: Path
) -> None:
    theirs, rows = script[case_name], table(folder, case_name)
    if theirs.get("all_failed"):
        assert {row["outcome"] for row in rows} <= {"failed", "infeasible"}
        return
    assert len(rows) == theirs["cells"]
    different = [
        (name, row["index"], row[name], number)
        for name, numbers in theirs["columns"].items()
        for row, number in zip(rows, numbers, strict=True)
        if not same(row[name], number)
    ]
    assert different == []


@every_case
def test_cells_that_share_work_have_the_records_of_cells_that_are_alone(
    case_name: str, product: dict[str, Any]
) -> None:
    assert product["together"][case_name]["different"] == []


def test_columns_of_training_scores_are_there_where_they_are_wanted_and_one_of_a_failed_split_has_them(
    script: dict[str, Any], folder: Path
) -> None:
    for name, theirs in script.items():
        wanted = CASES[name][1]["train_scores"]
        assert any("_train_" in column for column in theirs.get("columns", ())) == wanted
    rows = table(folder, "objective-without-a-value")
    assert [(row["split5_test_roc_auc"], row["split5_train_roc_auc"] != "") for row in rows] == [("", True)] * 2


def test_some_cases_share_preparations_and_some_share_fits(product: dict[str, Any]) -> None:
    kinds = [tuple(found["shared"]) for found in product["together"].values()]
    assert {("preparation",), ("fit", "preparation")} <= set(kinds)


@every_case
def test_winner_validation_and_test_scores_are_those_of_the_script(
    case_name: str, script: dict[str, Any], product: dict[str, Any], folder: Path
) -> None:
    theirs, report, record = script[case_name], product["refit"][case_name], status(folder, case_name)
    assert report["best"] == theirs.get("best")
    assert report["validation"] == record["validation"] == theirs.get("validation", {})
    assert record["training"] == theirs.get("training", {})
    assert report["test"] == record["test"]["scores"] == theirs.get("test", {})
    if not theirs.get("all_failed"):
        assert list(record["dataset"]["parts"].values()) == theirs["sizes"]


@every_case
def test_the_stored_model_predicts_the_labels_that_the_script_predicts(
    case_name: str, script: dict[str, Any], product: dict[str, Any]
) -> None:
    assert product["refit"][case_name]["predictions"] == script[case_name].get("predictions")


@every_case
def test_a_pipeline_on_codes_decides_as_the_one_on_names_to_the_last_bit(
    case_name: str, product: dict[str, Any]
) -> None:
    assert all(product["twins"][case_name])
    assert product["twins"][case_name] or case_name == "no-cell-has-a-score"


@every_case
def test_every_cell_reports_the_mean_and_std_of_the_table(
    case_name: str, product: dict[str, Any], folder: Path
) -> None:
    rows, reports = table(folder, case_name), product["cell"][case_name]
    for row, report in zip(rows, reports, strict=True):
        assert report["outcome"] == row["outcome"]
        for metric, (mean, std) in report["scores"].items():
            assert same(row[f"mean_test_{metric}"], math.nan if mean is None else mean)
            assert same(row[f"std_test_{metric}"], math.nan if std is None else std)
