"""What CapacityReady says of nodes that a provider is asked for: (reason, message), with what to do."""

from collections.abc import Iterable
from dataclasses import dataclass

from gridfold.api.conditions import Reason
from gridfold.domain.capacity.amounts import format_amount
from gridfold.domain.capacity.held import Pods, Trouble
from gridfold.domain.capacity.sizing import Misfit
from gridfold.domain.words import counted

Words = tuple[str, str]


@dataclass(frozen=True)
class Asked:
    """What has been asked, for what, and what has come."""

    provider: str
    nodes: int
    ready: int
    pods: int

    def __str__(self) -> str:
        """Return it in a sentence."""
        if not self.nodes:
            return f"{counted(self.pods, 'pod')} {_find(self.pods)} no room"
        came = f"{min(self.ready, self.nodes)} of {self.nodes} {'is' if self.ready == 1 else 'are'} ready"
        return (
            f"{counted(self.pods, 'pod')} {_find(self.pods)} no room: asked {self.provider} for "
            f"{counted(self.nodes, 'node')}; {came}"
        )


@dataclass(frozen=True)
class Bound:
    """What keeps the number of nodes down."""

    max_nodes: int
    platform: int | None
    node_hours: int | None  #: where too few of these are left


def _find(pods: int) -> str:
    return "finds" if pods == 1 else "find"


def requested(asked: Asked) -> Words:
    """Say that nodes are on their way."""
    return Reason.NODES_REQUESTED, f"{asked}"


def limited(asked: Asked, wanted: int, bound: Bound) -> Words:
    """Say that the job would need more nodes than it may have."""
    if bound.node_hours is not None:
        why = (
            f"too few node-hours are left of spec.capacity.maxNodeHours, {bound.node_hours}: raise it for more at a "
            "time"
        )
    elif bound.platform is not None and bound.platform < bound.max_nodes:
        why = f"the platform lets this job have {bound.platform} of {asked.provider} now: ask it for more"
    else:
        why = f"spec.capacity.maxNodes is {bound.max_nodes}: raise it for more at a time"
    return Reason.NODE_LIMIT, f"{asked}. {wanted} would be needed, but {why}. Until then, pods take turns."


def node_hours_used(provider: str, hours: int) -> Words:
    """Say that the job has had all of its node-hours."""
    return (
        Reason.NODE_HOURS_USED,
        f"the job has used its {hours} node-hours: the nodes of {provider} are handed back, and pods run where there "
        "is room without them; raise spec.capacity.maxNodeHours, and it is given nodes again",
    )


def does_not_fit(pods: Pods, found: Iterable[Misfit], provider: str) -> Words:
    """Say that no node of the provider is large enough."""
    parts = (
        f"{misfit.resource} {format_amount(misfit.resource, misfit.wanted)}, and a node gives "
        f"{format_amount(misfit.resource, misfit.given) if misfit.given else 'none'}"
        for misfit in found
    )
    return (
        Reason.POD_DOES_NOT_FIT,
        f"no node of {provider} has room for such a pod, so none is asked for: a pod wants {'; '.join(parts)}; lower "
        f"{pods.setting}, or name a provider with larger nodes in spec.capacity.provider",
    )


def troubled(asked: Asked, trouble: Trouble | None) -> Words:
    """Say why nodes do not come."""
    if trouble is None:
        return requested(asked)
    return trouble.reason, f"{asked}; {trouble.message}"


def late(asked: Asked, seconds: float) -> Words:
    """Say that nodes do not come, and nobody tells why."""
    missing = asked.nodes - asked.ready
    return (
        Reason.NODES_LATE,
        f"{asked}, and {missing} {'has' if missing == 1 else 'have'} not come within {seconds / 60:.0f} minutes, for "
        "no reason that is told where the operator looks. Ask the platform whether what makes the machines of "
        f"{asked.provider} runs, and what its log says, or name another in spec.capacity.provider. Until then, pods "
        "run where there is room.",
    )


def unused(asked: Asked, empty: int, words: str) -> Words:
    """Say that pods do not go onto nodes that are there for them."""
    return (
        Reason.NODES_UNUSED,
        f"{asked}, but {empty} of them {'has' if empty == 1 else 'have'} no pod of this job. The scheduler says: "
        f"{words.rstrip('. ')}. Compare nodeSelector, affinity and tolerations in spec.execution.template with the "
        "labels and taints of these nodes.",
    )


def queue_provides(provider: str) -> Words:
    """Say that the provider is not asked under a queue."""
    return (
        Reason.PROVIDER_OFF,
        f"the pods are admitted by the queue that spec.execution.queueName names, which sees to their nodes; "
        f"spec.capacity.provider {provider} is not asked. Leave one of the two out.",
    )
