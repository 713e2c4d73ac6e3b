"""An Auto Scaling group, what of it each job holds, and what somebody is about to change. Pure.

AWS compares nothing before it writes. So whoever changes the desired capacity notes first what he is about to do (a
step, in a tag that is his alone), looks whether he is the only one, does it, and notes what the job has now, in the
same call with which he takes his step away. A step that is there for a minute is of somebody who is dead; what the
group says then tells what has become of it, and where that is in doubt, nodes count as the job's: they are handed back,
never left.
"""

from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
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
#: A tag: the desired capacity without all that jobs have added, and when AWS sets it by itself.
BASE_KEY = f"{labels.CAPACITY_SHARE}base"
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

    @property
    def text(self) -> str:
        """Return it as it stands in a tag."""
        return f"{self.nodes} {self.before} {self.after} {self.at} {self.instance}"


@dataclass(frozen=True)
class AwsShare:
    """What one job has added to a group."""

    nodes: int
    system: str
    provider: str
    namespace: str
    name: str
    uid: str
    steps: Mapping[str, Step] = field(default_factory=dict)  #: that somebody is making, by his name for it
    idle: frozenset[str] = frozenset()  #: names of steps that are over

    @classmethod
    def of(cls, record: Record, nodes: int, system: str) -> Self:
        """Return the share of a record."""
        return cls(nodes, system, record.provider, record.namespace, record.name, record.uid)

    def record(self, target: AwsTarget) -> Record:
        """Return the record for which it was added, as far as it is known."""
        owner = {"namespace": self.namespace, "name": self.name, "uid": self.uid}
        return Record(provider=self.provider, kind="AWS", nodes=self.nodes, since=EPOCH, target=target, **owner)

    def owner_tags(self, digest: str) -> dict[str, str]:
        """Return the tags that tell whose it is, which always say the same."""
        owner = " ".join((self.system, self.uid, self.provider, self.namespace, self.name))
        parts = (owner[:TAG_CHARACTERS], owner[TAG_CHARACTERS:])
        return {key: part for key, part in zip(owner_keys(digest), parts, strict=True) if part}


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
    base: int | None = None  #: what the desired capacity was without us when a scheduled action was put off last …
    is_late: bool = False  #: … and whether AWS has carried it out since, as far as time tells

    @classmethod
    def of(cls, document: Document, now: int) -> Self:
        """Return a group as DescribeAutoScalingGroups tells of it at a time, in seconds since 1970."""
        instances = {one["InstanceId"]: one.get("LifecycleState", "") for one in document.get("Instances") or ()}
        tags = {tag["Key"]: tag.get("Value", "") for tag in document.get("Tags") or ()}
        base, until = _read_base(tags.get(BASE_KEY, ""))
        return cls(
            name=document["AutoScalingGroupName"],
            desired=document["DesiredCapacity"],
            least=document["MinSize"],
            most=document["MaxSize"],
            instances={name: state for name, state in instances.items() if state != "Terminated"},
            shares=read_shares(tags),
            is_leaving=bool(document.get("Status")),
            base=base,
            is_late=until is not None and now >= until,
        )

    @property
    def alive(self) -> frozenset[str]:
        """Return the machines that are there, or on their way, and are not being ended."""
        return frozenset(name for name, state in self.instances.items() if not state.startswith("Terminat"))

    @property
    def is_taken_back(self) -> bool:
        """Tell whether AWS has taken back by itself what jobs have added."""
        return self.is_late and self.base is not None and self.desired <= self.base

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

    def at_work(self, now: int, mine: tuple[str, str] | None = None) -> bool:
        """Tell whether somebody may be in the middle of a step; `mine` is not looked at."""
        steps = {(digest, name): step for digest, share in self.shares.items() for name, step in share.steps.items()}
        return any(now - step.at < GRACE_SECONDS for whose, step in steps.items() if whose != mine)

    def held_by(self, digest: str) -> int:
        """Return how many nodes a job has added, now that nobody is in the middle of a step."""
        share = self.shares.get(digest)
        if share is None or self.is_taken_back:
            return 0
        steps = [step for step in share.steps.values() if step.before != step.after]  # the others change nothing
        return max((self._after(step, share.nodes) for step in steps), default=share.nodes)

    def _after(self, step: Step, nodes: int) -> int:
        """Return how many nodes a job has that had so many when somebody began a step."""
        if step.instance != NO_INSTANCE:
            # Where the number is another one, it is somebody else who has ended it, perhaps.
            done = step.instance not in self.alive and self.desired == step.after
            return step.nodes if done else nodes
        if self.desired == step.before:
            return nodes
        return step.nodes if self.desired == step.after else max(nodes, step.nodes)

    def seen_from(self, digest: str, words: str = "") -> ScaledGroup:
        """Return it as one job sees it."""
        ours, others = self.held_by(digest), self.others(digest)
        return ScaledGroup(digest, "", self.desired, ours, others, len(self.instances), words)

    def has_step(self, digest: str) -> bool:
        """Tell whether it is noted that a job's share is about to be changed."""
        return digest in self.shares and bool(self.shares[digest].steps)


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


def owner_keys(digest: str) -> tuple[str, str]:
    """Return the tags that tell whose it is; what does not fit in the first stands in the other."""
    return f"{tag_key(digest)}/owner", f"{tag_key(digest)}/more"


def step_key(digest: str, writer: str) -> str:
    """Return the tag in which a writer tells what it is about to do."""
    return f"{tag_key(digest)}/step-{writer}"


def read_shares(tags: Mapping[str, str]) -> dict[str, AwsShare]:
    """Return what jobs have added, by their digest; what cannot be read is nobody's."""
    found: dict[str, AwsShare] = {}
    for key, text in tags.items():
        digest = key.removeprefix(labels.CAPACITY_SHARE).removesuffix("/owner")
        if f"{tag_key(digest)}/owner" != key:
            continue
        prefix = step_key(digest, "")
        steps = {name.removeprefix(prefix): value for name, value in tags.items() if name.startswith(prefix)}
        with suppress(ValueError, TypeError):
            system, uid, provider, namespace, name = (text + tags.get(f"{tag_key(digest)}/more", "")).split(" ")
            found[digest] = AwsShare(
                int(tags.get(tag_key(digest), "0")),
                system,
                provider,
                namespace,
                name,
                uid,
                {writer: _read_step(value) for writer, value in steps.items() if value},
                frozenset(writer for writer, value in steps.items() if not value),
            )
    return found


def _read_base(text: str) -> tuple[int | None, int | None]:
    numbers = text.split(" ")
    if len(numbers) != 2 or not all(number.isdecimal() for number in numbers):
        return None, None
    return int(numbers[0]), int(numbers[1])


def _read_step(text: str) -> Step:
    *counts, instance = text.split(" ")
    nodes, before, after, at = map(int, counts)
    return Step(nodes, before, after, at, instance)
