"""Who leads, on virtual time: takeovers, lost renewals, stopped processes, clocks that jump, and Leases that go."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gridfold_operator.errors import ApiRefusedError, ApiUnavailableError, LeadershipLostError
from gridfold_operator.lease import LOOK_SECONDS, TERM_SHARE, Elector, LeaseRecord
from gridfold_operator.term import Term
from tests.contract.fake_leases import FakeLeaseStore, Shelf
from tests.unit.operator.virtual_time import run_virtually

SECONDS = 15.0
AWAY = ApiUnavailableError("PUT: 503: away")
REFUSED = ApiRefusedError("PUT: 403: leases is forbidden", 403)


def now() -> float:
    return asyncio.get_running_loop().time()


@dataclass
class Process:
    """An operator's process, as far as leading goes. Its clocks may be wrong, and its time of day may jump."""

    name: str
    shelf: Shelf
    day: timedelta = timedelta(0)
    fast: float = 1.0  #: how fast its clock runs
    terms: list[Term] = field(default_factory=list)
    leaders: list[str] = field(default_factory=list)  #: whom it has stood by for
    stopped: asyncio.Event = field(default_factory=asyncio.Event)  #: is set while it runs
    failure: BaseException | None = None
    task: "asyncio.Task[None] | None" = None

    def __post_init__(self) -> None:
        self.store = FakeLeaseStore(self.shelf)
        self.stopped.set()

    def now(self) -> datetime:
        return datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=now()) + self.day

    def monotonic(self) -> float:
        return now() * self.fast

    def start(self) -> "Process":
        self.task = asyncio.create_task(self._run())
        return self

    async def _run(self) -> None:
        elector = Elector(self.store, self.name, SECONDS, self, self.monotonic)
        try:
            async with elector.leading(self.leaders.append) as term:
                self.terms.append(term)
                await elector.keep(term)
        except (ApiRefusedError, LeadershipLostError) as error:
            self.failure = error

    @property
    def leads(self) -> bool:
        return any(not term.is_over() for term in self.terms)

    async def end(self) -> None:
        """End as on SIGTERM."""
        assert self.task
        self.task.cancel()
        with suppress(asyncio.CancelledError):
            await self.task

    def kill(self) -> None:
        """End as on SIGKILL: nothing reaches the API server any more."""
        self.cut_off(forever())
        assert self.task
        self.task.cancel()

    def cut_off(self, answer: Callable[[str], Awaitable[None]]) -> None:
        self.store.before = answer


def forever() -> Callable[[str], Awaitable[None]]:
    async def hang(_verb: str) -> None:
        await asyncio.Event().wait()

    return hang


def failing(error: Exception, *verbs: str) -> Callable[[str], Awaitable[None]]:
    async def fail(verb: str) -> None:
        await asyncio.sleep(0)
        if not verbs or verb in verbs:
            raise error

    return fail


async def at_once(_verb: str) -> None:
    await asyncio.sleep(0)


async def until(condition: Callable[[], bool], limit: float = 200) -> float:
    """Wait until something is so and return how long that took."""
    start = now()
    async with asyncio.timeout(limit):
        while not condition():
            await asyncio.sleep(0.05)
    return now() - start


@asynccontextmanager
async def processes(count: int = 2, **changes: Any) -> Any:
    """Have processes of which the first leads."""
    shelf = Shelf()
    made = [Process(f"system/operator-{number}", shelf, **changes) for number in range(count)]
    made[0].start()
    await until(lambda: made[0].leads)
    for process in made[1:]:
        process.start()
    await asyncio.sleep(30)
    assert [process.leads for process in made] == [True] + [False] * (count - 1)
    try:
        yield made
    finally:
        for process in made:
            if process.task:
                process.task.cancel()
        tasks = [process.task for process in made if process.task]
        await asyncio.gather(*tasks, return_exceptions=True)


def play(story: Callable[[list[Process]], Awaitable[None]], count: int = 2, **changes: Any) -> None:
    async def scenario() -> None:
        async with processes(count, **changes) as made:
            await story(made)

    run_virtually(scenario())


def test_the_first_leads_at_once_and_goes_on_while_the_others_know_who_it_is() -> None:
    async def story(made: list[Process]) -> None:
        await asyncio.sleep(3600)
        assert [process.leads for process in made] == [True, False, False]
        assert {leader for process in made[1:] for leader in process.leaders} == {"system/operator-0"}
        assert len(made[0].terms) == 1

    play(story, count=3)


def test_of_many_that_begin_together_one_leads() -> None:
    async def scenario() -> None:
        shelf = Shelf()
        made = [Process(f"system/operator-{number}", shelf).start() for number in range(5)]
        await asyncio.sleep(100)
        assert sum(process.leads for process in made) == 1
        assert sum(len(process.terms) for process in made) == 1
        for process in made:
            await process.end()

    run_virtually(scenario())


