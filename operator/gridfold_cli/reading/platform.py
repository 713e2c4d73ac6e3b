"""What the platform has configured, as far as a laptop can make use of it: who gives nodes, and what is allowed."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError

from gridfold.api.node_provider import NodeProvider
from gridfold.api.v1alpha1 import DEFAULT_TRAINER
from gridfold.api.validation import show
from gridfold.domain.tenancy.judging import PlatformRules
from gridfold.domain.tenancy.settings import TenancySettings, TrainerEndpoints
from gridfold_cli.errors import InvalidInputError
from gridfold_cli.reading.files import read_text
from gridfold_cli.reading.kubectl_yaml import YamlError, read_documents

#: Of the ConfigMap that the chart makes.
KEY = "settings.yaml"
#: The operator's settings always have `trainer`; values of the chart may have any of these alone.
SECTIONS = frozenset({"capacity", "tenancy", "trainer"})
EXPECTED = (
    "expected the values of the chart gridfold, or the ConfigMap that it makes: kubectl get configmap -n NAMESPACE "
    "gridfold -o yaml"
)
_PROVIDERS = TypeAdapter(tuple[NodeProvider, ...])
_TENANCY = TypeAdapter(TenancySettings)
_IMAGES = TypeAdapter(dict[str, Any])  # values have a map for each, settings one reference
_PREFIXES = TypeAdapter(tuple[str, ...])
_ENDPOINTS: TypeAdapter[Sequence[str]] = TypeAdapter(TrainerEndpoints)
T = TypeVar("T")


def load_providers(path: Path) -> tuple[NodeProvider, ...]:
    """Return who gives nodes by a file: values of the chart, the operator's settings, or the ConfigMap that has them.

    Among several documents, as of `helm template`, it is the first of these.

    Raises:
        InvalidInputError: it is no such file, with what is wrong in it.
    """
    return _read(path, _first(path), _PROVIDERS, "capacity", "providers") or ()


def load_rules(path: Path) -> PlatformRules:
    """Return what decides whether a spec is accepted, by the same kinds of files.

    Raises:
        InvalidInputError: it is no such file, with what is wrong in it.
    """
    settings = _first(path)
    prefixes = _read(path, settings, _PREFIXES, "trainer", "estimatorPrefixes")
    return PlatformRules(
        tenancy=_read(path, settings, _TENANCY, "tenancy") or TenancySettings(),
        trainers=(DEFAULT_TRAINER, *(_read(path, settings, _IMAGES, "trainer", "images") or ())),
        estimator_prefixes=prefixes or (),
        endpoints=_read(path, settings, _ENDPOINTS, "trainer", "allowedEndpoints") or (),
    )


def _read(path: Path, settings: Mapping[str, Any], kind: TypeAdapter[T], *names: str) -> T | None:
    """Return what stands in a place of the settings, None where there is nothing."""
    value: Any = settings
    for name in names:
        value = value.get(name) if isinstance(value, Mapping) else None
    if value is None:
        return None
    try:
        return kind.validate_python(value)
    except ValidationError as error:
        raise InvalidInputError(*_sentences(path, ".".join(names), error)) from error


def _first(path: Path) -> Mapping[str, Any]:
    found = next(_settings(path, read_text(path)), None)
    if found is None:
        raise InvalidInputError(f"{path}: has no settings of Gridfold in it; {EXPECTED}")
    return found


def _settings(path: Path, text: str) -> Iterator[Mapping[str, Any]]:
    """Yield what may be settings."""
    try:
        for document in read_documents(text):
            value = document.value
            if not isinstance(value, Mapping):
                continue
            data = value.get("data")
            if value.get("kind") == "ConfigMap" and isinstance(data, Mapping) and isinstance(data.get(KEY), str):
                yield from _settings(path, data[KEY])
            elif "kind" not in value and not SECTIONS.isdisjoint(value):
                yield value
    except YamlError as error:
        raise InvalidInputError(f"{path}:{error.line}:{error.column}: {error.message}") from error


def _sentences(path: Path, section: str, error: ValidationError) -> Iterator[str]:
    for found in error.errors(include_url=False):
        place = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in found["loc"])
        yield f"{path}: {section}{place}: {found['msg']} (seen: {show(found['input'])})"
