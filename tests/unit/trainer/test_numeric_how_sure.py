"""Bootstrap intervals, and looks at the test part."""

import json
from pathlib import Path

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, roc_auc_score
from sklearn.pipeline import Pipeline

from gridfold.api.v1alpha1 import Average
from gridfold_trainer.learning.intervals import bootstrap
from gridfold_trainer.learning.responses import Responses
from gridfold_trainer.learning.scorers import Scorer
from gridfold_trainer.outcome import openings
from gridfold_trainer.outcome.openings import Opening, Openings
from gridfold_trainer.storage.context import Context
from gridfold_trainer.storage.file_store import FileStore
from gridfold_trainer.storage.sealed import seal


def fitted(rows: int) -> tuple[Pipeline, np.ndarray, np.ndarray]:
    random = np.random.default_rng(3)
    X = random.normal(size=(rows, 3))
    y = (X[:, 0] + random.normal(size=rows) > 0.3).astype(np.int64)
    return Pipeline([("estimator", LogisticRegression())]).fit(X, y), X, y


@pytest.mark.parametrize(
    "rows", [10, pytest.param(97, marks=pytest.mark.long), pytest.param(1000, marks=pytest.mark.long)]
)
def test_intervals_are_percentiles_over_a_thousand_draws_of_one_matrix(rows: int) -> None:
    model, X, y = fitted(rows)
    scorer, responses = Scorer(("accuracy", "roc_auc"), Average.BINARY, 1, 2), Responses(model, X)
    scorer.scores(y, responses)
    draws = np.random.default_rng(7).integers(0, rows, (1000, rows))
    predicted, decided = model.predict(X), model.decision_function(X)
    accuracy = [accuracy_score(y[draw], predicted[draw]) for draw in draws]
    auc = [roc_auc_score(y[draw], decided[draw]) for draw in draws if len(set(y[draw].tolist())) == 2]
    assert bootstrap(scorer, y, responses, 7) == {
        "accuracy": tuple(np.percentile(accuracy, (2.5, 97.5))),
        "roc_auc": tuple(np.percentile(auc, (2.5, 97.5))),
    }


def test_a_metric_that_has_no_value_on_any_draw_has_no_interval() -> None:
    model, X, y = fitted(50)
    one = np.flatnonzero(y == 1)
    scorer, responses = Scorer(("accuracy", "roc_auc"), Average.BINARY, 1, 2), Responses(model, X[one])
    with pytest.warns(UserWarning, match="Only one class"):
        scorer.measure(y[one], responses)
    assert list(bootstrap(scorer, y[one], responses, 0)) == ["accuracy"]


SPLIT = "sha256:" + "5" * 64


def opening(model: str, rows: str = "a") -> Opening:
    return Opening(rows=rows * 64, model=model * 64)


@pytest.fixture
def context(tmp_path: Path) -> Context:
    return Context(FileStore(tmp_path), tmp_path, tmp_path)


def add(context: Context, look: Opening) -> int:
    return openings.add(look, "file:cache/", SPLIT, context)[0]


def test_each_different_model_is_counted_once_per_test_part(context: Context) -> None:
    assert [add(context, opening(model)) for model in "112121"] == [1, 1, 2, 2, 2, 2]
    stored = json.loads((context.scratch / f"cache/openings/{'5' * 64}.json").read_text())
    assert [look["model"][0] for look in stored["openings"]] == ["1", "2"]


def test_other_data_that_is_divided_into_the_same_rows_is_counted_apart(context: Context) -> None:
    assert [add(context, opening("1")), add(context, opening("2", rows="b")), add(context, opening("2"))] == [1, 1, 2]


@pytest.mark.parametrize(
    "content",
    [
        "",
        "{",
        '{"format":2,"openings":[]}',
        '{"openings":[{"rows":"x","model":"y"}]}',
        seal(Openings(split="6" * 64, openings=[opening("7")])).decode(),
        seal(Openings(split="5" * 64, openings=[opening("7")])).decode().replace("7", "8", 1),
        " " * (openings.OPENINGS_BYTES + 1),
    ],
)
def test_a_broken_list_is_replaced_and_that_is_told(context: Context, content: str) -> None:
    path = context.scratch / f"cache/openings/{'5' * 64}.json"
    path.parent.mkdir(parents=True)
    path.write_text(content)
    count, notes = openings.add(opening("1"), "file:cache/", SPLIT, context)
    assert count == 1
    assert "changed or damaged; it was replaced, so the count starts anew" in notes[0]
    assert add(context, opening("2")) == 2


def test_the_list_of_an_earlier_version_is_kept(context: Context) -> None:
    path = context.scratch / f"cache/openings/{'5' * 64}.json"
    path.parent.mkdir(parents=True)
    path.write_text(f'{{"format":1,"openings":[{opening("7").model_dump_json()}]}}')
    assert openings.add(opening("1"), "file:cache/", SPLIT, context) == (2, [])


def test_a_writer_that_replaces_the_list_at_the_same_time_loses_no_look(
    context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    put, raced = FileStore.put, []

    def race(self: FileStore, uri: str, content: bytes) -> None:
        put(self, uri, content)
        if not raced:
            raced.append(uri)
            put(self, uri, seal(Openings(split="5" * 64, openings=[opening("2")])))

    monkeypatch.setattr(FileStore, "put", race)
    assert add(context, opening("1")) == 2
    assert add(context, opening("3")) == 3
