"""What differs between two versions of a job, as far as it can change a number of its results."""

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import ValidationError

from gridfold.api.confidential import plain_url
from gridfold.api.v1alpha1 import TrainingJobSpec
from gridfold.api.validation import show
from gridfold.domain.keys import digest, run_document

SHOWN_CHARACTERS = 80
_ABSENT = object()


def shareable_document(spec: TrainingJobSpec) -> dict[str, Any]:
    """Return a spec's document as it may stand beside results: the query of a signed URL is a secret."""
    return _without_queries(spec.document())


def _without_queries(document: dict[str, Any]) -> dict[str, Any]:
    for source in document["dataset"]["sources"]:
        source["uri"] = plain_url(source["uri"])
    return document


def differences(before: Mapping[str, Any], now: TrainingJobSpec) -> list[str]:
    """Return a phrase for each field of which a spec, given as its document, differs from the one of now.

    Where the results are, and what else changes none of their numbers (storage, parallelism, targets), is left out;
    so is a default that the earlier version of Gridfold did not have yet.
    """
    try:
        then = run_document(TrainingJobSpec.model_validate(before))
    except ValidationError:  # a field that is gone, or is not here yet
        then = dict(before)
    current = _without_queries(run_document(now))
    for document in (then, current):
        document.pop("output", None)
    return [f"spec.{path} {_words(old, new)}" for path, old, new in _different("", then, current)]


def _different(path: str, old: Any, new: Any) -> Iterator[tuple[str, Any, Any]]:
    """Yield path, old and new value of whatever is not the same (1 and 1.0 are not), as deep as both have the place."""
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        for name in dict.fromkeys([*old, *new]):
            below = f"{path}.{name}" if path else name
            yield from _different(below, old.get(name, _ABSENT), new.get(name, _ABSENT))
    elif isinstance(old, list) and isinstance(new, list) and len(old) == len(new) and _maps(old) and _maps(new):
        for number, (one, other) in enumerate(zip(old, new, strict=True)):
            yield from _different(f"{path}[{number}]", one, other)
    elif _ABSENT in (old, new):
        if not path.endswith("].sha256"):  # a pin that came or went pins the same content
            yield path, old, new
    elif digest(old) != digest(new):
        yield path, old, new


def _maps(values: list[Any]) -> bool:
    return all(isinstance(value, Mapping) for value in values)


def _words(old: Any, new: Any) -> str:
    was = "was not given" if old is _ABSENT else f"was {_shown(old)}"
    return f"{was} and is now {'not given' if new is _ABSENT else _shown(new)}"


def _shown(value: Any) -> str:
    text = show(value)
    return text if len(text) <= SHOWN_CHARACTERS else text[: SHOWN_CHARACTERS - 1] + "…"
