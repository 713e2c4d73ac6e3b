"""What `gridfold plan` says of the nodes that a job asks for in a cluster, of their hours, and of what they cost."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

from gridfold.api.handoff import Stage
from gridfold.api.node_provider import NodeProvider
from gridfold.api.v1alpha1 import NONE, TrainingJobSpec
from gridfold.api.v1alpha1.quantities import amount
from gridfold.domain.capacity.amounts import format_amounts
from gridfold.domain.capacity.forecast import (
    BY_CELL,
    BY_HOURS,
    BY_JOB,
    Forecast,
    Offer,
    forecast,
    misfits_of,
    most_node_hours,
    node_hours,
)
from gridfold.domain.capacity.held import Shape
from gridfold.domain.capacity.saying import does_not_fit
from gridfold.domain.durations import format_duration
from gridfold.domain.words import counted, two_digits

Lines = Iterator[tuple[str, str]]
NODES, HOURS, COST = "Nodes", "Node hours", "Cost"
CENT = Decimal("0.01")


@dataclass(frozen=True)
class Platform:
    """What is known of the platform."""

    providers: tuple[NodeProvider, ...]
    source: Path  #: the file that says so


@dataclass(frozen=True)
class Work:
    """What is left of a job."""

    cells: int  #: without a result, as far as it is known
    cell_seconds: float | None = None  #: that a cell takes by those that were measured; None: none was


def describe_nodes(spec: TrainingJobSpec, work: Work, platform: Platform | None) -> Lines:
    """Yield title and text of each line; none where neither job nor platform speaks of nodes."""
    name = spec.capacity.provider
    if name == NONE:
        if platform:
            yield NODES, f"none asked for: spec.capacity.provider is {NONE}; {_known(platform)}"
        return
    if spec.execution.queue_name:
        yield NODES, f"none asked of {name}: the queue of spec.execution.queueName sees to nodes"
        return
    provider = next((found for found in platform.providers if found.name == name), None) if platform else None
    if platform and provider is None:
        yield NODES, f"none: spec.capacity.provider is {name}, which is not configured; {_known(platform)}"
        return
    yield from _of_provider(spec, work, provider)


def _known(platform: Platform) -> str:
    names = ", ".join(provider.name for provider in platform.providers) or "none"
    return f"providers in {platform.source}: {names}"


def _of_provider(spec: TrainingJobSpec, work: Work, provider: NodeProvider | None) -> Lines:
    shape = Shape({name: amount(size) for name, size in provider.shape.items()}) if provider else None
    found = forecast(spec, work.cells, Offer(shape, provider.most_nodes_of_a_job if provider else None))
    if shape:
        yield from _of_stages(spec, shape)
    if found.misfits:
        yield NODES, does_not_fit(found.pods, found.misfits, spec.capacity.provider)[1]
        return
    yield NODES, _nodes(spec, found, provider)
    hours, words = _hours(spec, found, work if provider else Work(work.cells))
    yield HOURS, f"{words}, beside what pods and nodes take to come and to go"
    if provider and provider.price_per_hour is not None:
        price = f"{provider.price_per_hour} {provider.currency}"
        most = "at most " if words.startswith("at most") else ""
        money = _money(Decimal(hours) * provider.price_per_hour)
        yield COST, f"{most}{money} {provider.currency} for these node hours, at {price} an hour of a node"


def _money(amount_of_it: Decimal) -> str:
    if 0 < amount_of_it < CENT:
        return f"less than {CENT}"
    return str(amount_of_it.quantize(CENT, ROUND_HALF_UP))


def _of_stages(spec: TrainingJobSpec, shape: Shape) -> Lines:
    """Yield what is said of prepare and refit where they fit on no node."""
    for stage in (Stage.PREPARE, Stage.REFIT):
        pods, found = misfits_of(spec, stage, shape)
        if found and pods.setting != "spec.execution.resources":
            yield NODES, f"for {stage}: {does_not_fit(pods, found, spec.capacity.provider)[1]}"


def _nodes(spec: TrainingJobSpec, found: Forecast, provider: NodeProvider | None) -> str:
    name, pods = spec.capacity.provider, found.pods
    many = f"at most {found.nodes} of {name}"
    if found.grown > found.nodes:
        many += f", or {found.grown} where all are tried again with more memory (spec.execution.outOfMemory)"
    several = f" of {found.cells_a_pod} cells" if found.cells_a_pod > 1 else ""
    what = f"{counted(pods.count, 'pod' if several else 'cell')}{several} at a time" if found.cells else "the refit"
    each = f"{what}, {format_amounts(pods.requests)}{' each' if pods.count > 1 else ''}"
    if provider is None:
        limit = "spec.capacity.maxNodes" if found.nodes < found.wanted else f"one for each of {what}"
        return f"{many} ({limit}); how many are enough depends on what the platform's nodes have: give --settings"
    shape = format_amounts({resource: amount(size) for resource, size in provider.shape.items()})
    text = f"{many}, without other room in the cluster: {each}; a node gives {shape}"
    if found.nodes == found.wanted:
        return text
    by_job = found.nodes == spec.capacity.max_nodes
    limit = f"spec.capacity.maxNodes is {found.nodes}" if by_job else f"the platform gives a job {found.nodes}"
    return f"{text}; {found.wanted} would be filled, but {limit}: cells take turns"


def _hours(spec: TrainingJobSpec, found: Forecast, work: Work) -> tuple[float, str]:
    """Return node-hours and what is said of them: measured times where there are any, else what cannot be exceeded."""
    most, bound = most_node_hours(spec, found)
    if work.cell_seconds is not None and found.cells:
        hours = node_hours(found, work.cell_seconds)
        if hours <= most:
            return (
                hours,
                f"{two_digits(hours)} for {counted(found.cells, 'cell')}, if they take as long as those measured",
            )
    execution = spec.execution
    why = {
        BY_CELL: f"if each of {counted(found.cells, 'cell')} takes all of its {execution.cell_timeout_seconds} seconds "
        f"(spec.{BY_CELL}) and none is tried again",
        BY_JOB: f"{counted(found.grown, 'node')} for {format_duration(execution.timeout_seconds)} (spec.{BY_JOB})",
        BY_HOURS: f"spec.{BY_HOURS}",
    }
    return most, f"at most {two_digits(most)}: {why[bound]}"