def test_one_that_ends_hands_over_within_a_second() -> None:
    async def story(made: list[Process]) -> None:
        await made[0].end()
        assert not made[0].leads
        assert await until(lambda: made[1].leads) <= LOOK_SECONDS + 0.1
        assert made[1].shelf.record is not None
        assert made[1].shelf.record.holder == "system/operator-1"

    play(story)


def test_one_that_ends_while_it_renews_hands_over_too() -> None:
    async def story(made: list[Process]) -> None:
        renewing = asyncio.Event()

        async def lose_the_answer(verb: str) -> None:
            if verb == "write":
                made[0].store.after = at_once
                renewing.set()
                await asyncio.Event().wait()

        made[0].store.after = lose_the_answer
        await renewing.wait()
        await made[0].end()
        assert await until(lambda: made[1].leads) <= LOOK_SECONDS + 0.1

    play(story)


def test_one_that_is_killed_is_followed_when_its_record_has_been_the_same_for_the_whole_lease() -> None:
    async def story(made: list[Process]) -> None:
        renewed = len(made[0].shelf.history)
        await until(lambda: len(made[0].shelf.history) > renewed)
        made[0].kill()
        took = await until(lambda: made[1].leads)
        assert SECONDS <= took <= SECONDS + 2 * LOOK_SECONDS

    play(story)


def test_an_earlier_process_of_the_same_pod_is_followed_at_once() -> None:
    async def scenario() -> None:
        shelf = Shelf()
        shelf.put(LeaseRecord("system/operator-0", SECONDS, transitions=3))
        process = Process("system/operator-0", shelf).start()
        assert await until(lambda: process.leads) < 0.2
        assert shelf.record is not None
        assert shelf.record.transitions == 3
        await process.end()

    run_virtually(scenario())


@pytest.mark.parametrize("answer", [forever(), failing(AWAY)])
def test_one_that_is_cut_off_writes_nothing_before_anybody_follows_and_ends_in_words(answer: Any) -> None:
    async def story(made: list[Process]) -> None:
        made[0].cut_off(answer)
        await until(lambda: not made[0].leads)
        assert not made[1].leads
        took = await until(lambda: made[1].leads)
        assert took >= SECONDS * (1 - TERM_SHARE) - LOOK_SECONDS
        assert isinstance(made[0].failure, LeadershipLostError)
        assert "the Lease team/gridfold-operator was not renewed for 10 s and more" in str(made[0].failure)

    play(story)


@pytest.mark.parametrize("seconds", [0.5, 3.0, 8.0])
def test_an_api_server_that_is_away_for_less_than_the_term_costs_nothing(seconds: float) -> None:
    async def story(made: list[Process]) -> None:
        for _ in range(5):
            for process in made:
                process.cut_off(failing(AWAY))
            await asyncio.sleep(seconds)
            for process in made:
                process.cut_off(at_once)
            await asyncio.sleep(7)
        assert made[0].leads
        assert len(made[0].terms) == 1

    play(story)


def test_one_that_was_stopped_finds_its_term_over_whatever_comes_first_and_its_lease_somebody_elses() -> None:
    async def story(made: list[Process]) -> None:
        (term,) = made[0].terms
        gone_on = asyncio.Event()

        async def stop(_verb: str) -> None:
            await gone_on.wait()

        made[0].cut_off(stop)  # of a stopped process nothing is heard, and its timers ring late
        await until(lambda: made[1].leads)
        await asyncio.sleep(60)
        gone_on.set()
        assert term.is_over()
        await asyncio.sleep(5)
        term.extend(now() + 100)
        assert term.is_over()
        assert made[1].leads
        assert isinstance(made[0].failure, LeadershipLostError)

    play(story)


def test_a_renewal_that_was_under_way_when_the_process_was_stopped_extends_nothing_afterwards() -> None:
    async def story(made: list[Process]) -> None:
        (term,) = made[0].terms

        async def answer_late(verb: str) -> None:
            if verb == "write":
                asyncio.get_running_loop().now += 60  # type: ignore[attr-defined]

        made[0].store.after = answer_late
        await until(lambda: made[0].failure is not None)
        assert term.is_over()

    play(story, count=1)


def test_a_term_counts_from_when_its_renewal_was_asked_for_however_late_the_answer_comes() -> None:
    async def story(made: list[Process]) -> None:
        written: list[float] = []

        async def answer_late(verb: str) -> None:
            if verb == "write":
                written.append(now())
                await asyncio.sleep(2.5)
                made[0].cut_off(forever())

        made[0].store.after = answer_late
        await until(lambda: not made[0].leads)
        assert len(written) == 1
        assert now() - written[0] <= SECONDS * TERM_SHARE + 0.1

    play(story, count=1)


def test_a_lease_that_somebody_else_took_is_given_up_at_the_next_renewal() -> None:
    async def story(made: list[Process]) -> None:
        shelf = made[0].shelf
        assert shelf.record
        shelf.put(replace(shelf.record, holder="other/operator"))
        await until(lambda: not made[0].leads)
        assert str(made[0].failure) == "the Lease team/gridfold-operator is held by other/operator now"
        assert shelf.record.holder == "other/operator"

    play(story, count=1)


