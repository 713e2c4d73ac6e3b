"""What a run of the matrix of nodes needs to know of each kind of provider: what it grants, what may happen to it."""

import random
from typing import Protocol

from gridfold_operator.adapters.kubernetes.capacity.aws.group import AwsShare, read_shares
from gridfold_operator.adapters.kubernetes.capacity.node_pool import POOL_LABEL
from gridfold_operator.adapters.kubernetes.capacity.records import lease_name
from gridfold_operator.adapters.kubernetes.capacity.scaled_group import Share, held_by
from tests.contract.aws_memory import MemoryAwsWorld
from tests.contract.capacity_worlds import OTHER, PROVIDER, MemoryWorld
from tests.contract.scale_worlds import PLURAL, ScaleWorld


class Provider(Protocol):
    """A kind of provider in its world."""

    world: MemoryWorld
    kind: str  #: plural, of what the operator writes
    rights: list[tuple[str, str]]
    calls: int  #: in the longest turn of an operator, about

    def granted(self) -> dict[str, int]:
        """Return how many nodes are granted, by the name of the record that there should be; 0: machines are left."""

    def meddle(self, draw: random.Random) -> None:
        """Have somebody else do what he may."""

    def check(self) -> None:
        """Make sure that nothing but what is granted has changed."""

    def check_end(self) -> None:
        """Make sure that all is as it would be without us."""


class KarpenterPools:
    """A NodePool for each job."""

    kind = "nodepools"
    calls = 9
    rights = [("create", "nodepools"), ("delete", "nodepools"), ("list", "nodeclaims")]  # noqa: RUF012

    def __init__(self) -> None:
        self.world = MemoryWorld()

    def granted(self) -> dict[str, int]:
        api = self.world.api
        claims = {claim["metadata"]["labels"][POOL_LABEL]: 0 for claim in api.of_kind("nodeclaims").values()}
        pools = api.of_kind("nodepools").values()
        return claims | {pool["metadata"]["name"]: int(pool["spec"]["limits"]["nodes"]) for pool in pools}

    def meddle(self, draw: random.Random) -> None:
        """Do nothing: pools are nobody else's."""

    def check(self) -> None:
        """There is nothing else."""

    check_end = check


class SharedGroups:
    """Two groups of machines, which the platform scales, too."""

    kind = PLURAL
    calls = 9
    rights = [("patch", PLURAL), ("get", PLURAL), ("list", "nodes")]  # noqa: RUF012

    def __init__(self) -> None:
        self.world: MemoryWorld = ScaleWorld(replicas=2)
        self.others = {PROVIDER: 2, OTHER: 2}  #: replicas that are no job's

    def granted(self) -> dict[str, int]:
        found: dict[str, int] = {}
        for name in self.others:
            for digest, share in self._shares(name).items():
                found[lease_name(digest)] = found.get(lease_name(digest), 0) + share.nodes
        return found

    def meddle(self, draw: random.Random) -> None:
        name, by = draw.choice([PROVIDER, OTHER]), draw.choice([-1, 1, 3])
        if self.others[name] + by >= 0:
            self.others[name] += by
            self._world.scale(self._world.replicas(name) + by, name)

    def check(self) -> None:
        for name, others in self.others.items():
            jobs = sum(share.nodes for share in self._shares(name).values())
            assert self._world.replicas(name) == others + jobs, (
                f"{name}: {self._world.replicas(name)}, {others} + {jobs}"
            )

    check_end = check

    def _shares(self, name: str) -> dict[str, Share]:
        return held_by(self._world.api.objects[self._world.path(name)])

    @property
    def _world(self) -> ScaleWorld:
        assert isinstance(self.world, ScaleWorld)
        return self.world


class AwsGroups:
    """Two Auto Scaling groups, which the platform scales, too."""

    kind = "nodes"
    calls = 30
    rights = [("list", "nodes"), ("list", "pods")]  # noqa: RUF012

    def __init__(self) -> None:
        self.world: MemoryWorld = MemoryAwsWorld(desired=2)
        #: Whether somebody else has changed a group while an operator was in the middle of a change: AWS compares
        #: nothing before it writes, and who has had which machine cannot be told then.
        self.doubt = False

    def granted(self) -> dict[str, int]:
        found: dict[str, int] = {}
        for name in self._world.cloud.groups:
            for digest, share in self._shares(name).items():
                most = max(share.nodes, *(step.nodes for step in share.steps.values()), 0)
                found[lease_name(digest)] = found.get(lease_name(digest), 0) + most
        return found

    def meddle(self, draw: random.Random) -> None:
        name, by = draw.choice([PROVIDER, OTHER]), draw.choice([-1, 1, 3])
        group = self._world.cloud.groups[name]
        if group.desired - group.ours + by >= 0 and group.desired + by >= 0:
            group.set_desired(group.desired + by)
            self.doubt |= any(share.steps for share in self._shares(name).values())

    def check(self) -> None:
        for name, group in self._world.cloud.groups.items():
            shares = self._shares(name).values()
            if not (self.doubt or self._world.fired or any(share.steps for share in shares)):
                jobs = sum(share.nodes for share in shares)
                assert group.ours == jobs, f"{name}: operators have added {group.ours}, and jobs have {jobs}"

    def check_end(self) -> None:
        self.check()
        for name, group in self._world.cloud.groups.items():
            assert not group.tags, f"{name}: {group.tags}"
            assert not group.actions, f"{name}: {group.actions}"

    def _shares(self, name: str) -> dict[str, AwsShare]:
        return read_shares(self._world.cloud.groups[name].tags)

    @property
    def _world(self) -> MemoryAwsWorld:
        assert isinstance(self.world, MemoryAwsWorld)
        return self.world
