"""A Pipeline of scikit-learn as a job says it: preprocessing and estimator, where both compute the same numbers."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import MinMaxScaler, OneHotEncoder, OrdinalEncoder, RobustScaler, StandardScaler
from sklearn.utils import get_tags

from gridfold_notebook.columns import CATEGORICAL, NUMERIC, Column

NONE = "None"
_STRATEGIES = {"median": "Median", "mean": "Mean", "most_frequent": "MostFrequent"}
_SCALERS = {StandardScaler: "Standard", MinMaxScaler: "MinMax", RobustScaler: "Robust"}
_ONE_HOT = {"handle_unknown": "ignore", "sparse_output": False}
_ORDINAL = {"handle_unknown": "use_encoded_value", "unknown_value": -1}
_EXPECTED = (
    "expected one ColumnTransformer, or SimpleImputer and one of StandardScaler, MinMaxScaler and RobustScaler, before "
    "the estimator"
)


@dataclass(frozen=True)
class Axis:
    """What a parameter of the Pipeline is called in a job, and how the job says its values."""

    name: str
    said: Callable[[Any], Any]  #: raises ValueError for what a job cannot say


@dataclass(frozen=True)
class Parts:
    """What a job says of an estimator."""

    estimator: Any
    preprocessing: Mapping[str, Any] | None = None  #: None: there is no Pipeline
    prefix: str = ""  #: of the estimator's parameters
    axes: Mapping[str, Axis] = field(default_factory=dict)  #: of the preprocessing, by name in the Pipeline


def parts_of(estimator: Any, X: Any, columns: Sequence[Column], problems: list[str]) -> Parts:
    """Return the parts of a Pipeline; of any other estimator itself."""
    if type(estimator) is not Pipeline:
        return Parts(estimator)
    *before, (name, last) = estimator.steps
    found = _Found(X, columns)
    try:
        if len(before) == 1 and isinstance(before[0][1], ColumnTransformer):
            found.take_transformer(*before[0])
        elif before:
            found.take(NUMERIC, before, "", [column.name for column in columns])
            found.check_order()
    except (ValueError, IndexError) as error:
        problems.append(f"estimator is a Pipeline that a job cannot say: {error}")
    return Parts(last, found.preprocessing, f"{name}__", found.axes)


def takes_missing(estimator: Any) -> bool:
    """Tell whether numbers may be missing: something replaces them, or the estimator itself takes them."""
    if type(estimator) is not Pipeline:
        return bool(get_tags(estimator).input_tags.allow_nan)
    replaces = any(isinstance(value, SimpleImputer) for value in estimator.get_params().values())
    return replaces or takes_missing(estimator.steps[-1][1])


def renamed(model: Any, estimator: Any) -> Any:
    """Return a job's model as the user would have made it: without a Pipeline around it, or with the user's names."""
    if type(estimator) is not Pipeline:
        return model.steps[0][1] if len(model.steps) == 1 else model
    names, (*before, last) = [name for name, _ in estimator.steps], [step for _, step in model.steps]
    if len(before) == 1 and not isinstance(estimator.steps[0][1], ColumnTransformer):
        (_, steps, _), *others = before[0].transformers_
        if not others and len(steps.steps) == len(names) - 1:
            before = [step for _, step in steps.steps]
    if len(names) != len(before) + 1:  # one step that has nothing to do in the winner
        names = [*(name for name, _ in model.steps[:-1]), names[-1]]
    return Pipeline(list(zip(names, [*before, last], strict=True)))


class _Found:
    """What has been read of a Pipeline."""

    def __init__(self, X: Any, columns: Sequence[Column]) -> None:
        self._X, self._columns = X, columns
        self._groups: list[tuple[str, list[str]]] = []  #: kind and columns, in the order of the Pipeline
        self.preprocessing: dict[str, Any] = {"numeric": {"impute": NONE, "scale": NONE}}
        self.axes: dict[str, Axis] = {}

    def take_transformer(self, name: str, transformer: ColumnTransformer) -> None:
        """Read a ColumnTransformer; each of its columns may be in one group."""
        if transformer.transformer_weights:
            raise ValueError(f"{name} has transformer_weights, which a job does not know")
        for part, step, wanted in transformer.transformers:
            names = self._names(wanted)
            kinds = {column.kind for column in self._columns if column.name in names}
            if len(kinds) > 1:
                raise ValueError(f"{name}__{part} takes columns of numbers and of texts; expected a part for each")
            steps = list(step.steps) if type(step) is Pipeline else [("", step)]
            if kinds:
                self.take(
                    kinds.pop(), steps, f"{name}__{part}__" if type(step) is Pipeline else f"{name}__{part}", names
                )
        self.check_order()

    def take(self, kind: str, steps: Sequence[tuple[str, Any]], prefix: str, names: list[str]) -> None:
        """Read the steps for columns of one kind."""
        self._groups.append((kind, names))
        group, last, roles = ("numeric", "scale", _NUMERIC) if kind == NUMERIC else ("categorical", "encode", _TEXTS)
        if len(steps) > len(roles):
            raise ValueError(f"it has {len(steps)} steps for columns of one kind; {_EXPECTED}")
        only_imputes = len(steps) == 1 and isinstance(steps[0][1], SimpleImputer)
        places = ["impute"] if only_imputes else ["impute", last][-len(steps) :]
        said = dict.fromkeys(("impute", last), NONE)
        for place, (name, step) in zip(places, steps, strict=True):
            said[place] = roles[place](step)
            self.axes[f"{prefix}{name}"] = Axis(f"preprocessing.{group}.{place}", roles[place])
            if isinstance(step, SimpleImputer) and kind == NUMERIC:
                self.axes[f"{prefix}{name}__strategy"] = Axis(f"preprocessing.{group}.{place}", _strategy)
        if said.get("encode") == NONE:
            raise ValueError("columns of texts have no OneHotEncoder or OrdinalEncoder")
        self.preprocessing[group] = said

    def check_order(self) -> None:
        """Refuse what a job would do in another order, or with other columns."""
        wanted = [
            (kind, names)
            for kind in (NUMERIC, CATEGORICAL)
            if (names := [column.name for column in self._columns if column.kind == kind])
        ]
        if self._groups != wanted:
            raise ValueError(
                "a job takes all columns, those of numbers first, then those of texts, each in the order of X; "
                f"expected {'; '.join(f'{kind.lower()}: {names[:10]}' for kind, names in wanted)}"
            )

    def _names(self, wanted: Any) -> list[str]:
        """Return the columns that a ColumnTransformer names: by names, places, a mask, or a function of X."""
        every = [column.name for column in self._columns]
        chosen = wanted(self._X) if callable(wanted) else wanted
        if isinstance(chosen, slice):
            if isinstance(chosen.start, str) or isinstance(chosen.stop, str):
                raise ValueError(f"{chosen} chooses columns; expected their names")  # noqa: TRY004 (a problem of many)
            chosen = np.arange(len(every))[chosen]
        listed = [chosen] if isinstance(chosen, str | int) else list(chosen)
        if listed and all(isinstance(one, bool | np.bool_) for one in listed):
            listed = list(np.flatnonzero(listed))
        names = [one if isinstance(one, str) else every[int(one)] for one in listed]
        if strange := [name for name in names if name not in every]:
            raise ValueError(f"X has no columns {strange[:5]}; expected some of {every[:10]}")
        return names


def _strategy(value: Any) -> str:
    if value not in _STRATEGIES:
        raise ValueError(f"SimpleImputer(strategy={value!r}); expected {', '.join(_STRATEGIES)}")
    return _STRATEGIES[value]


def _is_nothing(step: Any) -> bool:
    return step is None or (isinstance(step, str) and step == "passthrough")


def _imputed(step: Any) -> str:
    if _is_nothing(step):
        return NONE
    if not _is_plain(step, SimpleImputer, strategy=getattr(step, "strategy", None)):
        raise ValueError(f"{step!r}; expected a SimpleImputer with no parameter but strategy")
    return _strategy(step.strategy)


def _imputed_texts(step: Any) -> str:
    if _is_nothing(step):
        return NONE
    if not _is_plain(step, SimpleImputer, strategy="most_frequent"):
        raise ValueError(f"{step!r} for texts; expected SimpleImputer(strategy='most_frequent')")
    return "MostFrequent"


def _scaled(step: Any) -> str:
    if _is_nothing(step):
        return NONE
    if type(step) not in _SCALERS or not _is_plain(step, type(step)):
        raise ValueError(f"{step!r}; expected StandardScaler(), MinMaxScaler() or RobustScaler() without parameters")
    return _SCALERS[type(step)]


def _encoded(step: Any) -> str:
    if _is_plain(step, OneHotEncoder, **_ONE_HOT):
        return "OneHot"
    if _is_plain(step, OrdinalEncoder, **_ORDINAL):
        return "Ordinal"
    raise ValueError(
        f"{step!r}; expected OneHotEncoder(handle_unknown='ignore', sparse_output=False) or "
        "OrdinalEncoder(handle_unknown='use_encoded_value', unknown_value=-1)"
    )


_NUMERIC: Mapping[str, Callable[[Any], str]] = {"impute": _imputed, "scale": _scaled}
_TEXTS: Mapping[str, Callable[[Any], str]] = {"impute": _imputed_texts, "encode": _encoded}


def _is_plain(step: Any, kind: type[Any], **wanted: Any) -> bool:
    """Tell whether a step is of this class, with these parameters and else its defaults; repr tells NaN from None."""
    return type(step) is kind and repr(step.get_params()) == repr(kind(**wanted).get_params())
