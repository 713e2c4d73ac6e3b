"""The refit stage, read as a specification. The two last fits need pandas: the oracle suite runs those."""

import csv
import hashlib
import io
import json
from pathlib import Path
from typing import Any

import pytest
from sklearn.model_selection import ParameterSampler

from gridfold.api.handoff import (
    TERMINATION_MESSAGE_BYTES,
    FailedCell,
    RankedReport,
    RefitReport,
    StageInput,
    decode_report,
    encode_report,
)
from gridfold.api.learning import CurvePoint, LearningCurveStatus
from gridfold.api.selection import EdgeStatus, ParameterShare, SelectionStatus
from gridfold.domain.grid import Grid
from gridfold.domain.keys import digest
from gridfold.domain.results import results_of
from gridfold_trainer import refit
from gridfold_trainer.errors import CacheMismatchError
from gridfold_trainer.learning.training import TrainingRows
from gridfold_trainer.outcome import output
from gridfold_trainer.outcome.collect import ResultsMissingError
from gridfold_trainer.outcome.model_file import load_model, store_model
from gridfold_trainer.outcome.ownership import OutputInUseError
from gridfold_trainer.outcome.winner import Refitted
from tests.unit.trainer.numeric_jobs import World

FILES = [
    *("MLmodel", "model-card.md", "model.skops", "plots.json", "python_env.yaml", "report.html", "requirements.txt"),
    *("results.csv", "results.parquet", "status.json"),
]
VALIDATION, TEST = {"f1": 0.75, "accuracy": 0.1 + 0.2}, {"f1": 0.5, "accuracy": 1 / 3}


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    """A world in which the last two fits are one fit on codes, with made-up scores."""

    def on_codes(job: StageInput, best: Any, data: Any, parts: Any) -> Refitted:
        training = TrainingRows.of(data, parts.train)
        pipeline = best.cell.pipeline(data.columns, data.classes, names=False)
        model = pipeline.fit(training.X, training.y)
        stored = store_model(model, training.X)
        return Refitted(model, VALIDATION, TEST, ["a warning"], {"f1": (0.25, 0.75)}, stored)

    monkeypatch.setattr(refit, "refit_winner", on_codes)
    return World(tmp_path)


def folder_of(world: World) -> Path:
    (folder,) = (world.folder / "out/runs").iterdir()
    return folder


def status_of(world: World) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder_of(world) / "status.json").read_bytes())
    return found


def table_of(world: World) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO((folder_of(world) / "results.csv").read_text())))


def test_table_model_and_status_are_in_the_folder_of_the_run_and_latest_names_it(world: World) -> None:
    job = world.job()
    world.run_cells(job)
    report = refit.run(job, world.context)
    folder = folder_of(world)
    status = json.loads((folder / "status.json").read_bytes())
    latest = json.loads((world.folder / "out/latest.json").read_bytes())
    assert sorted(path.name for path in folder.iterdir()) == FILES
    assert report.results_uri == latest["run"] == f"file:out/runs/{folder.name}/"
    assert latest["owner"] == {"namespace": "team-a", "name": "small"}
    assert folder.name.startswith("1-")
    for name, facts in status["files"].items():
        assert facts["sha256"] == hashlib.sha256((folder / name).read_bytes()).hexdigest()
    assert report.results_sha256 == hashlib.sha256((folder / "status.json").read_bytes()).hexdigest()
    load_model((folder / "model.skops").read_bytes(), status["trustedTypes"])


def test_the_status_file_has_what_refit_knows_with_every_digit(world: World) -> None:
    job = world.job()
    reports = world.run_cells(job)
    refit.run(job, world.context)
    status = json.loads((folder_of(world) / "status.json").read_bytes())
    best = status["best"]["cell"]
    assert status["cells"] == {"total": 3, "succeeded": 3, "infeasible": 0, "failed": 0}
    assert (status["validation"], status["notes"]) == (VALIDATION, ["a warning"])
    assert status["test"] == {"scores": TEST, "intervals": {"f1": [0.25, 0.75]}, "openings": 1}
    assert status["best"]["parameters"] == {"max_depth": best + 1}
    assert (status["best"]["scores"]["f1"]["mean"], status["best"]["scores"]["f1"]["std"]) == reports[best].scores["f1"]
    assert status["dataset"]["digest"] == world.digest
    assert status["dataset"]["parts"] == {"train": 84, "validation": 18, "test": 18}


