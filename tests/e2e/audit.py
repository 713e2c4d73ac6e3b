"""Who wrote when, by the API server's own account: its audit log."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

LEASES = "leases"


@dataclass(frozen=True)
class Write:
    """One request that changes something, from when the API server received it to when it had answered."""

    pod: str
    resource: str
    received: str  #: RFC 3339 with microseconds, in UTC: sorts as text
    answered: str
    holder: str | None  #: pod that a Lease is given to, "" for none; None where it is no Lease, or was refused

    def __str__(self) -> str:
        """Return what is told where it should not have been written."""
        return f"{self.pod} wrote {self.resource} at {self.received}"


def writes_of(log: Path, account: str) -> list[Write]:
    """Return all writes of a ServiceAccount in the order in which they were received."""
    return sorted(_writes(log, account), key=lambda write: write.received)


def out_of_turn(writes: list[Write]) -> list[str]:
    """Return what was written by another pod than the one that held the Lease when it was received."""
    given = sorted((write.answered, write.holder) for write in writes if write.holder is not None)
    found = []
    for write in writes:
        holder = next((pod for when, pod in reversed(given) if when <= write.received), "")
        if write.resource != LEASES and write.pod != holder:
            found.append(f"{write}, when {holder or 'nobody'} held the Lease")
    return found


def _writes(log: Path, account: str) -> Iterator[Write]:
    for line in log.read_text("utf-8").splitlines():
        event = json.loads(line)
        if event["user"]["username"] != account:
            continue
        reference = event["objectRef"]
        holder = None
        if reference["resource"] == LEASES and event["responseStatus"]["code"] < 300:
            holder = event["requestObject"]["spec"].get("holderIdentity", "").rpartition("/")[2]
        (pod,) = event["user"]["extra"]["authentication.kubernetes.io/pod-name"]
        resource = "/".join(filter(None, (reference["resource"], reference.get("subresource"))))
        yield Write(pod, resource, event["requestReceivedTimestamp"], event["stageTimestamp"], holder)
