"""Every classifier on every spelling of its classes: folds, validation, test and the stored model are scikit-learn's.

What is right comes from plain scikit-learn on the codes of the classes, which are the same however they are spelled.
"""

import sys
import warnings
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

import numpy as np
import pytest
from sklearn.metrics import accuracy_score, f1_score, make_scorer, precision_score, recall_score
from sklearn.model_selection import StratifiedKFold, cross_validate, train_test_split
from sklearn.pipeline import Pipeline

from gridfold.api.handoff import StageInput
from gridfold.api.v1alpha1 import ColumnType
from gridfold_trainer.after_prepare import load_parts
from gridfold_trainer.cells.cell import make_cells
from gridfold_trainer.cells.judging import judge
from gridfold_trainer.data.frames import add_frames
from gridfold_trainer.data.prepared import Column, PreparedData
from gridfold_trainer.learning.allowed_estimators import CLASSIFIERS, full_names
from gridfold_trainer.learning.estimators import load_class
from gridfold_trainer.learning.training import TrainingRows
from gridfold_trainer.outcome import winner
from gridfold_trainer.outcome.collect import Row
from gridfold_trainer.outcome.model_file import load_model
from tests.oracle.label_cases import CASES, FEW, NEEDS, OWN_ITERATIONS, QUICK, SPELLINGS, LabelCase, rows
from tests.unit.trainer.numeric_jobs import World

FOLDS = 2
METHODS = ("predict_proba", "decision_function")
NOTHING = {"numeric": {"impute": "None", "scale": "None"}}


def parameters_of(case: LabelCase) -> dict[str, Any]:
    cls: Any = load_class(f"sklearn.{case.name}")
    short = cls.__name__
    quick = {name: value for name, value in QUICK.items() if name in cls._get_param_names()}
    if short in OWN_ITERATIONS:
        del quick["max_iter"]
    return {**quick, **NEEDS.get(short, {}), **case.parameters}


def scorers(classes: int) -> dict[str, Any]:
    options = {"average": "binary" if classes == 2 else "macro", "zero_division": 0}
    functions = {"precision": precision_score, "recall": recall_score, "f1": f1_score}
    return {"accuracy": make_scorer(accuracy_score)} | {
        name: make_scorer(function, **options) for name, function in functions.items()
    }


@cache
def script(number: int, classes: int) -> dict[str, Any]:
    """Return what plain scikit-learn gives for a case on codes."""
    import pandas as pd

    case = CASES[number]
    X, y = rows(case.name, classes)
    frame, scoring = pd.DataFrame({"a": X[:, 0], "b": X[:, 1]}), scorers(classes)
    cls: Any = load_class(f"sklearn.{case.name}")

    def by_code(value: Any) -> Any:
        if isinstance(value, dict):
            return {code % classes: weight for code, weight in value.items()}
        return [by_code(code) for code in value] if isinstance(value, list) else value % classes

    named = {name: by_code(value) for name, value in case.named.items()}
    state = {"random_state": 0} if "random_state" in cls._get_param_names() else {}
    rest, test = train_test_split(np.arange(len(y)), test_size=0.15, random_state=0, stratify=y)
    train, validation = train_test_split(rest, test_size=15 / 85, random_state=0, stratify=y[rest])
    both, cv = np.concatenate([train, validation]), StratifiedKFold(FOLDS, shuffle=True, random_state=0)

    def model(fitted: np.ndarray) -> Any:
        return cls(**parameters_of(case), **named, **state).fit(frame.iloc[fitted], y[fitted])

    folds = cross_validate(
        cls(**parameters_of(case), **named, **state), frame.iloc[train], y[train], cv=cv, scoring=scoring
    )
    first, last = model(train), model(both)
    return {
        "folds": {name: folds[f"test_{name}"].tolist() for name in scoring},
        "validation": {name: score(first, frame.iloc[validation], y[validation]) for name, score in scoring.items()},
        "test": {name: score(last, frame.iloc[test], y[test]) for name, score in scoring.items()},
        "predicted": last.predict(frame),
        **{method: answer(last, method, frame) for method in METHODS},
    }


def answer(model: Any, method: str, frame: Any) -> Any:
    """Return what a method gives, as bytes; None where the estimator has none for this target."""
    try:
        return np.ascontiguousarray(getattr(model, method)(frame)).tobytes()
    except (AttributeError, ValueError):
        return None


