"""What the pods of each stage need: resources and template, with what prepare and refit have otherwise."""

from gridfold.api.handoff import Stage
from gridfold.api.v1alpha1 import Execution, PodTemplate, StageSettings
from gridfold.api.v1alpha1.quantities import amount
from gridfold.api.v1alpha1.resources import STORAGE

#: Requests and limits, by name of the resource.
Amounts = dict[str, dict[str, str]]


def settings_of(execution: Execution, stage: Stage) -> StageSettings:
    """Return what a stage has otherwise than the cells."""
    return {Stage.PREPARE: execution.prepare, Stage.REFIT: execution.refit}.get(stage, StageSettings())


def template_of(execution: Execution, stage: Stage) -> PodTemplate:
    """Return how a stage's pods are labelled and placed."""
    own = settings_of(execution, stage).template
    return execution.template if own is None else own.over(execution.template)


def resources_of(execution: Execution, stage: Stage) -> Amounts:
    """Return the resources of a stage's pods."""
    return (settings_of(execution, stage).resources or execution.resources).amounts()


def path_of_resources(execution: Execution, stage: Stage) -> str:
    """Return where in the resource a stage's resources stand, for advice."""
    own = settings_of(execution, stage).resources
    return "spec.execution.resources" if own is None else f"spec.execution.{stage}.resources"


def scratch_of(amounts: Amounts) -> str | None:
    """Return how much a pod may write: its limit of ephemeral-storage, else its request; None: no limit."""
    return amounts["limits"].get(STORAGE) or amounts["requests"].get(STORAGE)


def scratch_bytes(amounts: Amounts) -> int | None:
    """Return the same in whole bytes."""
    size = scratch_of(amounts)
    return None if size is None else int(amount(size))
