"""How each limit is judged: a table, one entry for each field of `Limits`, and the check of a spec against it."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from gridfold.api.estimator_names import SCIKIT_LEARN, is_below
from gridfold.api.v1alpha1 import TrainingJobSpec
from gridfold.api.v1alpha1.quantities import amount
from gridfold.api.validation import Problem, show
from gridfold.domain.endpoints import may_lead_to, parse_allowed
from gridfold.domain.tenancy import asked
from gridfold.domain.tenancy.places import place_of
from gridfold.domain.tenancy.settings import Limit
from gridfold.domain.words import first_of


@dataclass(frozen=True)
class _Excess:
    """What a spec asks for beyond a limit."""

    path: str
    value: str  #: as it is shown; "" where none is given
    may: str  #: what the namespace may, or may not
    advice: str  #: what to write instead


class _Rule(Protocol):
    def excesses(self, spec: TrainingJobSpec, limit: Any) -> Iterator[_Excess]: ...


@dataclass(frozen=True)
class _Most:
    """A number or quantity may not be above the limit. Where none is given there is no bound, so one must be."""

    values: Callable[[TrainingJobSpec], asked.Found]
    what: str  #: with {} in the place of the limit

    def excesses(self, spec: TrainingJobSpec, limit: Any) -> Iterator[_Excess]:
        may = f"may have {self.what.format(f'at most {limit}')}"
        for path, value in self.values(spec):
            if not value:
                yield _Excess(path, "", f"{may}, so this must be set", f"Set {limit} or less")
            elif amount(value) > amount(str(limit)):
                yield _Excess(path, value, may, f"Write {limit} or less")


@dataclass(frozen=True)
class _ExtendedResources:
    """A pod may have only those that the limit names, and of each at most what it says."""

    def excesses(self, spec: TrainingJobSpec, limit: Any) -> Iterator[_Excess]:
        for path, name, value in asked.extended_resources(spec):
            most = limit.get(name)
            if most is None:
                yield _Excess(path, value, f"may have {_only('extended resource', sorted(limit))}", "Leave it out")
            elif amount(value) > amount(most):
                yield _Excess(path, value, f"may have pods with at most {most} of it", f"Write {most} or less")


@dataclass(frozen=True)
class _OneOf:
    """A name must be in the list. Of KEY=VALUE it is enough that KEY is."""

    values: Callable[[TrainingJobSpec], asked.Found]
    what: str
    needed: bool = False  #: whether a spec that names none would go round the limit

    def excesses(self, spec: TrainingJobSpec, limit: Any) -> Iterator[_Excess]:
        may = f"may name {_only(self.what, limit)}"
        for path, value in self.values(spec):
            if not value and self.needed and limit:
                yield _Excess(path, "", f"{may}, and must name one", "Write one of these")
            elif value and value not in limit and value.partition("=")[0] not in limit:
                choose = "Write one of these" if self.needed else "Write one of these or leave it out"
                yield _Excess(path, show(value), may, choose if limit else "Leave it out")


@dataclass(frozen=True)
class _Below:
    """A URI must be below one of the folders."""

    values: Callable[[TrainingJobSpec], asked.Found]
    what: str
    folder: bool = False  #: whether the URI is one of a folder

    def excesses(self, spec: TrainingJobSpec, limit: Any) -> Iterator[_Excess]:
        may = f"may have {_only(self.what, limit, 'those below ')}"
        for path, value in self.values(spec):
            try:
                below = any(place_of(value, folder=self.folder).is_below(place_of(folder)) for folder in limit)
            except ValueError as error:
                yield _Excess(path, show(value), f"{may}, and to tell that, it {error}", "Write it so")
                continue
            if not below:
                yield _Excess(path, show(value), may, "Write such a URI" if limit else "Use another namespace")


@dataclass(frozen=True)
class _Endpoints:
    """A server must be in the list, as far as the text tells; where a name leads to, the pod judges that connects."""

    def excesses(self, spec: TrainingJobSpec, limit: Any) -> Iterator[_Excess]:
        may = f"may connect to {_only('endpoint', limit)}"
        entries = parse_allowed(limit)
        for path, url in asked.endpoints(spec):
            if not may_lead_to(url, entries):
                yield _Excess(path, show(url), may, "Write such an endpoint" if limit else "Use another namespace")


@dataclass(frozen=True)
class _Estimator:
    """The estimator must be scikit-learn's, or of one of the packages."""

    def excesses(self, spec: TrainingJobSpec, limit: Any) -> Iterator[_Excess]:
        name, packages = spec.estimator.class_name, (SCIKIT_LEARN, *limit)
        if not any(is_below(name, package) for package in packages):
            may = f"may name {_only('estimator', packages, 'those of ')}"
            yield _Excess("spec.estimator.className", show(name), may, "Write one of these")


#: To add a limit: a field of `Limits`, its entry here, its lines in the chart's values.schema.json and docs/tenancy.md.
RULES: Mapping[str, _Rule] = {
    "max_cells": _Most(asked.cells, "a number of cells of {}"),
    "max_parallelism": _Most(asked.parallelism, "a parallelism of {}"),
    "max_timeout_seconds": _Most(asked.timeout_seconds, "runs of {} seconds"),
    "max_memory": _Most(asked.memory, "pods with {} of memory"),
    "max_cpu": _Most(asked.cpu, "pods with {} CPU"),
    "extended_resources": _ExtendedResources(),
    "estimator_prefixes": _Estimator(),
    "trainers": _OneOf(asked.trainer, "trainer image", needed=True),
    "priority_classes": _OneOf(asked.template_names("priority_class_name", "priorityClassName"), "PriorityClass"),
    "service_accounts": _OneOf(asked.template_names("service_account_name", "serviceAccountName"), "ServiceAccount"),
    "tolerations": _OneOf(asked.tolerations, "taint to be tolerated"),
    "queues": _OneOf(asked.queue, "queue", needed=True),
    "source_prefixes": _Below(asked.sources, "source"),
    "output_prefixes": _Below(asked.outputs, "output", folder=True),
    "allowed_endpoints": _Endpoints(),
}


def check(spec: TrainingJobSpec, namespace: str, limits: Mapping[str, Limit]) -> tuple[Problem, ...]:
    """Return all that a spec asks for beyond the limits of its namespace."""
    return tuple(
        Problem(excess.path, excess.value, _words(excess, namespace, limit.setting))
        for field, limit in limits.items()
        for excess in RULES[field].excesses(spec, limit.value)
    )


def check_trainer(spec: TrainingJobSpec, names: Sequence[str]) -> tuple[Problem, ...]:
    """Return that a spec names a trainer image that the platform does not have."""
    name = spec.execution.trainer
    if name in names:
        return ()
    rule = (
        f"the platform has no trainer image of this name, only {', '.join(names)} (trainer.images of the operator's "
        "chart). Write one of these, or ask the platform team, who sets it"
    )
    return (Problem("spec.execution.trainer", show(name), rule),)


def _words(excess: _Excess, namespace: str, setting: str) -> str:
    return (
        f"namespace {namespace} {excess.may} ({setting} of the operator's chart). {excess.advice}, or ask the platform "
        "team, who sets it"
    )


def _only(what: str, allowed: Sequence[str], which: str = "") -> str:
    """Return that there may be none, or none but these."""
    if not allowed:
        return f"no {what}"
    return f"no {what} but {which}{first_of(allowed)}"
