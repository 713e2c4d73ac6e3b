"""What a spec asks for, as far as a platform may limit it: each value with the path at which it stands."""

from collections.abc import Callable, Iterable, Iterator

from gridfold.api.v1alpha1 import PodTemplate, Resources, Toleration, TrainingJobSpec
from gridfold.api.v1alpha1.resources import is_extended
from gridfold.domain.grid import cell_count

#: Path in the resource, and the value there, "" where none is given.
Found = Iterable[tuple[str, str]]

#: What a toleration without a key tolerates.
EVERY_TAINT = "every taint"


def cells(spec: TrainingJobSpec) -> Found:
    """Yield how many cells the search has."""
    yield "spec.search", str(cell_count(spec.search))


def parallelism(spec: TrainingJobSpec) -> Found:
    """Yield how many cells, or pods with several, run at the same time."""
    yield "spec.execution.parallelism", str(spec.execution.parallelism)


def timeout_seconds(spec: TrainingJobSpec) -> Found:
    """Yield how long the run may take."""
    yield "spec.execution.timeoutSeconds", str(spec.execution.timeout_seconds)


def memory(spec: TrainingJobSpec) -> Found:
    """Yield how much memory pods have at most, those of later tries too."""
    yield from _limits(spec, "memory")
    if spec.execution.out_of_memory is not None:
        yield "spec.execution.outOfMemory.maxMemory", spec.execution.out_of_memory.max_memory


def cpu(spec: TrainingJobSpec) -> Found:
    """Yield how much CPU pods have at most."""
    yield from _limits(spec, "cpu")


def extended_resources(spec: TrainingJobSpec) -> Iterator[tuple[str, str, str]]:
    """Yield path, name and quantity of each extended resource; its request is the same."""
    for path, resources in _resources(spec):
        for name, quantity in resources.limits.items():
            if is_extended(name):
                yield f"{path}.limits.{name}", name, quantity


def template_names(field: str, name: str) -> Callable[[TrainingJobSpec], Found]:
    """Return what yields a field of the pods' templates that is one name."""

    def found(spec: TrainingJobSpec) -> Found:
        for path, template in _templates(spec):
            yield f"{path}.{name}", getattr(template, field) or ""

    return found


def tolerations(spec: TrainingJobSpec) -> Found:
    """Yield which taints pods tolerate, as KEY, KEY=VALUE or `EVERY_TAINT`."""
    for path, template in _templates(spec):
        for index, toleration in enumerate(template.tolerations or ()):
            yield f"{path}.tolerations[{index}]", _taint(toleration)


def trainer(spec: TrainingJobSpec) -> Found:
    """Yield the name of the trainer image."""
    yield "spec.execution.trainer", spec.execution.trainer


def queue(spec: TrainingJobSpec) -> Found:
    """Yield the queue that admits the job."""
    yield "spec.execution.queueName", spec.execution.queue_name


def sources(spec: TrainingJobSpec) -> Found:
    """Yield where data is read."""
    for index, source in enumerate(spec.dataset.sources):
        yield f"spec.dataset.sources[{index}].uri", source.uri


def outputs(spec: TrainingJobSpec) -> Found:
    """Yield where results, prepared data and the model are written."""
    yield "spec.output.uri", spec.output.uri
    if spec.output.cache_uri is not None:
        yield "spec.output.cacheUri", spec.output.cache_uri


def endpoints(spec: TrainingJobSpec) -> Found:
    """Yield URLs of servers that the spec names: of object storage, and of data. The cloud's own it does not name."""
    if spec.storage.endpoint is not None:
        yield "spec.storage.endpoint", spec.storage.endpoint
    for index, source in enumerate(spec.dataset.sources):
        if source.storage is not None and source.storage.endpoint is not None:
            yield f"spec.dataset.sources[{index}].storage.endpoint", source.storage.endpoint
        if source.uri.startswith("https:"):
            yield f"spec.dataset.sources[{index}].uri", source.uri


def _limits(spec: TrainingJobSpec, resource: str) -> Found:
    """Yield the limits of one resource: requests are never above them, and without one a pod takes what there is."""
    for path, resources in _resources(spec):
        yield f"{path}.limits.{resource}", resources.limits.get(resource, "")


def _resources(spec: TrainingJobSpec) -> Iterator[tuple[str, Resources]]:
    yield "spec.execution.resources", spec.execution.resources
    for name, stage in (("prepare", spec.execution.prepare), ("refit", spec.execution.refit)):
        if stage.resources is not None:
            yield f"spec.execution.{name}.resources", stage.resources


def _templates(spec: TrainingJobSpec) -> Iterator[tuple[str, PodTemplate]]:
    yield "spec.execution.template", spec.execution.template
    for name, stage in (("prepare", spec.execution.prepare), ("refit", spec.execution.refit)):
        if stage.template is not None:
            yield f"spec.execution.{name}.template", stage.template


def _taint(toleration: Toleration) -> str:
    if toleration.key is None:
        return EVERY_TAINT
    return toleration.key if toleration.operator == "Exists" else f"{toleration.key}={toleration.value or ''}"
