"""The cell stage, read as a specification."""

import json
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gridfold.api.handoff import Outcome, encode_report
from gridfold_trainer import cell
from gridfold_trainer.after_prepare import load_parts
from gridfold_trainer.cells import results
from gridfold_trainer.cells.cell import make_cells
from gridfold_trainer.cells.judging import judge
from gridfold_trainer.errors import DataError
from gridfold_trainer.learning.sharing import together
from gridfold_trainer.learning.training import TrainingRows
from tests.unit.trainer.numeric_jobs import World, small_data


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def test_a_cell_stores_its_result_under_its_key_and_reports_it(world: World) -> None:
    job = world.job()
    report = cell.run(job, 1, world.context)
    stored = json.loads(world.result_path(job, 1).read_bytes())
    assert (report.cell, report.outcome, report.reused) == (1, Outcome.SUCCEEDED, False)
    assert stored["key"] == report.key
    assert stored["parameters"] == {"max_depth": 2, "random_state": 0}
    assert {len(column) for column in stored["scores"].values()} == {5}
    assert stored["recorded"]["versions"]["scikit-learn"].startswith("1.9")
    assert stored["recorded"]["blas"]["architecture"]
    assert report.fit_seconds == pytest.approx(sum(stored["fitSeconds"]))


def test_a_completion_index_is_a_position_in_the_wave_not_a_number_of_a_cell(world: World) -> None:
    job = world.job().model_copy(update={"cells": "2"})
    assert cell.run(job, 0, world.context).cell == 2


@pytest.mark.parametrize("index", [-1, 3])
def test_a_completion_index_beyond_the_wave_is_an_error_in_words(world: World, index: int) -> None:
    with pytest.raises(DataError, match=f"completion index is {index}, but this wave has the cells '0-2'"):
        cell.run(world.job(), index, world.context)


