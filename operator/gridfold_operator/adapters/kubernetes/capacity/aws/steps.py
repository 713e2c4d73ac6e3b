"""Changes a group's desired capacity for one job so that whoever is killed at any moment leaves nothing in doubt.

Noted, looked at once more, done, noted as done: see group.py. Two who meet see each other's note, and both step back.
"""

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from secrets import token_hex
from typing import Self

from gridfold.engine.ports import Clock, ConflictError
from gridfold_operator.adapters.kubernetes.capacity.aws.errors import DENIED, AwsError, AwsSilentError
from gridfold_operator.adapters.kubernetes.capacity.aws.group import (
    BASE_KEY,
    NO_INSTANCE,
    AwsGroup,
    AwsShare,
    Step,
    owner_keys,
    step_key,
    tag_key,
)
from gridfold_operator.adapters.kubernetes.capacity.aws.service import GroupService


@dataclass
class Steps:
    """Steps for one job: `async with` begins and ends them."""

    service: GroupService
    clock: Clock
    digest: str
    share: AwsShare  #: of the job
    group: AwsGroup  #: as it is, as far as is known
    writer: str = field(default_factory=lambda: token_hex(4))  #: a name that nobody else has

    async def __aenter__(self) -> Self:
        """Note what has become of steps whose makers are dead.

        Raises:
            ConflictError: somebody else is at work; nothing was done.
        """
        if self.group.at_work(self._now()):
            raise self._conflict()
        desired = self.group.desired
        now = await self._note(Step(0, desired, desired, self._now()))
        if now is None or now.at_work(self._now(), self._mine):
            await self.service.forget([self._key])
            raise self._conflict()
        self.group = now
        if now.is_taken_back:
            await self.service.write({tag_key(digest): "0" for digest in now.shares})
            await self.service.forget([BASE_KEY])
            nothing = {digest: replace(share, nodes=0) for digest, share in now.shares.items()}
            self.group = replace(now, base=None, is_late=False, shares=nothing)
        await self._settle()
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, _: object) -> None:
        """Leave no step behind, unless nobody can know what has become of it."""
        if error is None and not self.share.nodes:
            await self.service.forget([tag_key(self.digest), *owner_keys(self.digest), self._key])
        elif error is None or (isinstance(error, Exception) and not isinstance(error, AwsSilentError)):
            await self.service.forget([self._key])

    async def set_nodes(self, nodes: int, spare: Iterable[str] = ()) -> None:
        """Have so many nodes; where these are fewer, end machines that can be spared first.

        Where somebody has set the number lower than all jobs have added, no more is taken back than is there.
        """
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
        if self.share.nodes > nodes:
            await self._keep(nodes)

    async def guard(self, until: datetime) -> None:
        """Have AWS take back at that time what all jobs have added, in case nobody of ours is there then."""
        others = sum(self.group.held_by(digest) for digest in self.group.shares if digest != self.digest)
        base = self.group.desired - others - self.share.nodes
        if others + self.share.nodes == 0:
            await self._unschedule()
        elif base >= 0:
            await self.service.schedule(base, until)
            await self.service.write({BASE_KEY: f"{base} {int(until.timestamp())}"})

    async def _unschedule(self) -> None:
        try:
            await self.service.unschedule()
        except AwsError as error:
            # Who may not take it away could not make it either, so that there is none.
            if error.code not in DENIED or self.group.base is not None:
                raise
        await self.service.forget([BASE_KEY])

    async def _settle(self) -> None:
        """Note what each job has, as long as the group's number tells it, and drop what others have left."""
        left = []
        for digest, share in self.group.shares.items():
            if share.steps.keys() - {self.writer}:
                await self.service.write({tag_key(digest): str(self.group.held_by(digest))})
            if digest == self.digest:
                self.share = replace(self.share, nodes=self.group.held_by(digest))
            left += [step_key(digest, writer) for writer in {*share.steps, *share.idle} - {self.writer}]
        if left:
            await self.service.forget(left)

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

    async def _do(self, step: Step, act: Callable[[], Awaitable[None]]) -> None:
        now = await self._note(step)
        if now is None or not self._is_as_expected(now, step):
            raise self._conflict()
        self.group = now
        if step.instance != NO_INSTANCE and step.instance not in now.alive:
            return  # somebody else has ended it meanwhile; the next step takes the place of this one
        await act()
        ended = {} if step.instance == NO_INSTANCE else {step.instance: "Terminating"}
        self.group = replace(now, desired=step.after, instances={**now.instances, **ended})
        await self._keep(step.nodes)

    async def _note(self, step: Step) -> AwsGroup | None:
        """Tell what is about to be done, and return the group as it is then."""
        await self.service.write({self._key: step.text, **self.share.owner_tags(self.digest)})
        return await self.service.read(self.clock.now())

    async def _keep(self, nodes: int) -> None:
        """Note what the job has now; one's step stays as one that changes nothing, until all is done."""
        rest = Step(0, self.group.desired, self.group.desired, self._now())
        await self.service.write({tag_key(self.digest): str(nodes), self._key: rest.text})
        self.share = replace(self.share, nodes=nodes)

    def _is_as_expected(self, now: AwsGroup, step: Step) -> bool:
        """Tell whether nothing has changed since the group was read, and nobody else is at work."""
        share = now.shares.get(self.digest)
        mine = share is not None and share.steps.get(self.writer) == step and share.nodes == self.share.nodes
        fits = now.desired == step.before and now.least <= step.after
        return mine and fits and not now.at_work(self._now(), self._mine)

    @property
    def _mine(self) -> tuple[str, str]:
        return (self.digest, self.writer)

    @property
    def _key(self) -> str:
        return step_key(self.digest, self.writer)

    def _conflict(self) -> ConflictError:
        return ConflictError(f"{self.service.target.place} is being changed by somebody else: observe again")

    def _now(self) -> int:
        return int(self.clock.now().timestamp())
