"""Cells that share work have what each has alone, to the last bit, and none harms another."""

import random
import warnings
from collections import Counter
from typing import Any, ClassVar

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.ensemble import RandomForestClassifier
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler

from gridfold.api.handoff import Outcome
from gridfold.api.v1alpha1 import Average
from gridfold_trainer.learning.responses import answers, equal
from gridfold_trainer.learning.scorers import Scorer
from gridfold_trainer.learning.sharing import rules
from gridfold_trainer.learning.sharing import together as walk
from gridfold_trainer.learning.sharing.plan import Described, plan
from gridfold_trainer.learning.sharing.rules import Cut, Rule, rule_of
from gridfold_trainer.learning.sharing.together import Candidate
from tests.unit.trainer.sharing_cells import alone, candidate, task_of, together, told, training_rows

SMALL = st.integers(1, 9)
#: What else may differ between cells, by the name of the estimator without its kind.
_FOREST = {"bootstrap": [True, False], "max_features": [1, "sqrt"], "ccp_alpha": [0.0, 0.01]}
OTHERS: dict[str, dict[str, list[Any]]] = {
    "RandomForest": {**_FOREST, "bootstrap": [True], "max_samples": [None, 0.6]},
    "ExtraTrees": _FOREST,
    "Bagging": {"max_features": [1.0, 0.6], "max_samples": [1.0, 0.5], "bootstrap_features": [False, True]},
    "AdaBoost": {"learning_rate": [0.5, 1.0]},
    "GradientBoosting": {"subsample": [1.0, 0.6], "max_features": [None, 2], "n_iter_no_change": [None, 2]},
    "HistGradientBoosting": {
        "early_stopping": [False, True],
        "scoring": [None, "loss", "neg_mean_squared_error"],
        "max_leaf_nodes": [3, 31],
        "min_samples_leaf": [5],
    },
    "KNeighbors": {"algorithm": ["auto", "kd_tree", "brute"], "p": [1, 2]},
}


def kind_of(estimator: str) -> str:
    return estimator.rpartition(".")[2].removesuffix("Classifier").removesuffix("Regressor")


@st.composite
def grids(draw: st.DrawFn) -> tuple[str, list[dict[str, Any]]]:
    """Draw an estimator and some of its cells, in any order."""
    estimator = draw(st.sampled_from(rules.estimators())).removeprefix("sklearn.")
    values: dict[str, st.SearchStrategy[Any]] = {
        name: st.sampled_from(choices) for name, choices in OTHERS[kind_of(estimator)].items()
    }
    rule = rule_of(f"sklearn.{estimator}")
    assert rule is not None
    values |= dict.fromkeys(rule.axes, SMALL)
    if "weights" in values:
        values |= {"weights": st.sampled_from(["uniform", "distance"]), "n_neighbors": st.integers(1, 61)}
    cells = draw(st.lists(st.fixed_dictionaries(values), min_size=2, max_size=6))
    return estimator, cells


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(grid=grids(), classes=st.sampled_from([2, 3]), kept=st.booleans(), chance=st.randoms(use_true_random=False))
def test_cells_of_any_grid_in_any_group_have_what_each_has_alone(
    grid: tuple[str, list[dict[str, Any]]], classes: int, kept: bool, chance: random.Random
) -> None:
    estimator, parameters = grid
    training = training_rows(classes if estimator.endswith("Classifier") else 0)
    cells = [candidate(estimator, chosen, chance.choice(["scaled", "plain"])) for chosen in parameters]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(walk, "KEPT_BYTES", walk.KEPT_BYTES if kept else 0)
        found = together(cells, task_of(training))
    assert list(map(told, found)) == list(map(told, alone(cells, task_of(training))))


@pytest.mark.parametrize("classes", [2, 3])
@pytest.mark.parametrize("name", rules.estimators())
def test_a_cut_model_answers_as_one_that_was_fitted_alone(name: str, classes: int) -> None:
    rule, estimator = rule_of(name), name.removeprefix("sklearn.")
    assert rule is not None
    training = training_rows(classes if estimator.endswith("Classifier") else 0)
    more = {key: choices[-1] for key, choices in OTHERS[kind_of(name)].items()}
    values = {"n_neighbors": 20} if "n_neighbors" in rule.axes else {rule.axes[0]: 12}
    longest = candidate(estimator, more | values).pipeline.steps[-1][1].fit(training.X[:60], training.y[:60])
    for length in (1, 5, 12):
        cell = candidate(estimator, more | {rule.axes[0]: length})
        theirs = answers(cell.pipeline.steps[-1][1].fit(training.X[:60], training.y[:60]), training.X[60:])
        cut = rule.cut(longest, cell.described.parameters)
        assert cut is not None
        mine = answers(cut.model, training.X[60:])
        assert mine.keys() == theirs.keys() != set()
        assert all(equal(mine[method], theirs[method]) for method in theirs)
        assert 0 < cut.charged <= 1


