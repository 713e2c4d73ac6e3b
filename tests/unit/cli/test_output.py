"""What a run prints at its end."""

import io
from pathlib import Path

import pytest
from rich.console import Console

from gridfold.api.status import (
    CellCounts,
    Condition,
    DatasetStatus,
    MeanStd,
    RankedCell,
    ResultsStatus,
    State,
    TestStatus,
    TrainingJobStatus,
)
from gridfold_cli.terminal.output import NONE, Remarks, cell_counts, print_results


def ranked(cell: int, f1: str, **parameters: str) -> RankedCell:
    scores = {"f1": MeanStd(mean=f1, std="0.0100"), "accuracy": MeanStd(mean="0.8000", std="0.0200")}
    return RankedCell(cell=cell, score=f1, parameters=parameters, scores=scores)


def printed(status: TrainingJobStatus, base: Path, remarks: Remarks = NONE) -> str:
    screen = io.StringIO()
    print_results(Console(file=screen, width=200, highlight=False), status, base, remarks)
    return screen.getvalue()


def whole(**fields: object) -> TrainingJobStatus:
    board = [ranked(3, "0.9000", C="10", kernel="rbf"), ranked(0, "0.8900", C="[bold]1[/bold]")]
    return TrainingJobStatus(
        **{
            "state": State.COMPLETE,
            "cells": CellCounts(total=5, cached=1, succeeded=2, infeasible=1, failed=1),
            "objective": "f1",
            "leaderboard": board,
            "best": board[0],
            "validation": {"f1": "0.8800", "accuracy": "0.7900"},
            "test": TestStatus(scores={"f1": "0.8700"}),
            **fields,
        }
    )


def test_the_leaderboard_has_a_line_a_cell_the_objective_first_and_a_column_for_each_parameter(tmp_path: Path) -> None:
    lines = printed(whole(), tmp_path).splitlines()
    assert lines[0].split() == ["rank", "cell", "f1", "±", "std", "accuracy", "C", "kernel"]
    assert lines[1].split() == ["1", "3", "0.9000", "±", "0.0100", "0.8000", "10", "rbf"]
    assert lines[2].split() == ["2", "0", "0.8900", "±", "0.0100", "0.8000", "[bold]1[/bold]"]


def test_winner_cells_validation_and_test_scores_follow(tmp_path: Path) -> None:
    text = printed(whole(), tmp_path)
    assert "Winner      cell 3: C=10, kernel=rbf\n" in text
    assert "Cells       5: 1 from the cache, 2 computed, 1 infeasible, 1 failed\n" in text
    assert "Validation  f1 0.8800, accuracy 0.7900\n" in text
    assert "Test        f1 0.8700\n" in text


def test_the_data_is_told_with_what_cleaning_dropped(tmp_path: Path) -> None:
    data = DatasetStatus(
        rows=290,
        columns=1,
        classes=3,
        parts={"train": 203, "validation": 44, "test": 43},
        dropped_rows={"missingTarget": 1, "duplicates": 9},
        dropped_columns={"excluded": 0, "missing": 2},
    )
    assert (
        "Data        290 rows, 1 column, 3 classes (train 203, validation 44, test 43); dropped: 1 row without a "
        "target, 9 rows equal to an earlier one, 2 columns with too many missing values\n"
    ) in printed(whole(dataset=data), tmp_path)
    assert "Data        5 rows, 2 columns\n" in printed(whole(dataset=DatasetStatus(rows=5, columns=2)), tmp_path)


def test_remarks_of_the_run_are_told(tmp_path: Path) -> None:
    text = printed(whole(), tmp_path, Remarks("2 cells: no luck", ("f1 has no value", "2 models")))
    assert "No score    2 cells: no luck\nValidation" in text
    assert "Note        f1 has no value\nNote        2 models\n" in text


@pytest.mark.parametrize(
    ("others", "told"), [(0, ""), (1, " (1 other cell cannot be told"), (2, " (2 other cells cannot be told")]
)
def test_how_many_cells_are_as_good_is_told(tmp_path: Path, others: int, told: str) -> None:
    best = ranked(3, "0.9000").model_copy(update={"indistinguishable_from": others})
    assert f"Winner      cell 3{told}" in printed(whole(best=best), tmp_path)


def test_targets_are_told_met_or_missed(tmp_path: Path) -> None:
    def told(value: str) -> str:
        condition = Condition(
            type="TargetsMet", status=value, reason="x", message="f1 ≥ 0.8", last_transition_time="2026-01-01T00:00:00Z"
        )
        return printed(whole(conditions=[condition]), tmp_path)

    assert "Targets     met: f1 ≥ 0.8\n" in told("True")
    assert "Targets     missed: f1 ≥ 0.8\n" in told("False")
    assert "Targets" not in printed(whole(), tmp_path)


def test_files_on_this_machine_are_listed_with_their_sizes(tmp_path: Path) -> None:
    folder = tmp_path / "out/runs/1-abc"
    folder.mkdir(parents=True)
    (folder / "results.csv").write_bytes(b"x" * 1234)
    text = printed(whole(results=ResultsStatus(uri="file:out/runs/1-abc/")), tmp_path)
    assert f"Results     {folder}\n" in text
    assert "results.csv (1,234 bytes)\n" in text


def test_results_in_object_storage_are_named_by_their_uri(tmp_path: Path) -> None:
    assert "Results     s3://b/out/\n" in printed(whole(results=ResultsStatus(uri="s3://b/out/")), tmp_path)


def test_a_job_without_a_winner_shows_its_counts_alone(tmp_path: Path) -> None:
    status = TrainingJobStatus(state=State.FAILED, cells=CellCounts(total=3, failed=2, pending=1))
    assert printed(status, tmp_path) == "Cells       3: 2 failed, 1 not finished\n"


def test_a_run_that_found_everything_in_the_cache_says_so() -> None:
    status = TrainingJobStatus(cells=CellCounts(total=3, cached=3))
    assert cell_counts(status) == "3: 3 from the cache; nothing had to be computed again"


def test_the_last_lines_are_the_page_and_what_it_says_where_there_is_one(tmp_path: Path) -> None:
    status = whole(results=ResultsStatus(uri="file:out/runs/1-a/"))
    folder = tmp_path / "out/runs/1-a"
    folder.mkdir(parents=True)
    remarks = Remarks(summary="It went [bold]well[/bold].")
    assert "Report" not in printed(status, tmp_path, remarks)
    (folder / "report.html").write_text("")
    lines = printed(status, tmp_path, remarks).splitlines()
    assert [line.strip() for line in lines[-2:]] == [
        f"Report      {folder / 'report.html'}",
        "It went [bold]well[/bold].",
    ]