def test_a_stored_result_is_reported_and_nothing_is_computed(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    job = world.job()
    first = cell.run(job, 0, world.context)
    monkeypatch.setattr(cell, "load_parts", lambda *_: pytest.fail("the data was loaded"))
    second = cell.run(job, 0, world.context)
    assert second == first.model_copy(update={"reused": True})


@pytest.mark.parametrize(
    "damage",
    [
        lambda text: text[: len(text) // 2],
        lambda text: text.replace('"succeeded"', '"perfect"'),
        lambda text: text.replace('"key":"', '"key":"f'),
        lambda text: text.replace('"key":"', '"extra":1,"key":"'),
        lambda text: text.replace('"threads":1', '"threads":"1"'),
        lambda text: text.replace('"accuracy":[', '"accuracy":[null,'),
        lambda text: text.replace('"accuracy":[', '"accuracy":[NaN,'),
        lambda text: "",
        lambda text: re.sub(r'"accuracy":\[[0-9.]+', '"accuracy":[0.1', text),
        lambda text: re.sub(r'"fitSeconds":\[[0-9.e-]+', '"fitSeconds":[9.5', text),
        lambda text: re.sub(r'"digest":"[0-9a-f]{64}",', "", text),
        lambda text: text.replace('"outcome":"succeeded"', '"outcome":"failed"'),
        lambda text: text + " " * results.RESULT_BYTES,
    ],
)
def test_a_stored_result_that_is_not_valid_is_computed_again(world: World, damage: object) -> None:
    job = world.job()
    first, path = cell.run(job, 0, world.context), world.result_path(job, 0)
    whole = path.read_text()
    path.write_text(damage(whole))  # type: ignore[operator]
    assert path.read_text() != whole
    second = cell.run(job, 0, world.context)
    assert (second.reused, second.scores) == (False, first.scores)
    assert cell.run(job, 0, world.context).reused


def test_two_writers_of_one_key_write_the_same_scores_and_either_is_kept(world: World) -> None:
    job = world.job()
    path = world.result_path(job, 0)
    first = cell.run(job, 0, world.context)
    content = path.read_bytes()
    path.unlink()
    second = cell.run(job, 0, world.context)
    assert (second.reused, second.scores) == (False, first.scores)
    path.write_bytes(content)
    assert cell.run(job, 0, world.context).scores == first.scores


def test_an_estimator_without_what_a_metric_needs_is_infeasible_without_a_fit(world: World) -> None:
    scoring = {"metrics": ["neg_log_loss", "f1"]}
    job = world.job([{"loss": ["hinge", "log_loss"]}], "linear_model.SGDClassifier", scoring=scoring)
    reports = world.run_cells(job)
    assert [report.outcome for report in reports] == [Outcome.INFEASIBLE, Outcome.SUCCEEDED]
    assert "neg_log_loss needs predict_proba" in reports[0].message
    assert reports[0].scores == {}


def test_parameters_that_the_estimator_refuses_make_the_cell_infeasible_without_a_fit(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = world.job([{"max_depth": [0], "class_weight": [{"maybe": 1}]}])
    monkeypatch.setattr(together, "add_split", lambda *_: pytest.fail("a fit was started"))
    report = cell.run(job, 0, world.context)
    assert report.outcome is Outcome.INFEASIBLE
    assert 'class_weight names the class "maybe"; the target has ["no", "yes"]' in report.message
    assert cell.run(job, 0, world.context) == report.model_copy(update={"reused": True})


def test_the_same_value_error_in_every_fold_makes_the_cell_infeasible(world: World) -> None:
    job = world.job([{"n_neighbors": [5, 500]}], "neighbors.KNeighborsClassifier")
    reports = world.run_cells(job)
    assert [report.outcome for report in reports] == [Outcome.SUCCEEDED, Outcome.INFEASIBLE]
    assert reports[1].message.startswith("Expected n_neighbors <= n_samples_fit, but n_neighbors = 500")
    assert reports[1].scores["f1"] == (None, None)


def test_another_exception_makes_the_cell_failed_and_keeps_the_last_lines_of_the_traceback(world: World) -> None:
    job = world.job(
        [{"shrinkage": [0.5]}], "discriminant_analysis.LinearDiscriminantAnalysis", scoring={"metrics": ["f1"]}
    )
    report = cell.run(job, 0, world.context)
    assert report.outcome is Outcome.FAILED
    first, *lines = report.message.splitlines()
    assert first == "5 of 5 fits failed: NotImplementedError: shrinkage not supported with 'svd' solver."
    assert 'File "sklearn/discriminant_analysis.py"' in "\n".join(lines)
    assert report.scores == {"f1": (None, None)}
    assert len(encode_report(report).encode()) <= 4096


def test_class_weights_by_label_change_the_scores_as_weights_by_code_do(tmp_path: Path) -> None:
    world = World(tmp_path, small_data(classes=(3, 20)))
    grid = [{"class_weight": [None, {"3": 1, "20": 1}, {"3": 50, "20": 1}], "max_depth": [2]}]
    none, equal, unequal = world.run_cells(world.job(grid))
    assert none.scores == equal.scores
    assert unequal.scores["recall"] != none.scores["recall"]


GROUPED = {"split": {"method": "Grouped"}, "crossValidation": {"method": "StratifiedGrouped", "folds": 3}}
TIMED = {"split": {"method": "TimeOrdered"}, "crossValidation": {"method": "TimeSeries", "folds": 3}}


@pytest.mark.parametrize(
    ("estimator", "how"),
    [
        ("tree.DecisionTreeClassifier", {}),
        ("tree.DecisionTreeClassifier", GROUPED),
        ("tree.DecisionTreeClassifier", TIMED),
        ("tree.DecisionTreeRegressor", {}),
        ("tree.DecisionTreeRegressor", TIMED),
    ],
)
def test_a_cell_without_validation_and_test_rows_has_the_same_scores(
    estimator: str, how: dict[str, Any], tmp_path: Path
) -> None:
    random, data = np.random.default_rng(5), small_data()
    data = replace(data, groups=random.integers(0, 25, len(data.y)), time=random.normal(size=len(data.y)))
    if estimator.endswith("Regressor"):
        data = replace(data, y=random.normal(size=len(data.y)), classes=None, positive=None)
    world = World(tmp_path, data)
    columns = {"groupColumn": "g"} if how is GROUPED else {"timeColumn": "t"} if how is TIMED else {}
    dataset = {"sources": [{"uri": "file:data.csv"}], "target": "target", **columns}
    job = world.job(None, estimator, dataset=dataset, **how)
    stored, parts = load_parts(job, world.context)
    blank = stored.X.copy(order="F")
    blank[parts.validation] = blank[parts.test] = 1e300
    cells = make_cells(job, [0, 1, 2])
    mine = judge(job, cells, TrainingRows.of(stored, parts.train))
    theirs = judge(job, cells, TrainingRows.of(replace(stored, X=blank), parts.train))
    scores = [[(cell.index, result.outcome, result.scores) for cell, result in one] for one in (mine, theirs)]
    assert all(outcome is Outcome.SUCCEEDED for _, outcome, _ in scores[0])
    assert scores[0] == scores[1]


def test_cells_judged_together_have_the_scores_of_cells_judged_alone(world: World) -> None:
    grid = [{"max_depth": [1, 0, 3], "preprocessing.numeric.scale": ["None"], "preprocessing.numeric.impute": ["None"]}]
    job = world.job(grid)
    data, parts = load_parts(job, world.context)
    training = TrainingRows.of(data, parts.train)
    together = judge(job, make_cells(job, [0, 1, 2]), training)
    alone = [one for number in range(3) for one in judge(job, make_cells(job, [number]), training)]
    assert sorted((cell.index, one.key, one.scores, one.outcome) for cell, one in together) == [
        (cell.index, one.key, one.scores, one.outcome) for cell, one in alone
    ]


@pytest.mark.parametrize(
    ("field", "message"),
    [("split_digest", "the split is sha256:.*all stages of a job must run the same trainer image"),
     ("environment", "this process runs python 3.*which is not what prepare ran")],
)  # fmt: skip
def test_a_process_unlike_the_one_of_prepare_computes_nothing(world: World, field: str, message: str) -> None:
    job = world.job()
    changed = job.model_copy(update={"prepared": job.prepared.model_copy(update={field: "other"})})
    with pytest.raises(DataError, match=message):
        cell.run(changed, 0, world.context)
    assert not (world.folder / "out/cache/cells").exists()


def test_a_job_without_a_prepared_data_set_is_refused(world: World) -> None:
    job = world.job().model_copy(update={"prepared": None})
    with pytest.raises(DataError, match="no `prepared`"):
        cell.run(job, 0, world.context)


def test_a_cell_imports_neither_pandas_nor_polars_nor_a_storage_client() -> None:
    code = (
        "import sys, gridfold_trainer.cell, gridfold_trainer.learning.estimators as e;"
        "e.load_class('sklearn.linear_model.LogisticRegression');"
        "print([name for name in ('pandas', 'polars', 'pyarrow', 'boto3', 'skops') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
