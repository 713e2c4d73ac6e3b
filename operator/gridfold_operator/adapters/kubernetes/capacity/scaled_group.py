"""A group of machines with a number of replicas, and what of it each job holds. Pure.

How many replicas a job has added stands beside their number, in an annotation of the same object, and both change in
one write: so nobody can be killed between the two, and what others change is never taken for ours.
"""

from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Self

from pydantic import Field, ValidationError

from gridfold.api import labels
from gridfold.api.conditions import Reason
from gridfold.domain.capacity.held import Trouble
from gridfold_operator.adapters.kubernetes.capacity.driver import Machines, ProviderError
from gridfold_operator.adapters.kubernetes.capacity.records import Record
from gridfold_operator.adapters.kubernetes.pods import EPOCH, condition, parse_time
from gridfold_operator.capacity_settings import ScaleTarget
from gridfold_operator.settings_model import SettingsModel

Document = Mapping[str, Any]


class Share(SettingsModel):
    """Replicas that are there for one job."""

    nodes: Annotated[int, Field(ge=0)]
    provider: str
    namespace: str
    name: str
    uid: str
    system: str  #: namespace of the operator that has added them

    @classmethod
    def of(cls, record: Record, nodes: int, system: str) -> Self:
        """Return the share of a record."""
        owner = {"namespace": record.namespace, "name": record.name, "uid": record.uid}
        return cls(nodes=nodes, provider=record.provider, system=system, **owner)

    def record(self, target: ScaleTarget) -> Record:
        """Return the record for which it was added, as far as it is known."""
        owner = {"namespace": self.namespace, "name": self.name, "uid": self.uid}
        return Record(provider=self.provider, kind="Scale", nodes=self.nodes, since=EPOCH, target=target, **owner)


@dataclass(frozen=True)
class ScaledGroup:
    """A group as it was read, seen from one job."""

    digest: str  #: of the job
    version: str
    replicas: int
    ours: int  #: replicas that are there for this job
    others: int  #: replicas that are there for other jobs
    present: int | None  #: machines that are there, for whomever; None: the group does not tell
    words: str = ""  #: of whoever makes the machines, about what keeps them

    @classmethod
    def of(cls, document: Document, digest: str) -> Self:
        """Return a group as a job sees it.

        Raises:
            ProviderError: it has no number of replicas.
        """
        metadata, spec, status = document["metadata"], document.get("spec") or {}, document.get("status") or {}
        replicas = spec.get("replicas")
        if not isinstance(replicas, int):
            raise ProviderError(
                Reason.PROVIDER_FAILED,
                f"{_named(document)} has no number in spec.replicas, to which nodes could be added: set one, such as 0",
            )
        held = held_by(document)
        # Karpenter's static NodePool tells status.nodes; of none, the Cluster API leaves the number out.
        present = next((n for n in (status.get("replicas"), status.get("nodes")) if isinstance(n, int)), None)
        ours = held[digest].nodes if digest in held else 0
        others = sum(share.nodes for share in held.values()) - ours
        return cls(digest, metadata["resourceVersion"], replicas, ours, others, present, _words(document))

    def grant(self, nodes: int, most: int | None) -> int:
        """Return how many replicas the job can have of those that it asks for; `most`: of the whole group."""
        if most is None or nodes <= self.ours:
            return nodes
        return max(self.ours, min(nodes, self.ours + most - self.replicas))

    def patch(self, share: Share | None) -> dict[str, Any]:
        """Return what gives the job a share in place of the one that it has; others keep what they have added.

        Where somebody has set the number lower than all jobs have added, no more is taken back than is there.
        """
        replicas = max(0, self.replicas + (share.nodes if share else 0) - self.ours)
        mark = {annotation(self.digest): share.model_dump_json(by_alias=True) if share else None}
        return {"metadata": {"resourceVersion": self.version, "annotations": mark}, "spec": {"replicas": replicas}}

    @property
    def is_down(self) -> bool:
        """Tell whether no machine is left of those that have been handed back, by whomever."""
        return self.present is None or self.present <= self.replicas

    def machines(self, nodes: Iterable[Document], going: int) -> Machines:
        """Return what of the group is there for the job, so many nodes of which are being handed back.

        Which nodes these are nobody can tell: all serve its pods.
        """
        known = [*nodes]
        ready = {node["metadata"]["name"]: since for node in known if (since := _ready_since(node))}
        present = len(known) if self.present is None else self.present
        theirs = self.replicas - self.ours
        arrived = _between(0, len(ready) - theirs, self.ours)
        late = arrived < self.ours and self.words
        return Machines(
            granted=self.ours,
            launched=_between(0, present - theirs, self.ours + going),
            ready=frozenset(ready),
            arrived=arrived,
            ready_since=max(ready.values(), default=None),
            trouble=Trouble(Reason.NODES_REQUESTED, self.words) if late else None,
        )


def annotation(digest: str) -> str:
    """Return the annotation that tells how many replicas a job has added."""
    return f"{labels.CAPACITY_SHARE}{digest}"


def held_by(document: Document) -> dict[str, Share]:
    """Return what jobs have added to a group, by their digest; what cannot be read is nobody's."""
    found: dict[str, Share] = {}
    for name, text in (document["metadata"].get("annotations") or {}).items():
        if name.startswith(labels.CAPACITY_SHARE):
            with suppress(ValidationError):
                found[name.removeprefix(labels.CAPACITY_SHARE)] = Share.model_validate_json(text)
    return found


def _named(document: Document) -> str:
    return f"{document.get('kind', 'the group')} {document['metadata']['name']}"


def _words(document: Document) -> str:
    """Return what is said of a group that is not as it should be."""
    for kind in ("Ready", "Available"):
        said = condition(document.get("status") or {}, kind)
        if said.get("status") == "False":
            words = said.get("message") or "it says no more"
            return f"{_named(document)}, {kind}: {said.get('reason', '')}: {words}"
    return ""


def _ready_since(node: Document) -> datetime | None:
    """Return since when pods can run on a node, None where they cannot."""
    said = condition(node.get("status") or {}, "Ready")
    leaving = node["metadata"].get("deletionTimestamp") or (node.get("spec") or {}).get("unschedulable")
    return parse_time(said.get("lastTransitionTime")) if said.get("status") == "True" and not leaving else None


def _between(least: int, number: int, most: int) -> int:
    return max(least, min(number, most))