# ── the plan ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def described(preparation: str | None = "p", **more: Any) -> Described:
    estimator = more.pop("estimator", "ensemble.RandomForestClassifier")
    return Described(
        f"sklearn.{estimator}", {"n_estimators": 10, "random_state": 0, "n_jobs": None, **more}, preparation
    )


def shape(*cells: Described) -> list[list[tuple[int, ...]]]:
    """Return the members of each fit, by preparation; those of one that is cut start with the longest."""
    return [[fit.members for fit in step.fits] for step in plan(cells)]


def test_one_preparation_serves_all_cells_that_have_it_and_one_fit_an_axis_of_them() -> None:
    cells = [
        described(),
        described("q"),
        described(n_estimators=30),
        described(max_depth=3),
        described(n_estimators=20),
    ]
    assert shape(*cells) == [[(2, 0, 4), (3,)], [(1,)]]


def test_a_cell_whose_preparation_depends_on_its_estimator_shares_nothing() -> None:
    assert shape(described(None), described(None, n_estimators=20)) == [[(0,)], [(1,)]]


@pytest.mark.parametrize(
    "more",
    [
        {"random_state": None},
        {"n_jobs": 2},
        {"warm_start": True},
        {"oob_score": True},
        {"n_estimators": 10.0},
        {"n_estimators": True},
        {"estimator": "linear_model.LogisticRegression"},
        {"max_depth": np.arange(3)},
    ],
    ids=str,
)
def test_a_cell_for_which_a_rule_is_not_exact_is_fitted_alone(more: dict[str, Any]) -> None:
    assert shape(described(**more), described(**more)) == [[(0,), (1,)]]


def test_values_that_are_equal_but_not_the_same_are_two_fits() -> None:
    cells = [described(max_features=1), described(max_features=1.0), described(max_features=1, n_estimators=20)]
    assert shape(*cells) == [[(2, 0), (1,)]]


def test_every_cell_is_in_the_plan_once() -> None:
    chance = random.Random(0)
    cells = [
        described(chance.choice([None, "p", "q"]), n_estimators=chance.randint(1, 9), max_depth=chance.randint(1, 3))
        for _ in range(200)
    ]
    members = Counter(member for step in plan(cells) for member in step.members)
    assert members == Counter(range(200))


# ── the walk ─────────────────────────────────────────────────────────────────────────────────────────────────────────


class Counting(StandardScaler):  # type: ignore[misc]
    """A scaler that counts its fits and transforms."""

    calls: ClassVar[Counter[str]] = Counter()

    def fit_transform(self, X: Any, y: Any = None, **more: Any) -> Any:
        self.calls["fit"] += 1
        return super().fit_transform(X, y, **more)

    def transform(self, X: Any, copy: Any = None) -> Any:
        self.calls["transform"] += 1
        return super().transform(X, copy)


