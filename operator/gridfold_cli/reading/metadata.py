"""What the API server refuses of any object's metadata."""

from collections.abc import Iterator
from typing import Any

from gridfold.api.validation import Problem, show

#: Of meta/v1 ObjectMeta.
FIELDS = frozenset(
    {
        "annotations",
        "creationTimestamp",
        "deletionGracePeriodSeconds",
        "deletionTimestamp",
        "finalizers",
        "generateName",
        "generation",
        "labels",
        "managedFields",
        "name",
        "namespace",
        "ownerReferences",
        "resourceVersion",
        "selfLink",
        "uid",
    }
)
TEXT_MAPS = ("annotations", "labels")


def metadata_problems(metadata: Any) -> tuple[Problem, ...]:
    """Return what is wrong with fields of metadata that Gridfold itself never reads."""
    return tuple(_problems(metadata)) if isinstance(metadata, dict) else ()


def _problems(metadata: dict[str, Any]) -> Iterator[Problem]:
    for name, value in metadata.items():
        if name not in FIELDS:
            yield Problem(f"metadata.{name}", show(value), "is not a field of an object's metadata")
    for name in TEXT_MAPS:
        entries = metadata.get(name)
        if entries is None:
            continue
        if not isinstance(entries, dict):
            yield Problem(f"metadata.{name}", show(entries), "must be a map of texts")
            continue
        for key, value in entries.items():
            if not isinstance(value, str):
                yield Problem(f"metadata.{name}.{key}", show(value), "must be a string: write it in quotes")
