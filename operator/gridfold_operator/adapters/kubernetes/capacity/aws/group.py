"""An Auto Scaling group, what of it each job holds, and what somebody is about to change. Pure.

AWS compares nothing before it writes. So whoever changes the desired capacity notes first, in tags of the group, what
he is about to do (a step), looks whether he is alone, does it, and notes that it is done. A step that is not noted as
done for a minute is of somebody who is dead; what the group says then tells what has become of it, and where that is in
doubt, nodes count as the job's: they are handed back, never left.
"""

from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any, Self

from gridfold.api import labels
from gridfold_operator.adapters.kubernetes.capacity.records import Record
from gridfold_operator.adapters.kubernetes.capacity.scaled_group import ScaledGroup
from gridfold_operator.adapters.kubernetes.pods import EPOCH
from gridfold_operator.capacity_settings import AwsTarget

Document = Mapping[str, Any]

#: So long somebody may be in the middle of a step; every call of his has ended by then (see cloud.py).
GRACE_SECONDS = 60
#: In a step that ends no machine by its name: AWS chooses which go, if any.
NO_INSTANCE = "-"
#: Of AWS, for the value of a tag.
TAG_CHARACTERS = 256


@dataclass(frozen=True)
class Step:
    """A change of the desired capacity that somebody is about to make for a job."""

    nodes: int  #: that the job has once it is made
    before: int  #: desired capacity
    after: int
    at: int  #: seconds since 1970
    instance: str = NO_INSTANCE  #: that is ended by its name


@dataclass(frozen=True)
class AwsShare:
    """What one job has added to a group."""

    nodes: int
    system: str
    provider: str
    namespace: str
    name: str
    uid: str
    step: Step | None = None

    @classmethod
    def of(cls, record: Record, nodes: int, system: str) -> Self:
        """Return the share of a record."""
        return cls(nodes, system, record.provider, record.namespace, record.name, record.uid)

    def record(self, target: AwsTarget) -> Record:
        """Return the record for which it was added, as far as it is known."""
        owner = {"namespace": self.namespace, "name": self.name, "uid": self.uid}
        return Record(provider=self.provider, kind="AWS", nodes=self.nodes, since=EPOCH, target=target, **owner)

    def settled(self, nodes: int) -> Self:
        """Return it with a number of nodes that is not in doubt."""
        return replace(self, nodes=nodes, step=None)

    def tags(self, digest: str) -> dict[str, str]:
        """Return the tags in which it is kept: what changes in one, whose it is in one or two others."""
        step = self.step
        numbers = [self.nodes, *((step.nodes, step.before, step.after, step.at, step.instance) if step else ())]
        owner = " ".join((self.system, self.uid, self.provider, self.namespace, self.name))
        key = tag_key(digest)
        found = {key: " ".join(map(str, numbers)), f"{key}/owner": owner[:TAG_CHARACTERS]}
        rest = owner[TAG_CHARACTERS:]
        return {**found, f"{key}/more": rest} if rest else found


