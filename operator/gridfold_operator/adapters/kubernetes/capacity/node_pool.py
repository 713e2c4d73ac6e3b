"""A job's NodePool of Karpenter, and what NodePool and NodeClaims tell. Pure."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from pydantic import ValidationError

from gridfold.api import labels
from gridfold.api.conditions import Reason
from gridfold.domain.capacity.held import Trouble
from gridfold_operator.adapters.kubernetes.capacity.records import Record, lease_name, recorded_text
from gridfold_operator.adapters.kubernetes.pods import condition, parse_time
from gridfold_operator.capacity_settings import KarpenterSettings

Document = Mapping[str, Any]

#: On the NodeClaims and nodes of a NodePool.
POOL_LABEL = "karpenter.sh/nodepool"
#: A machine that takes longer to become a node on which pods run will perhaps never be one.
LATE_SECONDS = 180.0
#: Reason of a condition that nobody has looked at yet.
_NOT_YET = "AwaitingReconciliation"
_OF_OTHER_POOLS = ("did not tolerate taint", "limits")
#: Karpenter lists all requirements of a pool.
LONGEST_WORDS = 400
_COMPARE = (
    "Compare spec.execution (resources, and nodeSelector and affinity of its template) with the provider's "
    "requirements (the chart's value capacity.providers)"
)


def build_node_pool(record: Record, settings: KarpenterSettings, system: str) -> dict[str, Any]:
    """Return the NodePool of a job: for its pods alone, of at most so many nodes, none of which stays empty."""
    ours = {labels.CAPACITY: record.digest}
    taint = {"key": labels.CAPACITY, "value": record.digest, "effect": "NoSchedule"}
    template = {
        "metadata": {"labels": {**settings.labels, **ours}},
        "spec": {
            "nodeClassRef": settings.node_class_ref.model_dump(),
            "requirements": [dict(requirement) for requirement in settings.requirements],
            "taints": [*(taint.model_dump() for taint in settings.taints), taint],
            "expireAfter": settings.expire_after,
            "terminationGracePeriod": settings.termination_grace_period,
        },
    }
    return {
        "apiVersion": "karpenter.sh/v1",
        "kind": "NodePool",
        "metadata": {
            "name": lease_name(record.digest),
            "labels": {labels.MANAGED_BY: labels.MANAGED_BY_VALUE, labels.SYSTEM: system, **ours},
            "annotations": record.annotations,
        },
        "spec": {
            "template": template,
            "disruption": {
                "consolidationPolicy": "WhenEmpty",
                "consolidateAfter": settings.consolidate_after,
                "budgets": [{"nodes": "100%"}],
            },
            "limits": {"nodes": str(record.nodes)},
        },
    }


def record_of(pool: Document) -> Record | None:
    """Return the record for which a NodePool was made, None where it cannot be read."""
    try:
        return Record.model_validate_json(recorded_text(pool))
    except ValidationError:
        return None


def nodes_granted(pool: Document) -> int:
    """Return of how many nodes a NodePool may be."""
    return int((pool["spec"].get("limits") or {}).get("nodes", 0))


def is_launched(claim: Document) -> bool:
    """Tell whether there is a machine for a NodeClaim."""
    return condition(claim.get("status") or {}, "Launched").get("status") == "True"


def ready_nodes(claims: Iterable[Document]) -> dict[str, datetime]:
    """Return the names of the nodes on which pods can run, and since when. One that is going is none of them."""
    found = {}
    for claim in claims:
        status = claim.get("status") or {}
        said = condition(status, "Initialized")
        if said.get("status") == "True" and not claim["metadata"].get("deletionTimestamp"):
            found[status.get("nodeName", "")] = parse_time(said.get("lastTransitionTime"))
    return found


def trouble_of(pool: Document, claims: Iterable[Document], now: datetime) -> Trouble | None:
    """Return what Karpenter says of nodes that do not come, of the pool first, then of its machines."""
    status = pool.get("status") or {}
    found = [
        ("the NodePool is not Ready", condition(status, "Ready"), False),
        ("no node of the NodePool has registered", condition(status, "NodeRegistrationHealthy"), False),
    ]
    for claim in claims:
        name, status = claim["metadata"]["name"], claim.get("status") or {}
        created = claim["metadata"].get("creationTimestamp")
        is_late = created is not None and (now - parse_time(created)).total_seconds() >= LATE_SECONDS
        kinds = ("Launched", "Registered", "Initialized")
        found += [(f"NodeClaim {name} is not {kind}", condition(status, kind), is_late) for kind in kinds]
    for what, said, is_late in found:
        if _is_trouble(said, is_late):
            words = said.get("message") or "it says no more"
            return Trouble(Reason.PROVIDER_FAILED, f"Karpenter: {what}: {said.get('reason', '')}: {words}")
    return None


def trouble_told(events: Iterable[Document], pool: Document, since: datetime) -> Trouble | None:
    """Return what Karpenter's latest Event says of a pool or of a machine, which may be gone: of no capacity it ends.

    `since`: what was told before is no news.
    """
    name = pool["metadata"]["name"]
    told = [
        (at, event)
        for event in events
        if f"{event['involvedObject'].get('name', '')}-".startswith(f"{name}-")
        and (at := parse_time(event.get("lastTimestamp") or event.get("eventTime"))) >= since
    ]
    if not told:
        return None
    event = max(told, key=lambda one: one[0])[1]
    return Trouble(Reason.PROVIDER_FAILED, f"Karpenter: {event.get('reason', '')}: {event.get('message', '')}")


def told_of_pods(events: Iterable[Document], job: str, since: datetime) -> list[tuple[str, str]]:
    """Return the names of pods that may be a job's with what Karpenter says of each, the latest first.

    It says of every pool why not, without naming it. A pod of the job tolerates the taints of its own pool: what it
    does not tolerate is another's. That a pool is at its limit is our own doing.
    """
    found = []
    for event in events:
        pod, at = (
            event["involvedObject"].get("name", ""),
            parse_time(event.get("lastTimestamp") or event.get("eventTime")),
        )
        if at < since or not pod.startswith(f"{job}-"):
            continue
        causes = event.get("message", "").removeprefix("Failed to schedule pod, ").split("; ")
        ours = dict.fromkeys(cause for cause in causes if not any(words in cause for words in _OF_OTHER_POOLS))
        if ours:
            words = f"Karpenter makes no machine for pod {pod}: {_shortened('; '.join(ours))}. {_COMPARE}"
            found.append((at, pod, words))
    return [(pod, words) for _, pod, words in sorted(found, reverse=True)]


def _shortened(words: str) -> str:
    return words if len(words) <= LONGEST_WORDS else f"{words[: LONGEST_WORDS - 1]}…"


def _is_trouble(said: Document, is_late: bool) -> bool:
    """Tell whether a condition is false, or unknown for a reason: a launch that has failed, or what takes too long."""
    named = said.get("reason") not in {None, "", _NOT_YET}
    failed = said.get("status") == "Unknown" and named and (said.get("type") == "Launched" or is_late)
    return said.get("status") == "False" or failed
