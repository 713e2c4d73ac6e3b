"""What the pods of each stage need: resources and template, with what prepare and refit have otherwise."""

from dataclasses import dataclass

from gridfold.api.handoff import Stage
from gridfold.api.v1alpha1 import Execution, PodTemplate, StageSettings
from gridfold.api.v1alpha1.quantities import amount, format_bytes
from gridfold.api.v1alpha1.resources import MEMORY, STORAGE

#: Of prepare and refit, where nothing is said.
TIMEOUT_SECONDS = 21600
#: Requests and limits, by name of the resource.
Amounts = dict[str, dict[str, str]]


def settings_of(execution: Execution, stage: Stage) -> StageSettings:
    """Return what a stage has otherwise than the cells."""
    return {Stage.PREPARE: execution.prepare, Stage.REFIT: execution.refit}.get(stage, StageSettings())


def template_of(execution: Execution, stage: Stage) -> PodTemplate:
    """Return how a stage's pods are labelled and placed."""
    own = settings_of(execution, stage).template
    return execution.template if own is None else own.over(execution.template)


def memory_of(execution: Execution, stage: Stage) -> str:
    """Return how much memory a stage's pods have to begin with; "" where nothing is said of it."""
    return (settings_of(execution, stage).resources or execution.resources).memory


def resources_of(execution: Execution, stage: Stage, memory: str = "") -> Amounts:
    """Return the resources of a stage's pods, with so much memory where that is more: request and limit grow alike."""
    amounts = (settings_of(execution, stage).resources or execution.resources).amounts()
    base = memory_of(execution, stage)
    if not memory or not base or amount(memory) <= amount(base):
        return amounts
    for found in amounts.values():
        if MEMORY in found:
            found[MEMORY] = format_bytes(amount(found[MEMORY]) * amount(memory) / amount(base))
    return amounts


def more_memory(execution: Execution, stage: Stage, memory: str) -> str:
    """Return with how much memory a stage that ran out of so much is tried again; "" where there is no more.

    `memory` is "" where nobody limits it.
    """
    policy = execution.out_of_memory
    if policy is None or not memory:
        return ""
    more = min(amount(memory) * policy.factor, amount(policy.max_memory))
    if more <= amount(memory):
        return ""
    base = memory_of(execution, stage)
    return base if base and amount(base) >= more else format_bytes(more)


def path_of_resources(execution: Execution, stage: Stage) -> str:
    """Return where in the resource a stage's resources stand, for advice."""
    own = settings_of(execution, stage).resources
    return "spec.execution.resources" if own is None else f"spec.execution.{stage}.resources"


def timeout_seconds_of(execution: Execution, stage: Stage) -> int:
    """Return how long a process of a stage may run. Refit fits the winner's folds and two whole models."""
    cell = execution.cell_timeout_seconds
    if stage is Stage.CELL:
        return cell
    default = TIMEOUT_SECONDS if stage is Stage.PREPARE else max(TIMEOUT_SECONDS, 2 * cell)
    return settings_of(execution, stage).timeout_seconds or default


@dataclass(frozen=True)
class Scratch:
    """How much the pods of a stage may write: their limit of ephemeral-storage, or else their request."""

    size: str  #: as a quantity
    setting: str  #: the field of the spec that says so

    @property
    def size_bytes(self) -> int:
        """Return the size in whole bytes."""
        return int(amount(self.size))


def scratch_of(execution: Execution, stage: Stage) -> Scratch | None:
    """Return how much a stage's pods may write; None: whatever the node has room for."""
    amounts = resources_of(execution, stage)
    for part in ("limits", "requests"):
        if size := amounts[part].get(STORAGE):
            return Scratch(size, f"{path_of_resources(execution, stage)}.{part}.{STORAGE}")
    return None
