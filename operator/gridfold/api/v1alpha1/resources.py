"""Compute resources of a pod: a map of requests and one of limits, as in a container's spec."""

import re
from typing import Annotated, ClassVar

from pydantic import Field

from gridfold.api.base import ApiModel, Rule
from gridfold.api.v1alpha1.fields import Quantity
from gridfold.api.v1alpha1.quantities import amount

MEMORY, STORAGE = "memory", "ephemeral-storage"
#: What is set aside where spec.execution.resources.requests is not there at all.
DEFAULT_REQUESTS = {"cpu": "1", MEMORY: "1Gi"}
#: cpu, memory, ephemeral-storage, huge pages, or the name of an extended resource: DOMAIN/NAME.
NAME_PATTERN = (
    "^(cpu|memory|ephemeral-storage|hugepages-[0-9]+[KMGT]i|"
    "[a-z0-9]([-a-z0-9.]*[a-z0-9])?/[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?)$"
)
#: A pod with less cannot even be started. Who writes 512m means 512Mi: m is a thousandth of a byte.
LEAST_MEMORY = "1Mi"
_WHOLE = "k.contains('/') || k.startsWith('hugepages-')"

ResourceMap = Annotated[dict[str, Quantity], Field(max_length=16)]


def is_extended(name: str) -> bool:
    """Tell whether a resource comes in pieces that no two pods share, such as nvidia.com/gpu."""
    return "/" in name or name.startswith("hugepages-")


def _named(resources: "Resources") -> set[str]:
    return {*(resources.requests or {}), *resources.limits}


def _unknown(resources: "Resources") -> list[str]:
    return sorted(name for name in _named(resources) if not re.match(NAME_PATTERN, name))


def _above_limit(resources: "Resources") -> dict[str, str]:
    requests, limits = resources.requests or {}, resources.limits
    return {
        name: requests[name] for name in requests if name in limits and amount(requests[name]) > amount(limits[name])
    }


def _unequal(resources: "Resources") -> dict[str, str]:
    requests, limits = resources.requests or {}, resources.limits
    extended = {name: text for name, text in requests.items() if is_extended(name)}
    return {name: text for name, text in extended.items() if amount(text) != amount(limits.get(name, "0"))}


def _broken(resources: "Resources") -> dict[str, str]:
    everything = {**(resources.requests or {}), **resources.limits}
    return {name: text for name, text in everything.items() if is_extended(name) and amount(text) % 1}


def _tiny(resources: "Resources") -> dict[str, str]:
    given = {
        part: found[MEMORY]
        for part, found in (("requests", resources.requests or {}), ("limits", resources.limits))
        if MEMORY in found
    }
    return {part: text for part, text in given.items() if amount(text) < amount(LEAST_MEMORY)}


def _each(check: str, *, both: bool = True) -> str:
    """Return CEL that checks every name k, with its quantity v, of the requests and limits that are there."""
    maps = ("requests", "limits") if both else ("requests",)
    parts = (f"(!has(self.{name}) || self.{name}.all(k, {check.replace('MAP', f'self.{name}')}))" for name in maps)
    return " && ".join(parts)


class Resources(ApiModel):
    """Compute resources of a pod of the trainer, by name: cpu, memory, ephemeral-storage and others."""

    requests: ResourceMap | None = Field(
        None,
        description="What the scheduler sets aside for the pod, by name of the resource: cpu, memory, "
        "ephemeral-storage (room for the pod's temporary files), or an extended resource such as nvidia.com/gpu. "
        "Default: cpu 1 and memory 1Gi, or the limit where that is lower.",
    )
    limits: ResourceMap = Field(
        default_factory=dict,
        description="What the pod may use at most, by name of the resource. A pod that needs more memory is ended "
        "(see outOfMemory). An extended resource such as nvidia.com/gpu: 1 stands here; its request is the same.",
    )
    rules: ClassVar[tuple[Rule, ...]] = (
        Rule(
            "",
            _each(f"k.matches('{NAME_PATTERN}')"),
            "names cpu, memory, ephemeral-storage, hugepages-SIZE, or an extended resource with its domain, such as "
            "nvidia.com/gpu",
            lambda r: not _unknown(r),
            _unknown,
        ),
        Rule(
            "requests",
            "!has(self.requests) || !has(self.limits) || self.requests.all(k, !(k in self.limits) || "
            "quantity(self.requests[k]).compareTo(quantity(self.limits[k])) <= 0)",
            "must not be above limits; raise the limit, or lower the request",
            lambda r: not _above_limit(r),
            _above_limit,
            explain=lambda r: "; ".join(
                f"{name}: {text} is above limits.{name}, {r.limits[name]}; raise the limit, or lower the request"
                for name, text in _above_limit(r).items()
            ),
        ),
        Rule(
            "requests",
            "!has(self.requests) || self.requests.all(k, "
            f"!({_WHOLE}) || (has(self.limits) && k in self.limits && "
            "quantity(self.requests[k]).compareTo(quantity(self.limits[k])) == 0))",
            "of an extended resource must equal its limit; name it in limits alone, and the request is the same",
            lambda r: not _unequal(r),
            _unequal,
        ),
        Rule(
            "",
            _each(f"!({_WHOLE}) || quantity(MAP[k]).isInteger()"),
            "of an extended resource must be a whole number",
            lambda r: not _broken(r),
            _broken,
        ),
        Rule(
            "",
            " && ".join(
                f"(!has(self.{part}) || !('{MEMORY}' in self.{part}) || "
                f"quantity(self.{part}['{MEMORY}']).compareTo(quantity('{LEAST_MEMORY}')) >= 0)"
                for part in ("requests", "limits")
            ),
            f"of memory must be at least {LEAST_MEMORY}; write Mi or Gi (m is a thousandth of a byte)",
            lambda r: not _tiny(r),
            _tiny,
        ),
    )

    @property
    def memory(self) -> str:
        """Return how much memory a pod has: its limit, or else its request; "" where neither is given."""
        found = self.amounts()
        return found["limits"].get(MEMORY) or found["requests"].get(MEMORY) or ""

    def amounts(self) -> dict[str, dict[str, str]]:
        """Return requests and limits as a container's spec has them, defaults filled in."""
        if self.requests is not None:
            requests = dict(self.requests)
        else:
            requests = {
                name: min(text, self.limits.get(name, text), key=amount) for name, text in DEFAULT_REQUESTS.items()
            }
        return {"requests": requests, "limits": dict(self.limits)}