def test_latest_is_written_after_everything_else(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    job, written = world.job(), []
    world.run_cells(job)
    put = type(world.context.store).put
    monkeypatch.setattr(
        type(world.context.store), "put", lambda self, uri, data: (written.append(uri), put(self, uri, data))
    )
    refit.run(job, world.context)
    assert [uri.rpartition("/")[2] for uri in written] == [
        f"{status_of(world)['dataset']['splitDigest'].removeprefix('sha256:')}.json",
        "results.csv",
        "results.parquet",
        "model.skops",
        "MLmodel",
        "requirements.txt",
        "python_env.yaml",
        "plots.json",
        "model-card.md",
        "report.html",
        "status.json",
        "latest.json",
    ]


def test_a_second_refit_of_the_same_run_rewrites_its_own_folder(world: World) -> None:
    job = world.job()
    world.run_cells(job)
    first, second = refit.run(job, world.context), refit.run(job, world.context)
    assert folder_of(world)
    assert first.results_uri == second.results_uri
    # the model file is not the same to the byte: skops numbers objects by their address
    assert first.model_copy(update={"results_sha256": second.results_sha256}) == second


@pytest.mark.parametrize(
    "content",
    [
        '{"format":1,"owner":{"namespace":"team-b","name":"small"},"run":"file:out/runs/x/","status_sha256":"%s"}',
        '{"format":1,"owner":{"namespace":"team-a","name":"other"},"run":"file:out/runs/x/","status_sha256":"%s"}',
        "{}",
        "<html>",
    ],
)
def test_a_folder_of_someone_else_is_refused_before_anything_is_written(world: World, content: str) -> None:
    job = world.job()
    world.run_cells(job)
    path = world.folder / "out/latest.json"
    path.write_text(content.replace("%s", "0" * 64))
    with pytest.raises(OutputInUseError, match=r"(?i)name a folder of this job's own"):
        refit.run(job, world.context)
    assert path.read_text() == content.replace("%s", "0" * 64)
    assert not (world.folder / "out/runs").exists()


def test_cells_without_a_result_are_named(world: World) -> None:
    job = world.job([{"max_depth": [1, 2, 3, 4, 5, 6]}])
    world.run_cells(job)
    for number in (1, 2, 4):
        world.result_path(job, number).unlink()
    with pytest.raises(
        ResultsMissingError, match="3 of 6 cells have no valid result below file:out/cache/cells/: 1-2,4"
    ):
        refit.run(job, world.context)


def test_a_result_with_fewer_folds_than_its_key_promises_is_missing(world: World) -> None:
    job = world.job()
    world.run_cells(job)
    path = world.result_path(job, 0)
    stored = json.loads(path.read_text())
    stored["scores"] = {metric: column[:3] for metric, column in stored["scores"].items()}
    stored["fitSeconds"], stored["scoreSeconds"] = stored["fitSeconds"][:3], stored["scoreSeconds"][:3]
    del stored["digest"]
    path.write_text(json.dumps({**stored, "digest": digest(stored)}))
    with pytest.raises(ResultsMissingError, match="1 of 3 cells"):
        refit.run(job, world.context)


def test_a_result_whose_scores_were_changed_by_hand_neither_wins_nor_loses_and_a_second_run_heals_it(
    world: World,
) -> None:
    job = world.job()
    world.run_cells(job)
    right = refit.run(job, world.context).leaderboard
    path = world.result_path(job, 2)
    path.write_text(path.read_text().replace('"f1":[0.', '"f1":[1.', 1))
    with pytest.raises(ResultsMissingError, match=r"1 of 3 cells .* run the job again, which computes them again"):
        refit.run(job, world.context)
    assert [report.reused for report in world.run_cells(job)] == [True, True, False]
    assert refit.run(job, world.context).leaderboard == right


def test_a_cell_that_failed_without_a_result_ranks_last_and_is_in_the_table(world: World) -> None:
    job = world.job()
    world.run_cells(job)
    world.result_path(job, 0).unlink()
    failed = [FailedCell(cell=0, reason="OutOfMemory", message="killed at 1Gi", attempts=3)]
    memory = {"1Gi": "0", "512Mi": "1"}
    report = refit.run(job.model_copy(update={"failed": failed, "memory": memory}), world.context)
    rows = table_of(world)
    row = rows[0]
    assert [row["memory"] for row in rows] == ["1Gi", "512Mi", ""]
    assert (report.succeeded, report.failed) == (2, 1)
    assert (row["rank_test_f1"], row["mean_test_f1"], row["split0_test_f1"]) == ("3", "", "")
    assert (row["outcome"], row["attempts"], row["error"]) == ("failed", "3", "OutOfMemory: killed at 1Gi")


def test_a_stored_result_counts_more_than_an_earlier_failure(world: World) -> None:
    job = world.job()
    world.run_cells(job)
    failed = [FailedCell(cell=0, reason="OutOfMemory", message="killed")]
    assert refit.run(job.model_copy(update={"failed": failed}), world.context).succeeded == 3


def test_a_cell_that_prepare_found_infeasible_needs_no_result(world: World) -> None:
    job = world.job([{"max_depth": [0, 2]}])
    world.run_cells(job)
    world.result_path(job, 0).unlink()
    report = refit.run(job, world.context)
    assert (report.best, report.succeeded, report.infeasible) == (1, 1, 1)
    assert "The 'max_depth' parameter of DecisionTreeClassifier" in table_of(world)[0]["error"]


def test_without_any_score_table_and_status_are_written_and_the_causes_are_grouped(world: World) -> None:
    grid = [{"n_neighbors": [500], "leaf_size": [1, 2]}, {"n_neighbors": [600]}]
    job = world.job(grid, "neighbors.KNeighborsClassifier")
    world.run_cells(job)
    report = refit.run(job, world.context)
    assert (report.best, report.leaderboard, report.validation, report.test) == (None, [], {}, {})
    assert report.infeasible == 3
    assert "No cell has a score: 2 cells: Expected n_neighbors" in report.message
    assert sorted(path.name for path in folder_of(world).iterdir()) == [
        name for name in FILES if name.startswith(("report", "results", "status"))
    ]
    assert {row["rank_test_f1"] for row in table_of(world)} == {"1"}
    assert (world.folder / "out/latest.json").exists()


def change_score(world: World, job: StageInput, number: int, **recorded: Any) -> None:
    path = world.result_path(job, number)
    stored = json.loads(path.read_text())
    stored["scores"]["f1"] = [1.0] * 5
    stored["recorded"].update(recorded)
    del stored["digest"]
    path.write_text(json.dumps({**stored, "digest": digest(stored)}))


def test_a_winner_whose_stored_scores_are_not_what_its_folds_give_is_refused(world: World) -> None:
    job = world.job()
    world.run_cells(job)
    change_score(world, job, 1)
    with pytest.raises(CacheMismatchError, match=r"cell 1, the winner.*f1 of split \d: 1\.0 stored, 0\.\d+ now"):
        refit.run(job, world.context)
    assert not (world.folder / "out/latest.json").exists()


def test_a_winner_whose_stored_training_scores_are_not_what_its_fits_give_is_refused(world: World) -> None:
    job = world.job(scoring={"trainScores": True})
    world.run_cells(job)
    for number in range(3):
        path = world.result_path(job, number)
        stored = json.loads(path.read_text())
        stored["trainScores"]["recall"] = [0.125] * 5
        del stored["digest"]
        path.write_text(json.dumps({**stored, "digest": digest(stored)}))
    with pytest.raises(CacheMismatchError, match=r"the winner.*train_recall of split 0: 0\.125 stored, [01]\.\d+ now"):
        refit.run(job, world.context)


@pytest.mark.parametrize(("written", "read"), [(True, False), (False, True)])
def test_a_result_with_other_training_scores_than_its_job_wants_is_missing(
    world: World, written: bool, read: bool
) -> None:
    job, other = (world.job(scoring={"trainScores": wanted}) for wanted in (written, read))
    world.run_cells(job)
    for number in range(3):
        path = world.result_path(other, number)
        stored = json.loads(world.result_path(job, number).read_text())
        del stored["digest"]
        stored["key"] = path.stem
        path.write_text(json.dumps({**stored, "digest": digest(stored)}))
    with pytest.raises(ResultsMissingError, match="3 of 3 cells have no valid result"):
        refit.run(other, world.context)


def test_training_scores_stand_behind_each_metrics_own_as_in_cv_results(world: World) -> None:
    job = world.job([{"max_depth": [None, 0]}], scoring={"metrics": ["recall", "f1"], "trainScores": True})
    world.run_cells(job)
    refit.run(job, world.context)
    rows = table_of(world)
    names = [name for name in rows[0] if name.endswith(("_recall", "_f1"))]
    parts = [*(f"split{number}" for number in range(5)), "mean", "std"]
    assert names == [
        f"{part}_{metric}"
        for metric in ("recall", "f1")
        for part in (*(f"{part}_test" for part in (*parts, "rank")), *(f"{part}_train" for part in parts))
    ]
    assert float(rows[0]["mean_train_f1"]) == 1.0 > float(rows[0]["mean_test_f1"])
    assert rows[1]["outcome"] == "infeasible"
    assert {rows[1][name] for name in names if "_train_" in name} == {""}


def test_a_winner_of_another_blas_architecture_may_differ_with_a_warning(world: World) -> None:
    job = world.job()
    world.run_cells(job)
    change_score(world, job, 1, blas={"name": "openblas", "architecture": "Z80"})
    report = refit.run(job, world.context)
    assert report.best == 1
    assert "computed on another BLAS architecture" in report.message
    assert "the cells ran on 2 BLAS architectures" in report.message


def test_the_table_has_the_columns_of_cv_results_in_the_names_of_the_user(world: World) -> None:
    grid = [{"max_depth": [1], "preprocessing.numeric.scale": ["None", "MinMax"]}, {"splitter": ["random"]}]
    job = world.job(grid, scoring={"metrics": ["recall", "f1"]})
    world.run_cells(job)
    refit.run(job, world.context)
    rows = table_of(world)
    metric_columns = [
        f"{name}_test_{metric}"
        for metric in ("recall", "f1")
        for name in ("split0", "split1", "split2", "split3", "split4", "mean", "std", "rank")
    ]
    assert list(rows[0]) == [
        "index", "mean_fit_time", "std_fit_time", "mean_score_time", "std_score_time", "param_max_depth",
        "param_preprocessing.numeric.scale", "param_splitter", "params", *metric_columns,
        "shared", "outcome", "attempts", "memory", "error",
    ]  # fmt: skip
    assert [row["index"] for row in rows] == ["0", "1", "2"]
    assert [row["param_max_depth"] for row in rows] == ["1", "1", ""]
    assert [row["param_preprocessing.numeric.scale"] for row in rows] == ["None", "MinMax", ""]
    assert json.loads(rows[2]["params"]) == {"splitter": "random"}
    stored = json.loads(world.result_path(job, 0).read_text())
    assert [float(rows[0][f"split{split}_test_f1"]) for split in range(5)] == stored["scores"]["f1"]


def long_report(metrics: int, message: str) -> RefitReport:
    names = ["f1", *(f"neg_root_mean_squared_error_{number}" for number in range(metrics - 1))]
    scores = dict.fromkeys(names, (0.12345678901234567, 0.01234567890123456))
    return RefitReport(
        best=9999,
        leaderboard=[RankedReport(cell=9990 + number, scores=scores) for number in range(10)],
        validation=dict.fromkeys(names[:12], 0.12345678901234567),
        test=dict.fromkeys(names[:12], 0.12345678901234567),
        succeeded=9000,
        infeasible=500,
        failed=500,
        results_uri="s3://bucket/" + "folder/" * 20,
        results_sha256="0" * 64,
        message=message,
    )


@pytest.mark.parametrize("metrics", [1, 4, 20])
@pytest.mark.parametrize("message", ["", "short", "long ÄÖÜ " * 600])
def test_a_report_fits_into_a_termination_message_with_every_digit_of_the_objective(metrics: int, message: str) -> None:
    report = long_report(metrics, message)
    fitted = output.fit_report(report, "f1")
    decoded = decode_report(encode_report(fitted))
    assert isinstance(decoded, RefitReport)
    assert [line.cell for line in decoded.leaderboard] == list(range(9990, 10000))
    assert all(line.scores["f1"] == (0.12345678901234567, 0.01234567890123456) for line in decoded.leaderboard)
    assert len(decoded.message) >= min(len(message), 600)
    sizes = [len(line.scores) for line in decoded.leaderboard]
    assert sizes == sorted(sizes, reverse=True)
    assert len(encode_report(fitted).encode()) <= TERMINATION_MESSAGE_BYTES


def test_a_report_that_fits_keeps_all_metrics() -> None:
    report = long_report(2, "short")
    assert output.fit_report(report, "f1") == report


def test_of_a_long_report_what_is_said_of_the_choice_gives_way_before_it_does_not_fit() -> None:
    edge = EdgeStatus(parameter="x" * 250, value="1", side="Lowest", try_next="0")
    shares = [ParameterShare(parameters=["y" * 250, "z" * 250], share="0.1")] * 5
    selection = SelectionStatus(honest_score="0.1234", edges=[edge], importance=shares)
    report = long_report(4, "long ÄÖÜ " * 600).model_copy(update={"selection": selection})
    fitted = output.fit_report(report, "f1")
    assert fitted.selection == SelectionStatus(honest_score="0.1234", edges=[edge])
    assert len(encode_report(fitted).encode()) <= TERMINATION_MESSAGE_BYTES


def test_of_a_long_report_the_points_of_the_learning_curve_give_way_before_its_verdict() -> None:
    points = [CurvePoint(fraction=number, rows=9, reason="x" * 256) for number in range(1, 11)]
    curve = LearningCurveStatus(verdict="doubling the rows brought f1 +0.1", gain="0.1000", points=points)
    selection = SelectionStatus(honest_score="0.1234")
    given = {"selection": selection, "learning_curve": curve}
    report = long_report(4, "long ÄÖÜ " * 600).model_copy(update=given)
    fitted = output.fit_report(report, "f1")
    assert fitted.learning_curve == curve.model_copy(update={"points": []})
    assert fitted.selection == selection
    assert len(encode_report(fitted).encode()) <= TERMINATION_MESSAGE_BYTES
    short = long_report(2, "short").model_copy(
        update={"learning_curve": curve.model_copy(update={"points": points[:2]})}
    )
    assert output.fit_report(short, "f1") == short


SIMPLEST = {"select": "OneStandardError", "simplest": [{"parameter": "max_depth", "prefer": "Highest"}]}


def test_a_simpler_winner_is_told_beside_the_leaderboard_that_it_does_not_lead(world: World) -> None:
    grid = [{"max_depth": [4, 3, 2, 1], "min_samples_leaf": [1, 2, 3]}]
    plain, job = world.job(grid), world.job(grid, scoring=SIMPLEST)
    world.run_cells(job)
    highest = refit.run(plain, world.context).best
    report = refit.run(job, world.context)
    status = status_of(world)
    assert report.chosen is not None
    assert report.best == report.chosen.cell == status["best"]["cell"] != highest
    assert report.leaderboard[0].cell == highest == status["selection"]["highestCell"]
    assert status["best"]["parameters"]["max_depth"] > status["leaderboard"][0]["parameters"]["max_depth"]
    shown = results_of(report, "f1", Grid.of(grid))
    assert shown["best"].cell == report.best
    assert shown["selection"].highest_cell == highest
    assert "simplest one within one standard deviation" in (folder_of(world) / "model-card.md").read_text()


@pytest.mark.usefixtures("frames")
def test_parquet_has_the_same_table_with_types(world: World) -> None:
    import polars as pl

    job = world.job([{"max_depth": [1], "preprocessing.numeric.scale": ["None", "MinMax"]}, {"splitter": ["random"]}])
    world.run_cells(job)
    world.result_path(job, 1).unlink()
    failed = [FailedCell(cell=1, reason="OutOfMemory", message="killed", attempts=3)]
    refit.run(job.model_copy(update={"failed": failed}), world.context)
    table = pl.read_parquet(folder_of(world) / "results.parquet")
    rows = table_of(world)
    assert table.columns == list(rows[0])
    whole = {name for name in table.columns if table.schema[name] == pl.Int64}
    assert whole == {"index", "attempts", *(name for name in table.columns if name.startswith("rank_test_"))}
    assert {str(table.schema[name]) for name in table.columns if "_test_" in name and name not in whole} == {"Float64"}
    for row, typed in zip(rows, table.to_dicts(), strict=True):
        assert {name: "" if value is None else str(value) for name, value in typed.items()} == row


def test_a_retry_of_the_run_is_the_same_opening_and_another_winner_another(world: World) -> None:
    job, other = world.job(), world.job([{"max_depth": [9]}])
    world.run_cells(job)
    world.run_cells(other)
    assert [refit.run(job, world.context).openings for _ in range(2)] == [1, 1]
    second = refit.run(other, world.context)
    assert second.openings == 2
    assert "2 different models have been scored on this test part" in second.message
    assert refit.run(job, world.context).openings == 2


def test_a_random_search_ranks_its_cells_and_tells_their_numbers_in_the_grid(world: World) -> None:
    search = {"grid": [{"max_depth": [1, 2, 3, 4, 5, 6, 7]}], "algorithm": "Random", "cells": 3, "seed": 5}
    job = world.job(search=search)
    drawn = [depth - 1 for depth in (cell["max_depth"] for cell in ParameterSampler(search["grid"], 3, random_state=5))]
    reports = world.run_cells(job)
    report = refit.run(job, world.context)
    assert [found.cell if found.grid_cell is None else found.grid_cell for found in reports] == drawn
    assert [json.loads(row["params"])["max_depth"] - 1 for row in table_of(world)] == drawn
    grid_cells = {line.cell: line.cell if line.grid_cell is None else line.grid_cell for line in report.leaderboard}
    assert grid_cells == dict(enumerate(drawn))


def test_the_number_of_cells_that_do_not_differ_from_the_winner_is_told(world: World) -> None:
    job = world.job([{"max_depth": [3], "preprocessing.numeric.scale": ["Standard", "MinMax"]}])
    world.run_cells(job)
    report = refit.run(job, world.context)
    assert report.indistinguishable == status_of(world)["best"]["indistinguishableFrom"] == 1
