"""What nodes a job would ask for, before it runs: from its spec and what the platform tells of its provider. Pure.

The cells are reckoned with that may run at one time, and without any room that the cluster has: so it is the most that
is asked for, with the memory that the spec gives them at first, and with the most that it allows. Where nothing is
known of what a node gives, it is one node for each pod.
"""

import math
from dataclasses import dataclass
from fractions import Fraction

from gridfold.api.handoff import Stage
from gridfold.api.v1alpha1 import TrainingJobSpec
from gridfold.domain.capacity.amounts import pods_of
from gridfold.domain.capacity.held import Pods, Shape
from gridfold.domain.capacity.sizing import Misfit, misfits, pods_a_node
from gridfold.domain.packing import cells_of_pod, pods_of_cells

HOUR_SECONDS = 3600
#: The fields of the spec by which node-hours are bounded.
BY_JOB, BY_CELL, BY_HOURS = "execution.timeoutSeconds", "execution.cellTimeoutSeconds", "capacity.maxNodeHours"


@dataclass(frozen=True)
class Offer:
    """What a provider gives, as far as it is known."""

    shape: Shape | None = None  #: of one node; None: not known
    most_nodes: int | None = None  #: that the platform lets one job have; None: no limit that is known


@dataclass(frozen=True)
class Forecast:
    """The most nodes that a job asks for at a time."""

    pods: Pods  #: the cells that may run at one time; of a job whose cells all have results: the refit
    cells: int  #: that are still to be computed
    cells_a_pod: int  #: at most, as far as the spec tells
    nodes: int
    wanted: int  #: that the pods would fill, were there no limit
    at_once: int  #: pods that have room at one time on so many nodes, at least
    grown: int  #: nodes where all cells are tried again with the most memory that spec.execution.outOfMemory allows
    misfits: tuple[Misfit, ...] = ()  #: why such a pod fits on no node; then none is asked for

    @property
    def rounds(self) -> int:
        """Return how often pods take turns, where all take equally long."""
        return math.ceil(Fraction(self.cells, self.at_once * self.cells_a_pod)) if self.at_once else 0


def forecast(spec: TrainingJobSpec, cells: int, offer: Offer) -> Forecast:
    """Return what a job with so many cells to compute asks for."""
    execution, each_pod = spec.execution, cells_of_pod(spec.execution)
    count = min(execution.parallelism, pods_of_cells(execution, cells))
    pods = pods_of(execution, Stage.CELL if count else Stage.REFIT, count or 1)
    found = misfits(pods, offer.shape) if offer.shape else ()
    if found:
        return Forecast(pods, cells, each_pod, 0, 0, 0, 0, found)
    each = pods_a_node(pods, offer.shape) if offer.shape else 1
    most = min(spec.capacity.max_nodes, spec.capacity.max_nodes if offer.most_nodes is None else offer.most_nodes)
    wanted = -(-pods.count // each)
    nodes, grown = min(wanted, most), min(_wanted_when_grown(spec, pods, each, offer), most)
    return Forecast(pods, cells, each_pod, nodes, wanted, min(pods.count, nodes * each), grown)


def _wanted_when_grown(spec: TrainingJobSpec, pods: Pods, each: int, offer: Offer) -> int:
    """Return how many nodes the pods fill with the most memory; with more than a node has, none is asked for them."""
    policy = spec.execution.out_of_memory
    if policy is not None and offer.shape is not None:
        grown = pods_of(spec.execution, Stage.CELL, pods.count, policy.max_memory)
        each = 1 if misfits(grown, offer.shape) else pods_a_node(grown, offer.shape)
    return -(-pods.count // each)


def misfits_of(spec: TrainingJobSpec, stage: Stage, shape: Shape) -> tuple[Pods, tuple[Misfit, ...]]:
    """Return the pod of a stage, and why it fits on no node of the shape."""
    pods = pods_of(spec.execution, stage, 1)
    return pods, misfits(pods, shape)


def node_hours(found: Forecast, cell_seconds: float) -> float:
    """Return for how many node-hours the cells keep these nodes, where each takes so long and none is tried again."""
    return found.nodes * found.rounds * found.cells_a_pod * cell_seconds / HOUR_SECONDS


def most_node_hours(spec: TrainingJobSpec, found: Forecast) -> tuple[float, str]:
    """Return how many node-hours it can be, and the field of the spec that bounds them (the lowest of all).

    That of `BY_CELL` holds for the cells alone, and where none of them is tried again.
    """
    bounds = [(found.grown * spec.execution.timeout_seconds / HOUR_SECONDS, BY_JOB)]
    if found.cells:
        bounds.append((node_hours(found, spec.execution.cell_timeout_seconds), BY_CELL))
    if spec.capacity.max_node_hours is not None:
        bounds.append((float(spec.capacity.max_node_hours), BY_HOURS))
    return min(bounds, key=lambda bound: bound[0])
