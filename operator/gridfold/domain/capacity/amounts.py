"""What pods set aside, and how amounts of resources stand in what people read."""

from decimal import Decimal

from gridfold.api.handoff import Stage
from gridfold.api.v1alpha1 import Execution
from gridfold.api.v1alpha1.quantities import amount, format_bytes
from gridfold.api.v1alpha1.resources import MEMORY, STORAGE
from gridfold.domain.capacity.held import Amounts, Pods
from gridfold.domain.stage_needs import path_of_resources, resources_of

_IN_BYTES = (MEMORY, STORAGE, "hugepages-")


def pods_of(execution: Execution, stage: Stage, count: int, memory: str = "") -> Pods:
    """Return so many pods of a stage, with so much memory where that is more than the spec says.

    As for the scheduler, a limit without a request is the request.
    """
    found = resources_of(execution, stage, memory)
    texts = {**found["limits"], **found["requests"]}
    requests = {name: amount(text) for name, text in sorted(texts.items()) if amount(text)}
    return Pods(count, requests, path_of_resources(execution, stage))


def format_amount(name: str, size: Decimal) -> str:
    """Return how much of a resource, as a quantity."""
    if name.startswith(_IN_BYTES):
        return format_bytes(size)
    return f"{size * 1000:f}".split(".", maxsplit=1)[0] + "m" if size % 1 else str(int(size))


def format_amounts(amounts: Amounts) -> str:
    """Return amounts in words: cpu 4, memory 16Gi."""
    return ", ".join(f"{name} {format_amount(name, size)}" for name, size in sorted(amounts.items())) or "nothing"
