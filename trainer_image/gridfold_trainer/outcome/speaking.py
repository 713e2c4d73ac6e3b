"""Make a model that was fitted on codes say labels, without a class of ours and without changing what it predicts."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from gridfold_trainer.learning.responses import PREDICT, answers, equal

_SHOWN = 10

#: Estimator: its parts that know the classes by name too (scikit-learn 1.9); a list has one in each place.
_PARTS: Mapping[str, tuple[str, ...]] = {
    "AdaBoostClassifier": ("estimators_",),
    "GaussianProcessClassifier": ("base_estimator_",),
    "HistGradientBoostingClassifier": ("_label_encoder",),
    "MLPClassifier": ("_label_binarizer",),
    "OneVsRestClassifier": ("label_binarizer_",),
    "RidgeClassifier": ("_label_binarizer",),
    "RidgeClassifierCV": ("_label_binarizer",),
}
#: Attributes beside `classes_` that hold classes: an array or list of them, or a mapping with them for keys.
_ATTRIBUTES: Mapping[str, tuple[str, ...]] = {
    "LabelPropagation": ("transduction_",),
    "LabelSpreading": ("transduction_",),
    "LogisticRegressionCV": ("coefs_paths_", "scores_"),
    "RadiusNeighborsClassifier": ("outlier_label_",),
}


@dataclass(frozen=True)
class Spoken:
    """A model, and whether it says labels."""

    model: Any
    note: str = ""  #: what there is to know where it does not


@dataclass(frozen=True)
class _Change:
    """A new value of an attribute, and the one that it replaces."""

    owner: Any
    name: str
    value: Any

    def make(self) -> "_Change":
        """Set it; return the change back."""
        before = _Change(self.owner, self.name, getattr(self.owner, self.name))
        setattr(self.owner, self.name, self.value)
        return before


def speak_labels(model: Any, labels: np.ndarray, parameters: Mapping[str, Any], rows: Any) -> Spoken:
    """Return a fitted pipeline that says labels (k,) where it said codes, proven on some rows.

    What scikit-learn's own estimators know of classes is renamed, and so are the parameters that name classes (by
    label). For one that keeps it elsewhere, scikit-learn's VotingClassifier with one vote translates; where that is
    not the same, the model is left as it is and the note says so.
    """
    estimator = model.steps[-1][1]
    expected = answers(model, rows)
    if PREDICT in expected:
        expected[PREDICT] = labels[expected[PREDICT].astype(np.int64)]
    back = [change.make() for change in [*_changes(estimator, labels), *_parameters(estimator, parameters)]]
    if back and _same(expected, model, rows):
        return Spoken(model)
    for change in reversed(back):
        change.make()
    voting = _voting(model, labels)
    if voting is not None and _same(expected, voting, rows):
        return Spoken(voting)
    named = ", ".join(f"{code} is {label}" for code, label in enumerate(labels[:_SHOWN].tolist()))
    return Spoken(
        model, f"{type(estimator).__name__} cannot be made to say labels, so model.skops says codes: {named}."
    )


def _same(expected: Mapping[str, np.ndarray], model: Any, rows: Any) -> bool:
    """Tell whether a model says what is expected, to the last bit; a voting one has fewer methods."""
    found = answers(model, rows)
    wanted = [name for name in expected if hasattr(model, name)]
    return PREDICT in wanted and all(name in found and equal(found[name], expected[name]) for name in wanted)


def _changes(estimator: Any, labels: np.ndarray) -> Iterator[_Change]:
    """Yield what must be renamed in an estimator and its parts, where the codes are as expected."""
    for owner in _owners(estimator):
        codes = vars(owner).get("classes_")
        if _are_codes(codes, len(labels)):
            yield _Change(owner, "classes_", labels[np.asarray(codes).astype(np.int64)])
        for name in _named(owner, _ATTRIBUTES):
            value = getattr(owner, name, None)
            if value is not None:
                yield _Change(owner, name, _renamed(value, labels))


def _parameters(estimator: Any, parameters: Mapping[str, Any]) -> Iterator[_Change]:
    for name, value in parameters.items():
        yield _Change(estimator, name, value)


def _owners(estimator: Any) -> Iterator[Any]:
    yield estimator
    for name in _named(estimator, _PARTS):
        part = getattr(estimator, name, None)
        for owner in part if isinstance(part, list) else [part]:
            yield from _owners(owner) if owner is not None else ()


def _named(owner: Any, table: Mapping[str, tuple[str, ...]]) -> Iterable[str]:
    return [name for base in type(owner).__mro__ for name in table.get(base.__name__, ())]


def _are_codes(found: Any, count: int) -> bool:
    """Tell whether an array holds codes of that many classes (trees have them as floats)."""
    if not isinstance(found, np.ndarray) or found.ndim != 1 or found.dtype.kind not in "iuf":
        return False
    return bool(np.isin(found, np.arange(count)).all())


def _renamed(value: Any, labels: np.ndarray) -> Any:
    if isinstance(value, dict):
        return {labels[int(code)]: content for code, content in value.items()}
    if isinstance(value, np.ndarray):  # of LogisticRegressionCV without its legacy attributes: no codes
        return labels[value] if value.dtype.kind in "iu" else value
    return [None if code is None else labels[int(code)] for code in value]


def _voting(model: Any, labels: np.ndarray) -> Any:
    """Return scikit-learn's VotingClassifier around a fitted model: the label of the most probable class."""
    codes = getattr(model, "classes_", np.arange(len(labels)))
    if not hasattr(model, "predict_proba") or not _are_codes(np.asarray(codes), len(labels)):
        return None
    from sklearn.ensemble import VotingClassifier
    from sklearn.preprocessing import LabelEncoder

    voting = VotingClassifier([("model", model)], voting="soft")
    voting.estimators_ = [model]
    voting.classes_ = labels[np.asarray(codes).astype(np.int64)]
    voting.le_ = LabelEncoder()
    voting.le_.classes_ = voting.classes_
    return voting
