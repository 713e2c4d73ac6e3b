"""Changes a group's desired capacity for one job so that whoever is killed at any moment leaves nothing in doubt.

Noted, looked at once more, done, noted as done: see group.py. Two who meet see each other's note, and both step back.
"""

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, replace

from gridfold.engine.ports import Clock, ConflictError
from gridfold_operator.adapters.kubernetes.capacity.aws.errors import AwsError, AwsSilentError
from gridfold_operator.adapters.kubernetes.capacity.aws.group import NO_INSTANCE, AwsGroup, AwsShare, Step
from gridfold_operator.adapters.kubernetes.capacity.aws.service import GroupService


@dataclass
class Steps:
    """Steps for one job."""

    service: GroupService
    clock: Clock
    digest: str
    group: AwsGroup  #: as it is, as far as is known
    share: AwsShare  #: of the job, without a step

    async def set_nodes(self, nodes: int, spare: Iterable[str] = ()) -> None:
        """Have so many nodes; where these are fewer, end machines that can be spared first.

        Raises:
            ConflictError: somebody else is at work; nothing was done.
        """
        self._check_alone()
        await self._settle_others()
        if nodes > self.share.nodes:
            await self._set_desired(nodes, self.group.desired + nodes - self.share.nodes)
            return
        # What has not come yet costs nobody a pod.
        to_come = self.group.desired - len(self.group.alive)
        await self._lower(min(self.share.nodes - nodes, to_come))
        for instance in spare:
            if self.share.nodes <= nodes or self.group.desired <= self.group.least:
                break
            await self._end(instance)
        await self._lower(self.share.nodes - nodes)
        if self.share.nodes > nodes or self.is_in_doubt:
            # Somebody has set the number lower than all have added: no more is there to be taken back.
            await self._note(replace(self.share, nodes=nodes))

    @property
    def is_in_doubt(self) -> bool:
        """Tell whether the group's tags tell anything else of the job."""
        return self.group.shares.get(self.digest) != (self.share if self.share.nodes else None)

    async def _settle_others(self) -> None:
        """Note what has become of steps whose makers are dead, as long as the group's number tells it."""
        for digest, share in self.group.shares.items():
            if share.step and digest != self.digest:
                settled = share.settled(self.group.held_by(digest))
                await self._keep(digest, settled)

    async def _lower(self, by: int) -> None:
        by = min(by, self.group.desired - self.group.least)
        if by > 0:
            await self._set_desired(self.share.nodes - by, self.group.desired - by)

    async def _set_desired(self, nodes: int, after: int) -> None:
        step = Step(nodes, self.group.desired, after, self._now())
        await self._do(step, lambda: self.service.set_desired(after))

    async def _end(self, instance: str) -> None:
        desired = self.group.desired
        step = Step(self.share.nodes - 1, desired, desired - 1, self._now(), instance)
        await self._do(step, lambda: self.service.end(instance))
        self.group = replace(self.group, instances={**self.group.instances, instance: "Terminating"})

    async def _do(self, step: Step, act: Callable[[], Awaitable[None]]) -> None:
        before, noted = self.share, replace(self.share, step=step)
        await self._note(noted)
        now = await self.service.read()
        if now is None or now.shares.get(self.digest) != noted:
            raise self._conflict()
        if now.at_work(self._now(), step) or now.desired != step.before or now.least > step.after:
            await self._note(before)
            raise self._conflict()
        if step.instance != NO_INSTANCE and step.instance not in now.alive:
            await self._note(before)  # somebody else has ended it meanwhile
            return
        try:
            await act()
        except AwsSilentError:
            raise  # the next look tells, when its time is over
        except AwsError:
            await self._note(before)
            raise
        await self._note(replace(before, nodes=step.nodes))
        self.group = replace(self.group, desired=step.after)

    async def _note(self, share: AwsShare) -> None:
        await self._keep(self.digest, share)
        self.share = replace(share, step=None)

    async def _keep(self, digest: str, share: AwsShare) -> None:
        if share.nodes or share.step:
            await self.service.write(digest, share)
        else:
            await self.service.forget(digest)
        self.group = self.group.with_share(digest, share if share.nodes or share.step else None)

    def _check_alone(self) -> None:
        if self.group.at_work(self._now()):
            raise self._conflict()

    def _conflict(self) -> ConflictError:
        return ConflictError(f"{self.service.target.place} is being changed by somebody else: observe again")

    def _now(self) -> int:
        return int(self.clock.now().timestamp())
