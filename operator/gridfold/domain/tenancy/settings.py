"""The operator's settings of tenancy: limits of all namespaces, and others of a namespace by its name."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, field_validator
from pydantic.alias_generators import to_camel

from gridfold.api.estimator_names import PREFIX_PATTERN
from gridfold.api.v1alpha1.fields import Quantity
from gridfold.domain.tenancy.places import place_of

#: In a list: whatever there is. So a namespace may have more than all others.
ANY = "*"

Most = Annotated[int, Field(ge=1)]
Names = tuple[Annotated[str, Field(min_length=1, max_length=253)], ...]
Folders = tuple[Annotated[str, Field(min_length=1, max_length=1024)], ...]
Prefixes = tuple[Annotated[str, Field(max_length=256, pattern=rf"{PREFIX_PATTERN}|^\*$")], ...]
Namespace = Annotated[str, Field(max_length=63, pattern=r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?$")]


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
    priority_classes: Names | None = None
    service_accounts: Names | None = None
    tolerations: Names | None = None  #: taints that may be tolerated: KEY or KEY=VALUE
    queues: Names | None = None  #: of Kueue, one of which has to be named
    source_prefixes: Folders | None = None  #: below which sources are
    output_prefixes: Folders | None = None  #: below which outputs and caches are

    @field_validator("source_prefixes", "output_prefixes")
    @classmethod
    def _check_places(cls, folders: Folders | None) -> Folders | None:
        for folder in folders or ():
            if folder != ANY:
                place_of(folder)
        return folders


@dataclass(frozen=True)
class Limit:
    """One limit that counts in a namespace, and where it is set."""

    value: object
    setting: str  #: such as tenancy.namespaces.team-a.maxParallelism


class TenancySettings(_Model):
    """What the jobs of which namespace may ask for."""

    all: Limits = Field(default_factory=Limits)
    namespaces: Mapping[Namespace, Limits] = Field(default_factory=dict)  #: each limit in place of that of `all`

    def limits_of(self, namespace: str) -> dict[str, Limit]:
        """Return what is limited in a namespace, by the field of the limit."""
        found: dict[str, Limit] = {}
        for where, limits in ((f"namespaces.{namespace}", self.namespaces.get(namespace)), ("all", self.all)):
            for field in Limits.model_fields:
                value = getattr(limits, field, None)
                if value is not None:
                    found.setdefault(field, Limit(value, f"tenancy.{where}.{to_camel(field)}"))
        return {field: limit for field, limit in found.items() if not _is_any(limit.value)}

    def estimator_prefixes(self) -> dict[str, str]:
        """Return the packages that any namespace may use, each with the setting that says so."""
        found: dict[str, str] = {}
        for where, limits in (
            ("all", self.all),
            *((f"namespaces.{name}", own) for name, own in self.namespaces.items()),
        ):
            for prefix in limits.estimator_prefixes or ():
                if prefix != ANY:
                    found.setdefault(prefix, f"tenancy.{where}.estimatorPrefixes")
        return found


def _is_any(value: object) -> bool:
    return isinstance(value, tuple) and ANY in value