def test_a_label_that_somebody_puts_on_the_lease_changes_nothing() -> None:
    async def story(made: list[Process]) -> None:
        for _ in range(10):
            made[0].shelf.touch()
            await asyncio.sleep(4)
        assert made[0].leads
        assert len(made[0].terms) == 1

    play(story)


def test_a_lease_that_is_deleted_is_made_again_by_its_holder_and_by_nobody_else() -> None:
    async def story(made: list[Process]) -> None:
        for _ in range(5):
            made[0].shelf.record = None
            await asyncio.sleep(5)
            assert made[0].leads
        assert not made[1].terms
        made[0].kill()
        made[0].shelf.record = None
        assert await until(lambda: made[1].leads) > SECONDS / 2

    play(story)


def test_a_time_of_day_that_jumps_by_a_year_in_either_direction_changes_nothing() -> None:
    async def story(made: list[Process]) -> None:
        for days in (365, -365, 0):
            for process in made:
                process.day = timedelta(days=days if process is made[0] else -days)
            await asyncio.sleep(60)
            assert [process.leads for process in made] == [True, False]

    play(story)


def test_a_refusal_is_told_as_such_when_the_term_is_over_and_not_before() -> None:
    async def story(made: list[Process]) -> None:
        made[0].cut_off(failing(REFUSED, "write"))
        await asyncio.sleep(SECONDS * TERM_SHARE / 2)
        assert made[0].leads
        await until(lambda: made[0].failure is not None)
        assert made[0].failure is REFUSED

    play(story, count=1)


def test_a_lease_that_may_not_be_read_is_told_at_once() -> None:
    async def scenario() -> None:
        process = Process("system/operator-0", Shelf())
        process.cut_off(failing(REFUSED))
        process.start()
        await until(lambda: process.failure is not None, limit=2)
        assert process.failure is REFUSED

    run_virtually(scenario())


def test_what_is_written_tells_people_who_leads_since_when_and_how_often_that_changed() -> None:
    async def story(made: list[Process]) -> None:
        first = made[0].shelf.record
        await made[0].end()
        await until(lambda: made[1].leads)
        second = made[1].shelf.record
        assert first is not None
        assert second is not None
        assert (first.seconds, first.transitions) == (SECONDS, 0)
        assert first.acquired is not None
        assert first.renewed is not None
        assert first.renewed > first.acquired
        assert (second.holder, second.transitions) == ("system/operator-1", 1)
        assert second.acquired == second.renewed

    play(story)


@dataclass
class Story:
    """Three places for processes, and how many of all that ever ran led at the same time at most."""

    fast: list[float]
    shelf: Shelf = field(default_factory=Shelf)
    ever: list[Process] = field(default_factory=list)
    most: int = 0

    def __post_init__(self) -> None:
        self.places = [self._begin(f"operator-{number}", fast) for number, fast in enumerate(self.fast)]

    def _begin(self, name: str, fast: float = 1.0) -> Process:
        self.ever.append(Process(name, self.shelf, fast=fast).start())
        return self.ever[-1]

    async def count(self) -> None:
        while True:
            self.most = max(self.most, sum(process.leads for process in self.ever))
            await asyncio.sleep(0.1)

    async def act(self, number: int, step: str) -> None:
        process = self.places[number]
        if step == "end":
            await process.end()
        elif step == "kill":
            process.kill()
            for term in process.terms:
                term.end()
        elif step == "touch":
            self.shelf.touch()
        else:
            process.cut_off({"cut off": failing(AWAY), "hang": forever(), "come back": at_once}[step])

    def begin_again(self) -> None:
        """Have all that have ended run again, in new pods, and reach the API server."""
        for number, process in enumerate(self.places):
            process.cut_off(at_once)
            if process.task and process.task.done():
                self.places[number] = self._begin(f"operator-{len(self.ever)}", self.fast[number])


STEPS = st.tuples(
    st.integers(0, 2),
    st.sampled_from(["cut off", "hang", "come back", "end", "kill", "touch", "begin again"]),
    st.floats(0.2, 40),
)


@settings(max_examples=60, deadline=None)
@given(st.lists(STEPS, max_size=12), st.lists(st.floats(0.97, 1.03), min_size=3, max_size=3))
def test_whatever_happens_in_whatever_order_never_do_two_lead_and_in_the_end_one_does(
    steps: list[tuple[int, str, float]], fast: list[float]
) -> None:
    async def scenario() -> None:
        story = Story(fast)
        counting = asyncio.create_task(story.count())
        await asyncio.sleep(1)
        for number, step, seconds in steps:
            if step == "begin again":
                story.begin_again()
            else:
                await story.act(number, step)
            await asyncio.sleep(seconds)
        story.begin_again()
        await asyncio.sleep(30)
        story.begin_again()  # those that had lost their term while nobody answered
        await asyncio.sleep(60)
        assert story.most == 1
        assert sum(process.leads for process in story.places) == 1
        counting.cancel()
        for process in story.places:
            await process.end()

    run_virtually(scenario())