@pytest.fixture(scope="module")
def world_of(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str, tuple[Any, ...]], World]:
    """Prepared data with these classes, one for all estimators that take the same rows."""

    @cache
    def made(whole: bool, labels: tuple[Any, ...]) -> World:
        X, y = rows("CategoricalNB" if whole else "", len(labels))
        columns = (Column("a", ColumnType.NUMERIC), Column("b", ColumnType.NUMERIC))
        positive = 1 if len(labels) == 2 else None
        return World(tmp_path_factory.mktemp("world"), PreparedData("", X, y, columns, labels, positive, "target"))

    return lambda name, labels: made(name.endswith("CategoricalNB"), labels)


def job_of(case: LabelCase, labels: tuple[Any, ...], world: World) -> StageInput:
    """Return the job as its user writes it: parameters name classes as the data does."""

    def by_label(value: Any) -> Any:
        if isinstance(value, dict):
            return {str(labels[code]): weight for code, weight in value.items()}
        return [labels[code] for code in value] if isinstance(value, list) else labels[value]

    named = {name: by_label(value) for name, value in case.named.items()}
    estimating = {"parameters": {**parameters_of(case), **named}, "preprocessing": NOTHING}
    return world.job([{}], case.name, estimating=estimating, crossValidation={"folds": FOLDS})


def found(case: LabelCase, labels: tuple[Any, ...], world: World) -> dict[str, Any]:
    """Return what the product gives, the stored model's answers in the place of codes included."""
    import pandas as pd

    job = job_of(case, labels, world)
    data, parts = load_parts(job, world.context)
    (item,) = make_cells(job, [0])
    ((_, result),) = judge(job, [item], TrainingRows.of(data, parts.train))
    assert result.scores, result.message
    refitted = winner.refit_winner(job, Row(item, "f1", {}, result, None), data, parts)
    assert refitted.stored.content is not None, refitted.stored.note
    assert all(name.startswith(("numpy.", "sklearn.", "scipy.")) for name in refitted.stored.trusted)
    model = load_model(refitted.stored.content, list(refitted.stored.trusted))
    assert isinstance(model, Pipeline), "an estimator of scikit-learn says labels itself, without a VotingClassifier"
    assert model.classes_.tolist() == list(labels)
    frame = pd.DataFrame({"a": data.X[:, 0], "b": data.X[:, 1]})
    return {
        "folds": result.scores,
        "validation": dict(refitted.validation),
        "test": dict(refitted.test),
        "predicted": model.predict(frame),
        **{method: answer(model, method, frame) for method in METHODS},
    }


every_case = pytest.mark.parametrize("number", range(len(CASES)), ids=[str(case) for case in CASES])


@every_case
def test_scores_and_stored_model_are_those_of_the_codes(number: int, world_of: Any) -> None:
    spellings = CASES[number].spellings
    assert different(number, [labels for labels in spellings if labels in FEW], world_of) == []


@pytest.mark.long
@every_case
def test_scores_and_stored_model_are_those_of_the_codes_in_every_spelling(number: int, world_of: Any) -> None:
    assert different(number, CASES[number].spellings, world_of) == []


def different(number: int, spellings: Sequence[tuple[Any, ...]], world_of: Any) -> list[Any]:
    """Return what the product gives otherwise than the script, with the classes, its name and both values."""
    case, unlike = CASES[number], []
    with pytest.MonkeyPatch.context() as patch, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        patch.setattr(sys, "path", [*sys.path])
        add_frames()
        patch.setattr(winner, "bootstrap", lambda *_: {})  # of intervals: a fifth of the time, and not about labels
        for labels in spellings:
            expected = dict(script(number, len(labels)))
            expected["predicted"] = [labels[code] for code in expected["predicted"]]
            got = found(case, labels, world_of(case.name, labels))
            got["predicted"] = got["predicted"].tolist()
            unlike += [(labels, name, got[name], value) for name, value in expected.items() if got[name] != value]
    return unlike


def test_every_pair_of_a_classifier_and_a_spelling_is_compared() -> None:
    classifiers = full_names(CLASSIFIERS)
    pairs = {(f"sklearn.{case.name}", labels) for case in CASES for labels in case.spellings}
    assert pairs == {(name, labels) for name in classifiers for labels in SPELLINGS}