class Awkward(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """A classifier that does one awkward thing."""

    def __init__(self, does: str = "") -> None:
        self.does = does

    def fit(self, X: np.ndarray, y: np.ndarray) -> "Awkward":
        self.classes_, self.mean_ = np.unique(y), X.mean(axis=0)
        if self.does == "write":
            X[:], y[:] = 0.0, 0
        if self.does == "raise":
            raise RuntimeError("no luck")
        if self.does == "warn":
            warnings.warn("be careful", UserWarning, stacklevel=1)
        return self

    def predict(self, X: np.ndarray) -> np.ndarray:
        found = self.classes_[(X[:, 0] > self.mean_[0]).astype(int)]
        if self.does == "write":
            X[:] = -1.0
        if self.does == "nan":
            raise FloatingPointError("not a number")
        return np.asarray(found)


def awkward(*does: str) -> list[Candidate]:
    return [
        Candidate(
            Described("tests.Awkward", {"does": one}, "scaled"),
            Pipeline([("preprocessing", Counting()), ("estimator", Awkward(one))]),
        )
        for one in does
    ]


@pytest.mark.parametrize("kept", [True, False])
@pytest.mark.parametrize("does", ["write", "raise", "warn", "nan"])
def test_a_cell_that_does_something_awkward_harms_no_other(
    does: str, kept: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(walk, "KEPT_BYTES", walk.KEPT_BYTES if kept else 0)
    task, cells = task_of(training_rows(2)), awkward("", does, "")
    task.scorer = Scorer(("accuracy", "f1"), Average.MACRO, 1, 2)
    found = together(cells, task)
    assert list(map(told, found)) == list(map(told, alone(cells, task)))
    assert found[0].outcome is found[2].outcome is Outcome.SUCCEEDED
    assert (found[1].outcome is Outcome.SUCCEEDED) == (does in {"write", "warn"})


def test_the_rows_are_prepared_once_per_split_however_many_cells_have_them() -> None:
    Counting.calls.clear()
    task = task_of(training_rows(2))
    task.scorer = Scorer(("accuracy", "f1"), Average.MACRO, 1, 2)
    found = together(awkward("", "", "", ""), task)
    assert Counting.calls == {"fit": 3, "transform": 6}, "to fit it transforms, too"
    assert [one.shared for one in found] == [("preparation",)] * 4


def test_cells_end_one_after_the_other_where_the_rows_of_all_splits_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    begun: list[str] = []
    cells = [candidate("tree.DecisionTreeClassifier", {"max_depth": depth}) for depth in (1, 2)]

    def story() -> str:
        begun.clear()
        for number, _ in walk.evaluate_together(cells, task_of(training_rows(2), begin=lambda: begun.append("b"))):
            begun.append(str(number))
        return "".join(begun)

    assert story() == "b0b1"
    monkeypatch.setattr(walk, "KEPT_BYTES", 0)
    assert story() == "bb" * 2 + "b0b1"


def test_a_cell_that_one_fit_was_to_serve_has_its_own_time_where_it_needs_its_own_fit() -> None:
    begun: list[str] = []
    never = Rule(("n_estimators",), "it is not", lambda _: True, lambda cell: cell["n_estimators"], lambda *_: None)
    cells = [candidate("ensemble.RandomForestClassifier", {"n_estimators": count}) for count in (1, 3, 9)]
    planted = {"sklearn.ensemble.RandomForestClassifier": never}
    together(cells, task_of(training_rows(2), begin=lambda: begun.append("b"), rules=planted))
    assert len(begun) == 1 + 3 * 2


def test_a_cell_is_charged_with_its_own_part_of_a_longer_fit() -> None:
    cells = [candidate("ensemble.RandomForestClassifier", {"n_estimators": count}) for count in (10, 40)]
    short, long = together(cells, task_of(training_rows(2)))
    assert (short.shared, long.shared) == (("preparation", "fit"),) * 2
    for part, whole in zip(short.fit_seconds, long.fit_seconds, strict=True):
        assert part is not None
        assert whole is not None
        assert 0 < part < whole


# ── a rule that is wrong ─────────────────────────────────────────────────────────────────────────────────────────────


def _keeps_all(model: Any, _: Any) -> Cut:
    return Cut(model, 1.0)


def test_a_wrong_rule_is_caught_where_the_versions_are_not_proven(caplog: pytest.LogCaptureFixture) -> None:
    wrong = Rule(("n_estimators",), "it is not", lambda _: True, lambda cell: cell["n_estimators"], _keeps_all)
    cells = [candidate("ensemble.RandomForestClassifier", {"n_estimators": count}) for count in (1, 3, 9)]
    planted = {"sklearn.ensemble.RandomForestClassifier": wrong}
    expected = list(map(told, alone(cells, task_of(training_rows(3)))))
    believed = together(cells, task_of(training_rows(3), rules=planted, checked=False))
    assert list(map(told, believed)) != expected, "so it would be seen"
    checked = together(cells, task_of(training_rows(3), rules=planted, checked=True))
    assert list(map(told, checked)) == expected
    assert caplog.text.count("cells do not share fits along n_estimators: a shorter fit differs here") == 1


def test_a_right_rule_is_compared_once_with_versions_that_are_not_proven(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(walk, "PROVEN", frozenset())
    fits = Counter[int]()
    fit = RandomForestClassifier.fit
    monkeypatch.setattr(
        RandomForestClassifier, "fit", lambda self, X, y: fits.update([self.n_estimators]) or fit(self, X, y)
    )
    cells = [candidate("ensemble.RandomForestClassifier", {"n_estimators": count}) for count in (1, 3, 9)]
    together(cells, task_of(training_rows(3)))
    assert fits == {9: 3, 1: 1}


def test_a_rule_whose_private_attribute_is_gone_steps_aside() -> None:
    rule = rule_of("sklearn.ensemble.HistGradientBoostingClassifier")
    assert rule is not None
    assert rule.cut(BaseEstimator(), {"max_iter": 3}) is None
