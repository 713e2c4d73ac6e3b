"""What is recorded of the nodes that a job holds: a Lease in the operator's own namespace, that expires. Pure.

The record alone tells how everything is handed back, whatever has become of the job, the settings or the operator.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic.alias_generators import to_camel

from gridfold.api import labels
from gridfold.api.v1alpha1 import Metadata
from gridfold.domain.naming import capacity_digest, label_value
from gridfold.engine.ports import JobKey
from gridfold_operator.capacity_settings import AwsSettings, AwsTarget, ProviderSettings, ScaleSettings, ScaleTarget

Document = dict[str, Any]
Kind = Literal["Karpenter", "Scale", "AWS"]


class UnreadableRecordError(ValueError):
    """A Lease that looks like ours has no record that this version can read."""


class Record(BaseModel):
    """Who holds how many nodes of whom."""

    model_config = ConfigDict(alias_generator=to_camel, validate_by_name=True, extra="forbid", frozen=True)

    provider: str
    kind: Kind
    namespace: str
    name: str
    uid: str
    nodes: int
    since: datetime  #: when the number was last changed
    target: ScaleTarget | AwsTarget | None = None  #: the group of which these are replicas or machines
    leaving: bool = False  #: everything is being handed back, and nothing is granted before that is done

    @classmethod
    def of(cls, owner: Metadata, settings: ProviderSettings, nodes: int, now: datetime) -> Self:
        """Return the record of a job's first grant."""
        job = {"namespace": owner.namespace, "name": owner.name, "uid": owner.uid}
        target = settings.target if isinstance(settings, ScaleSettings | AwsSettings) else None
        return cls(provider=settings.name, kind=settings.kind, nodes=nodes, since=now, target=target, **job)

    @property
    def digest(self) -> str:
        """Return the digest of the job, by which its nodes are known."""
        return capacity_digest(self.namespace, self.name, self.uid)

    @property
    def annotations(self) -> dict[str, str]:
        """Return the annotations in which a Lease, or what a provider makes for the job, keeps it."""
        return {labels.CAPACITY_RECORD: self.model_dump_json(by_alias=True)}

    @property
    def job(self) -> JobKey:
        """Return whose nodes they are."""
        return JobKey(self.namespace, self.name)


def recorded_text(document: Mapping[str, Any]) -> str:
    """Return the record in an object's annotations as it stands there; "" where there is none."""
    text: str = (document["metadata"].get("annotations") or {}).get(labels.CAPACITY_RECORD, "")
    return text


@dataclass(frozen=True)
class Lease:
    """A record as it is kept."""

    record: Record
    renewed: datetime
    seconds: int  #: after which it expires
    version: str = ""  #: of the Lease that was read; "": it is not there yet

    def is_expired(self, now: datetime) -> bool:
        """Tell whether nobody has looked at it for too long."""
        return now >= self.renewed + timedelta(seconds=self.seconds)

    def is_due(self, now: datetime) -> bool:
        """Tell whether it is to be renewed."""
        return now >= self.renewed + timedelta(seconds=self.seconds / 3)


def lease_name(digest: str) -> str:
    """Return the name of a job's Lease, and of what a provider makes for it."""
    return f"gridfold-{digest}"


def build_lease(lease: Lease, namespace: str, holder: str) -> Document:
    """Return the Lease of a record."""
    record, renewed = lease.record, lease.renewed.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    metadata: Document = {
        "name": lease_name(record.digest),
        "namespace": namespace,
        "labels": {
            labels.MANAGED_BY: labels.MANAGED_BY_VALUE,
            labels.CAPACITY: record.digest,
            labels.JOB: label_value(record.name),
        },
        "annotations": record.annotations,
    }
    if lease.version:
        metadata["resourceVersion"] = lease.version
    spec = {"holderIdentity": holder, "leaseDurationSeconds": lease.seconds, "renewTime": renewed}
    return {"apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": metadata, "spec": spec}


def read_lease(document: Document) -> Lease:
    """Return a record as it was kept.

    Raises:
        UnreadableRecordError: it is none, or one of another version of the operator.
    """
    metadata, spec = document["metadata"], document.get("spec") or {}
    text = recorded_text(document)
    try:
        record = Record.model_validate_json(text)
        renewed = datetime.fromisoformat(spec["renewTime"])
        return Lease(record, renewed, int(spec["leaseDurationSeconds"]), metadata["resourceVersion"])
    except (ValidationError, ValueError, KeyError) as error:
        raise UnreadableRecordError(
            f"Lease {metadata['namespace']}/{metadata['name']} has no record of nodes in its annotation "
            f"{labels.CAPACITY_RECORD} that this version can read ({text[:200]!r}): look for what it holds, hand that "
            "back by hand, then delete the Lease"
        ) from error
