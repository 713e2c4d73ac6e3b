"""The operator's settings of tenancy: limits of all namespaces, and others by a namespace's labels or name."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, field_validator
from pydantic.alias_generators import to_camel

from gridfold.api.estimator_names import PREFIX_PATTERN
from gridfold.api.v1alpha1.fields import Quantity
from gridfold.domain.endpoints import PUBLIC, own_services, parse_allowed
from gridfold.domain.tenancy.defaults import Defaults, lay_under, left_open
from gridfold.domain.tenancy.places import place_of

#: In a list: whatever there is. So a namespace may have more than all others.
ANY = "*"
#: In an entry of a list: the name of the namespace.
NAME = "{namespace}"

Most = Annotated[int, Field(ge=1)]
Names = tuple[Annotated[str, Field(min_length=1, max_length=253)], ...]
Endpoints = Annotated[tuple[Annotated[str, Field(max_length=300, pattern=r"^[^\s,]+$")], ...], Field(max_length=256)]
Folders = tuple[Annotated[str, Field(min_length=1, max_length=1024)], ...]
Prefixes = tuple[Annotated[str, Field(max_length=256, pattern=rf"{PREFIX_PATTERN}|^\*$")], ...]
Namespace = Annotated[str, Field(max_length=63, pattern=r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?$")]


def _readable(entries: Endpoints) -> Endpoints:
    parse_allowed(entries)
    return entries


TrainerEndpoints = Annotated[Endpoints, AfterValidator(_readable)]


class _Model(BaseModel):
    """A part of the settings: camelCase in the file, unknown fields refused."""

    model_config = ConfigDict(alias_generator=to_camel, validate_by_name=True, extra="forbid", frozen=True)


class Limits(_Model):
    """What a job may ask for; `rules` has how each is judged. None is no limit, an empty list or map allows nothing."""

    max_cells: Most | None = None  #: of a search
    max_parallelism: Most | None = None
    max_timeout_seconds: Most | None = None  #: of a run
    max_memory: Quantity | None = None  #: of a pod, whose limit has to be set then
    max_cpu: Quantity | None = None  #: likewise
    extended_resources: Mapping[str, Quantity] | None = None  #: that pods may have, and how many of each
    estimator_prefixes: Prefixes | None = None  #: of classes beside scikit-learn's, among those of trainer
    trainers: Names | None = None  #: names of trainer images: default, or of trainer.images
    priority_classes: Names | None = None
    service_accounts: Names | None = None
    tolerations: Names | None = None  #: taints that may be tolerated: KEY or KEY=VALUE
    queues: Names | None = None  #: of Kueue, one of which has to be named
    source_prefixes: Folders | None = None  #: below which sources are
    output_prefixes: Folders | None = None  #: below which outputs and caches are
    allowed_endpoints: Endpoints | None = None  #: that pods may connect to, in place of those of trainer

    @field_validator("source_prefixes", "output_prefixes")
    @classmethod
    def _check_places(cls, folders: Folders | None) -> Folders | None:
        for folder in folders or ():
            if folder != ANY:
                place_of(folder)
        return folders

    @field_validator("allowed_endpoints")
    @classmethod
    def _check_endpoints(cls, entries: Endpoints | None) -> Endpoints | None:
        _readable(_filled(entries or (), "namespace"))
        return entries


class PlaceSettings(Limits):
    """All that is set for the namespaces of one place: limits, and what a spec has no say in."""

    defaults: Defaults = Field(default_factory=Defaults)  #: for what a spec leaves open


@dataclass(frozen=True)
class Limit:
    """One limit that counts in a namespace, and where it is set."""

    value: object
    setting: str  #: such as tenancy.namespaces.team-a.maxParallelism


class SelectedLimits(_Model):
    """Limits of the namespaces that have all of some labels."""

    match_labels: Annotated[dict[str, str], Field(min_length=1, max_length=32)]
    limits: PlaceSettings


@dataclass(frozen=True)
class _Place:
    """A place in the settings that has limits, and which namespaces they are for."""

    path: str
    limits: PlaceSettings
    name: str = ""  #: of the one namespace; "" for those with the labels
    labels: Mapping[str, str] = field(default_factory=dict)  #: that a namespace must have

    def counts(self, namespace: str, labels: Mapping[str, str]) -> bool:
        return self.name in {"", namespace} and self.labels.items() <= labels.items()

    def setting(self, limit: str) -> str:
        return f"tenancy.{self.path}.{to_camel(limit)}"


class TenancySettings(_Model):
    """What the jobs of which namespace may ask for.

    Of several places that have a limit, the namespace's name goes before its labels, of these the first that fit,
    and both before `all`.
    """

    all: PlaceSettings = Field(default_factory=PlaceSettings)
    selectors: tuple[SelectedLimits, ...] = ()
    namespaces: Mapping[Namespace, PlaceSettings] = Field(default_factory=dict)

    def limits_of(self, namespace: str, labels: Mapping[str, str]) -> dict[str, Limit]:
        """Return what is limited in a namespace that has these labels, by the field of the limit."""
        found: dict[str, Limit] = {}
        for place in self._places():
            if place.counts(namespace, labels):
                for name in Limits.model_fields:
                    if (value := getattr(place.limits, name)) is not None:
                        filled = _filled(value, namespace) if isinstance(value, tuple) else value
                        found.setdefault(name, Limit(filled, place.setting(name)))
        return {name: limit for name, limit in found.items() if not _is_any(limit.value)}

    def endpoints_of(self, namespace: str, labels: Mapping[str, str], trainers: Sequence[str]) -> tuple[Endpoints, str]:
        """Return all that pods of a namespace may connect to, and the setting that says so.

        `trainers` are the entries for all namespaces. Where none are named, it is the internet and the Services of the
        namespace.
        """
        for place in self._places():
            entries = place.limits.allowed_endpoints
            if entries is not None and place.counts(namespace, labels):
                return _filled(entries, namespace), place.setting("allowed_endpoints")
        return tuple(trainers) or (own_services(namespace), PUBLIC), "trainer.allowedEndpoints"

    def defaults_of(self, namespace: str, labels: Mapping[str, str]) -> dict[str, Any]:
        """Return what a spec is given where it leaves `spec.execution` open, each field from the first place."""
        found: dict[str, Any] = {}
        for place in self._places():
            if place.counts(namespace, labels):
                found = lay_under(found, left_open(found, place.limits.defaults.document()))
        return found

    def estimator_prefixes(self) -> dict[str, str]:
        """Return the packages that any namespace may use, each with the setting that says so."""
        return {
            prefix: place.setting("estimator_prefixes")
            for place in self._places()
            for prefix in place.limits.estimator_prefixes or ()
            if prefix != ANY
        }

    def examples(self) -> Iterator[tuple[str, str, Mapping[str, str]]]:
        """Yield for each place where something is set its path, and a namespace with labels for which it counts."""
        for place in self._places():
            yield place.path, place.name or "…", place.labels

    def _places(self) -> Iterator[_Place]:
        """Yield where limits are set, those first that go before others."""
        for name, limits in self.namespaces.items():
            yield _Place(f"namespaces.{name}", limits, name=name)
        for index, selector in enumerate(self.selectors):
            yield _Place(f"selectors[{index}].limits", selector.limits, labels=selector.match_labels)
        yield _Place("all", self.all)


def _is_any(value: object) -> bool:
    return isinstance(value, tuple) and ANY in value


def _filled(entries: tuple[str, ...], namespace: str) -> tuple[str, ...]:
    """Return the entries of a list with the name of the namespace in the places that are left for it."""
    return tuple(entry.replace(NAME, namespace) for entry in entries)
