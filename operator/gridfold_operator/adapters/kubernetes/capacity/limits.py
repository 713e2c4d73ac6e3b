"""How many nodes of a provider one job may have, beside what other jobs have of it. Pure."""

from collections.abc import Iterable

from gridfold_operator.adapters.kubernetes.capacity.records import Record
from gridfold_operator.capacity_settings import ProviderSettings


def is_shared(settings: ProviderSettings) -> bool:
    """Tell whether it depends on other jobs how many nodes a job may have."""
    return settings.max_nodes is not None or settings.max_nodes_per_namespace is not None


def most_nodes(settings: ProviderSettings, namespace: str, others: Iterable[Record]) -> int | None:
    """Return how many nodes a job of a namespace may have, None where there is no limit.

    What others are handing back counts until it is gone: the machines are there.
    """
    theirs = [record for record in others if record.provider == settings.name]
    beside = sum(record.nodes for record in theirs)
    beside_here = sum(record.nodes for record in theirs if record.namespace == namespace)
    found = [
        settings.max_nodes_per_job,
        None if settings.max_nodes is None else settings.max_nodes - beside,
        None if settings.max_nodes_per_namespace is None else settings.max_nodes_per_namespace - beside_here,
    ]
    return min((max(0, bound) for bound in found if bound is not None), default=None)


def go_before(record: Record, others: Iterable[Record]) -> list[Record]:
    """Return whose grant was recorded before this one, where two jobs take the last nodes at the same time."""
    mine = (record.since, record.digest)
    return [other for other in others if (other.since, other.digest) < mine]
