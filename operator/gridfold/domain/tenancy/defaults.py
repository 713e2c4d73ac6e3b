"""What a spec leaves open of `spec.execution`, filled in by the platform's defaults. Pure."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from gridfold.api.v1alpha1 import PodTemplate, Resources, TrainingJob
from gridfold.api.v1alpha1.fields import QueueName, TrainerName
from gridfold.api.v1alpha1.quantities import amount
from gridfold.api.validation import InvalidTrainingJobError, Problem, drop_nulls, parse_training_job, show

#: Fields of `spec.execution` that are one value.
SINGLE = ("parallelism", "timeoutSeconds", "trainer", "queueName")
#: What may have resources of its own beside `spec.execution` itself.
STAGES = ("prepare", "refit")


class Defaults(BaseModel):
    """Fields of `spec.execution` by the same names; what is not named is left as it is."""

    model_config = ConfigDict(alias_generator=to_camel, validate_by_name=True, extra="forbid", frozen=True)

    parallelism: Annotated[int, Field(ge=1)] | None = None
    timeout_seconds: Annotated[int, Field(ge=1)] | None = None
    trainer: TrainerName | None = None
    queue_name: QueueName | None = None
    resources: Resources | None = None
    template: PodTemplate | None = None

    def document(self) -> dict[str, Any]:
        """Return what is given."""
        return self.model_dump(mode="json", by_alias=True, exclude_none=True, exclude_unset=True)


def left_open(execution: Mapping[str, Any], defaults: Mapping[str, Any]) -> dict[str, Any]:
    """Return what `spec.execution` leaves open and the platform fills in: a document to lay under it.

    A name that is empty is open. Of resources each limit is a field of its own, and the requests are one; neither
    makes a request go above its limit. Of the template each field is one, as it is for `prepare.template`.
    """
    found: dict[str, Any] = {name: defaults[name] for name in SINGLE if name in defaults and not execution.get(name)}
    template, given = defaults.get("template", {}), execution.get("template", {})
    found["template"] = {name: value for name, value in template.items() if name not in given}
    found["resources"] = _resources(execution.get("resources", {}), defaults.get("resources", {}))
    for stage in STAGES:
        own = execution.get(stage, {}).get("resources")
        if own is not None:
            found[stage] = {"resources": _resources(own, defaults.get("resources", {}))}
    return _without_empty(found)


def lay_under(document: Mapping[str, Any], below: Mapping[str, Any]) -> dict[str, Any]:
    """Return a document with the values of another one where it has none, all the way down."""
    merged = {**below, **document}
    for name, value in document.items():
        under = below.get(name)
        if isinstance(value, Mapping) and isinstance(under, Mapping):
            merged[name] = lay_under(value, under)
        elif not value and under:  # an empty name is as good as none
            merged[name] = under
    return merged


def parse_filled(
    document: Mapping[str, Any], defaults: Mapping[str, Any], estimator_prefixes: Sequence[str]
) -> tuple[TrainingJob, dict[str, Any]]:
    """Return the TrainingJob of a document, and what of `spec.execution` the platform has filled in.

    Raises:
        InvalidTrainingJobError: with all problems, of the document alone where it has any.
    """
    job = parse_training_job(document, estimator_prefixes)
    part = left_open(drop_nulls(document["spec"].get("execution") or {}), defaults)
    if not part:
        return job, part
    try:
        return parse_training_job(
            lay_under(drop_nulls(document), {"spec": {"execution": part}}), estimator_prefixes
        ), part
    except InvalidTrainingJobError as error:
        advice = (
            "is what the platform fills in where the spec leaves it open (tenancy.….defaults of the operator's chart), "
            "and it does not fit the rest. Write values of your own that do"
        )
        raise InvalidTrainingJobError((*error.problems, Problem("spec.execution", show(part), advice))) from error


def _resources(given: Mapping[str, Any], defaults: Mapping[str, Any]) -> dict[str, Any]:
    requests, limits = given.get("requests"), given.get("limits", {})
    bounds = {name: value for name, value in defaults.get("limits", {}).items() if name not in limits}
    if requests is not None:
        return {"limits": {name: max(value, requests.get(name, value), key=amount) for name, value in bounds.items()}}
    most = {**bounds, **limits}
    asked = {
        name: min(value, most.get(name, value), key=amount) for name, value in defaults.get("requests", {}).items()
    }
    return {"limits": bounds, "requests": asked}


def _without_empty(document: dict[str, Any]) -> dict[str, Any]:
    below = {name: _without_empty(value) if isinstance(value, dict) else value for name, value in document.items()}
    return {name: value for name, value in below.items() if value != {}}
