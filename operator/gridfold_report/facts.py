"""What the run was made of: rows and parts, what each Auto became, versions."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gridfold_report.run import Run, at

_RESOLVED = {
    "split": "Split",
    "crossValidation": "Cross-validation",
    "average": "Average",
    "positiveClass": "Positive class",
    "randomState": "Random state",
}
_DIGESTS = (
    ("Prepared data", ("dataset", "digest")),
    ("Split", ("dataset", "splitDigest")),
    ("Run", ("runDigest",)),
)


@dataclass(frozen=True)
class Group:
    """Facts below one heading."""

    title: str
    lines: Sequence[tuple[str, str]]


def groups(run: Run) -> list[Group]:
    """Return all that is known, without empty groups."""
    made = [
        Group("Rows", list(_rows(run))),
        Group("Resolved", list(_resolved(run))),
        Group("Versions", list(_versions(run))),
    ]
    return [group for group in made if group.lines]


def digests(run: Run) -> list[tuple[str, str]]:
    """Return what two runs have in common if they have the same of it."""
    return [(name, str(at(run.status, *path))) for name, path in _DIGESTS if at(run.status, *path)]


def _rows(run: Run) -> Iterator[tuple[str, str]]:
    data = _map(run.status.get("dataset"))
    if data.get("rows") is not None:
        yield "All", f"{data['rows']:,}"
    for name, rows in _map(data.get("parts")).items():
        yield f"{name.capitalize()} part", f"{rows:,}"
    if data.get("columns") is not None:
        yield "Columns", f"{data['columns']:,}"
        yield "Target", f"one of {data['classes']} classes" if data.get("classes") else "a number"
    for kind in ("droppedRows", "droppedColumns"):
        for cause, number in _map(data.get(kind)).items():
            yield f"Dropped {kind.removeprefix('dropped').lower()}, {cause}", f"{number:,}"


def _resolved(run: Run) -> Iterator[tuple[str, str]]:
    found = _map(run.status.get("resolved"))
    for name, title in _RESOLVED.items():
        if found.get(name) is not None:
            yield title, str(found[name])
    seed = at(run.status, "spec", "split", "seed")
    if seed is not None:
        yield "Seed of the split", str(seed)


def _versions(run: Run) -> Iterator[tuple[str, str]]:
    for name, version in _map(run.status.get("versions")).items():
        yield name, str(version)
    blas = _map(run.status.get("blas"))
    if blas:
        yield "BLAS", " ".join(str(blas[name]) for name in ("name", "version", "architecture") if blas.get(name))
    if run.status.get("threads"):
        yield "Threads of a fit", str(run.status["threads"])


def _map(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
