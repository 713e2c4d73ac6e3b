"""What scikit-learn says about the estimator of a job: where it is imported from, and how its values are written."""

import difflib
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from gridfold.api.v1alpha1 import TrainingJobSpec
from gridfold.domain.grid import PREPROCESSING
from gridfold_cli.documents import InvalidInputError

RANDOM_STATE, CLASS_WEIGHT = "random_state", "class_weight"


@dataclass(frozen=True)
class EstimatorFacts:
    """An estimator of scikit-learn."""

    cls: Any
    module: str  #: that it is imported from
    is_classifier: bool

    @property
    def name(self) -> str:
        """Return the name of the class."""
        return str(self.cls.__name__)

    @property
    def parameters(self) -> list[str]:
        """Return the names of its parameters."""
        names: list[str] = self.cls._get_param_names()
        return names


def estimator_facts(spec: TrainingJobSpec) -> EstimatorFacts:
    """Return what is known of the estimator of a job.

    Raises:
        InvalidInputError: scikit-learn is not installed, or has no such estimator or parameters.
    """
    known = {f"{facts.module}.{facts.name}": facts for facts in _all_estimators()}
    class_name = spec.estimator.class_name
    if class_name not in known:
        short = class_name.rpartition(".")[2]
        near = [name for name in known if name.endswith(f".{short}")]
        near = near or difflib.get_close_matches(class_name, known, n=1) or ["sklearn.linear_model.LogisticRegression"]
        raise InvalidInputError(
            f"spec.estimator.className is {class_name}, which is no classifier or regressor of scikit-learn; did you "
            f"mean {near[0]}?"
        )
    facts = known[class_name]
    problems = [
        f"{path}.{name}: {facts.name} has no such parameter; it has {', '.join(facts.parameters)}"
        for path, name in _named(spec)
        if name.partition("__")[0] not in facts.parameters
    ]
    if problems:
        raise InvalidInputError(*problems)
    return facts


def open_random_state(spec: TrainingJobSpec, facts: EstimatorFacts) -> bool:
    """Tell whether the estimator has a random_state that the spec leaves open somewhere."""
    everywhere = all(RANDOM_STATE in axes for axes in spec.search.grid)
    return RANDOM_STATE in facts.parameters and RANDOM_STATE not in spec.estimator.parameters and not everywhere


def weighs_labels(spec: TrainingJobSpec) -> bool:
    """Tell whether class weights are given by label anywhere."""
    values = [spec.estimator.parameters.get(CLASS_WEIGHT)]
    values += [value for axes in spec.search.grid for value in axes.get(CLASS_WEIGHT, ())]
    return any(isinstance(value, Mapping) for value in values)


def _named(spec: TrainingJobSpec) -> Iterator[tuple[str, str]]:
    yield from (("spec.estimator.parameters", name) for name in spec.estimator.parameters)
    for index, axes in enumerate(spec.search.grid):
        yield from ((f"spec.search.grid[{index}]", name) for name in axes if not name.startswith(PREPROCESSING))


@cache
def _all_estimators() -> tuple[EstimatorFacts, ...]:
    """Return every classifier and regressor; no name of a spec is ever looked up in a module."""
    try:
        from sklearn.utils import all_estimators
    except ModuleNotFoundError as error:
        raise InvalidInputError(
            f"gridfold export needs {error.name}, which cannot be imported: pip install 'gridfold[local]'"
        ) from error
    found = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for kind in ("classifier", "regressor"):
            for _, cls in all_estimators(type_filter=kind):
                # sklearn.ensemble for sklearn.ensemble._forest: where the documentation says it is
                module = ".".join(cls.__module__.split(".")[:2])
                found.append(EstimatorFacts(cls, module, kind == "classifier"))
    return tuple(found)
