"""What the platform has configured, as far as a laptop can make use of it: who gives nodes, and which."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from gridfold.api.node_provider import NodeProvider
from gridfold.api.validation import show
from gridfold_cli.errors import InvalidInputError
from gridfold_cli.reading.files import read_text
from gridfold_cli.reading.kubectl_yaml import YamlError, read_documents

#: Of the ConfigMap that the chart makes.
KEY = "settings.yaml"
EXPECTED = (
    "expected the values of the chart gridfold, or the ConfigMap that it makes: kubectl get configmap -n NAMESPACE "
    "gridfold -o yaml"
)
_PROVIDERS = TypeAdapter(tuple[NodeProvider, ...])


def load_providers(path: Path) -> tuple[NodeProvider, ...]:
    """Return who gives nodes by a file: values of the chart, the operator's settings, or the ConfigMap that has them.

    Among several documents, as of `helm template`, it is the first of these.

    Raises:
        InvalidInputError: it is no such file, with what is wrong in it.
    """
    for settings in _settings(path, read_text(path)):
        capacity = settings.get("capacity")
        found = capacity.get("providers") if isinstance(capacity, Mapping) else None
        try:
            return _PROVIDERS.validate_python(found or ())
        except ValidationError as error:
            raise InvalidInputError(*_sentences(path, error)) from error
    raise InvalidInputError(f"{path}: has no settings of Gridfold in it; {EXPECTED}")


def _settings(path: Path, text: str) -> Iterator[Mapping[str, Any]]:
    """Yield what may be settings: the operator's always have `trainer`, values may have `capacity` alone."""
    try:
        for document in read_documents(text):
            value = document.value
            if not isinstance(value, Mapping):
                continue
            data = value.get("data")
            if value.get("kind") == "ConfigMap" and isinstance(data, Mapping) and isinstance(data.get(KEY), str):
                yield from _settings(path, data[KEY])
            elif "kind" not in value and ("capacity" in value or "trainer" in value):
                yield value
    except YamlError as error:
        raise InvalidInputError(f"{path}:{error.line}:{error.column}: {error.message}") from error


def _sentences(path: Path, error: ValidationError) -> Iterator[str]:
    for found in error.errors(include_url=False):
        place = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in found["loc"])
        yield f"{path}: capacity.providers{place}: {found['msg']} (seen: {show(found['input'])})"
