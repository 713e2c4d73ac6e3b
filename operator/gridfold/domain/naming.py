"""Names of children: deterministic, so that two leaders that both create collide on purpose."""

import hashlib
import re

#: A Job's pods are called <job>-<index>-<suffix> and their host name <job>-<index> is a DNS label.
NAME_LIMIT = 63
INDEX_ROOM = len("-99999")


def child_name(job: str, run_digest: str, suffix: str) -> str:
    """Return the name of a child, such as pima-3f2a91c0-w0: a DNS label that leaves room for the pods' index.

    The run's digest contains the resource's uid, so a namesake that was deleted and made again gets other children.
    """
    tail = f"-{run_digest[:8]}-{suffix}"
    return _fit(job, NAME_LIMIT - INDEX_ROOM - len(tail)) + tail


def wave_number(child: str) -> int | None:
    """Return the number of the wave that has this name, None where another stage has it."""
    found = re.search(r"-[0-9a-f]{8}-w([0-9]+)$", child)
    return int(found[1]) if found else None


def capacity_digest(namespace: str, name: str, uid: str) -> str:
    """Return the short digest of one job by which its nodes, and what is recorded of them, are known."""
    return hashlib.sha256(f"{namespace}/{name}/{uid}".encode()).hexdigest()[:16]


def label_value(name: str) -> str:
    """Return a name as a label's value (at most 63 characters)."""
    return _fit(name, NAME_LIMIT)


def _fit(name: str, limit: int) -> str:
    """Return a DNS label of at most `limit` characters; a name that had to change gets a digest."""
    label = re.sub(r"[^a-z0-9-]", "-", name)
    if label == name and len(label) <= limit:
        return label
    mark = hashlib.sha256(name.encode()).hexdigest()[:6]
    return f"{label[: limit - len(mark) - 1].rstrip('-')}-{mark}"