@dataclass(frozen=True)
class AwsGroup:
    """A group as it was read."""

    name: str
    desired: int
    least: int
    most: int
    instances: Mapping[str, str]  #: their states in their life, by id
    shares: Mapping[str, AwsShare]  #: by digest of the job
    is_leaving: bool = False

    @classmethod
    def of(cls, document: Document) -> Self:
        """Return a group as DescribeAutoScalingGroups tells of it."""
        instances = {one["InstanceId"]: one.get("LifecycleState", "") for one in document.get("Instances") or ()}
        tags = {tag["Key"]: tag.get("Value", "") for tag in document.get("Tags") or ()}
        return cls(
            name=document["AutoScalingGroupName"],
            desired=document["DesiredCapacity"],
            least=document["MinSize"],
            most=document["MaxSize"],
            instances={name: state for name, state in instances.items() if state != "Terminated"},
            shares=_shares(tags),
            is_leaving=bool(document.get("Status")),
        )

    @property
    def alive(self) -> frozenset[str]:
        """Return the machines that are there, or on their way, and are not being ended."""
        return frozenset(name for name, state in self.instances.items() if not state.startswith("Terminat"))

    @property
    def is_down(self) -> bool:
        """Tell whether no machine is left of those that have been handed back, by whomever."""
        return len(self.instances) <= self.desired

    def others(self, digest: str) -> int:
        """Return how many nodes are there for other jobs."""
        return sum(share.nodes for name, share in self.shares.items() if name != digest)

    def grant(self, nodes: int, ours: int) -> int:
        """Return how many nodes a job can have of those that it asks for, that has `ours`."""
        return nodes if nodes <= ours else max(ours, min(nodes, ours + self.most - self.desired))

    def at_work(self, now: int, mine: Step | None = None) -> bool:
        """Tell whether somebody may be in the middle of a step, beside one's own."""
        steps = [share.step for share in self.shares.values() if share.step and share.step != mine]
        return any(now - step.at < GRACE_SECONDS for step in steps)

    def held_by(self, digest: str) -> int:
        """Return how many nodes a job has added, now that nobody is in the middle of a step."""
        share = self.shares.get(digest)
        if share is None or share.step is None:
            return share.nodes if share else 0
        step = share.step
        if step.instance != NO_INSTANCE:
            # It is known by its name; where the number is the same, somebody else has ended it, and it is replaced.
            undone = step.instance in self.alive or self.desired == step.before
            return share.nodes if undone else step.nodes
        if self.desired == step.before:
            return share.nodes
        return step.nodes if self.desired == step.after else max(share.nodes, step.nodes)

    def seen_from(self, digest: str, words: str = "") -> ScaledGroup:
        """Return it as one job sees it."""
        ours, others = self.held_by(digest), self.others(digest)
        return ScaledGroup(digest, "", self.desired, ours, others, len(self.instances), words)

    def has_step(self, digest: str) -> bool:
        """Tell whether it is noted that a job's share is about to be changed."""
        return digest in self.shares and self.shares[digest].step is not None

    def with_share(self, digest: str, share: AwsShare | None) -> Self:
        """Return it with another share of a job, as it will be read next."""
        shares = {name: other for name, other in self.shares.items() if name != digest}
        return replace(self, shares={**shares, digest: share} if share else shares)


def instance_of(node: Document) -> str:
    """Return the id of a node's machine, such as i-0abc; "" where the cloud has not told it yet."""
    provider: str = (node.get("spec") or {}).get("providerID") or ""
    return provider.rpartition("/")[2] if provider.startswith("aws:") else ""


def nodes_of(group: AwsGroup, nodes: Iterable[Document]) -> list[Document]:
    """Return the nodes whose machines are the group's, and are not being ended."""
    return [node for node in nodes if instance_of(node) in group.alive]


def tag_key(digest: str) -> str:
    """Return the tag that tells how many nodes a job has added."""
    return f"{labels.CAPACITY_SHARE}{digest}"


def _shares(tags: Mapping[str, str]) -> dict[str, AwsShare]:
    """Return what jobs have added, by their digest; what cannot be read is nobody's."""
    found: dict[str, AwsShare] = {}
    for key, text in tags.items():
        digest = key.removeprefix(labels.CAPACITY_SHARE)
        if digest == key or "/" in digest:
            continue
        owner = f"{tags.get(f'{key}/owner', '')}{tags.get(f'{key}/more', '')}"
        with suppress(ValueError, TypeError):
            nodes, *step = text.split(" ")
            system, uid, provider, namespace, name = owner.split(" ")
            found[digest] = AwsShare(int(nodes), system, provider, namespace, name, uid, _step(step))
    return found


def _step(numbers: list[str]) -> Step | None:
    if not numbers:
        return None
    *counts, instance = numbers
    nodes, before, after, at = map(int, counts)
    return Step(nodes, before, after, at, instance)
