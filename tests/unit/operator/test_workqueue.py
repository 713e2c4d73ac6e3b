"""The keyed queue, on virtual time."""

import asyncio
import itertools
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress

import pytest

from gridfold.engine.ports import ConflictError
from gridfold_operator.errors import ApiUnavailableError
from gridfold_operator.workqueue import BURST, LONGEST_BACK_OFF_SECONDS, WorkQueue, work
from tests.unit.operator.virtual_time import run_virtually


def longest(_low: float, high: float) -> float:
    """Jitter that always draws the upper end."""
    return high


def now() -> float:
    return asyncio.get_running_loop().time()


class Hands:
    """Handles keys and writes down who was handled, when, and how many at a time."""

    def __init__(self, queue: WorkQueue[str], seconds: float = 0.0) -> None:
        self.queue, self.seconds, self.start = queue, seconds, now()
        self.log: list[tuple[str, float]] = []
        self.busy: list[str] = []
        self.most = 0

    async def __call__(self, key: str) -> None:
        assert key not in self.busy, "a key is in two hands"
        self.busy.append(key)
        self.most = max(self.most, len(self.busy))
        self.log.append((key, round(now() - self.start, 3)))
        await asyncio.sleep(self.seconds)
        self.busy.remove(key)

    def times(self, key: str) -> list[float]:
        return [time for handled, time in self.log if handled == key]


async def working(
    queue: WorkQueue[str], handle: Callable[[str], Awaitable[None]], seconds: float, workers: int = 4
) -> None:
    """Let workers work for so long."""
    tasks = [asyncio.create_task(work(queue, handle)) for _ in range(workers)]
    await asyncio.sleep(seconds)
    for task in tasks:
        task.cancel()
    for task in tasks:
        with suppress(asyncio.CancelledError):
            await task


def test_a_first_event_is_handled_at_once() -> None:
    async def scenario() -> None:
        queue: WorkQueue[str] = WorkQueue()
        hands = Hands(queue)
        queue.add("a")
        await working(queue, hands, 0.01)
        assert hands.log == [("a", 0.0)]

    run_virtually(scenario())


def test_events_that_come_while_a_key_waits_are_one_turn() -> None:
    async def scenario() -> None:
        queue: WorkQueue[str] = WorkQueue()
        hands = Hands(queue)
        for _ in range(100):
            queue.add("a")
        assert len(queue) == 1
        await working(queue, hands, 10)
        assert hands.times("a") == [0.0]

    run_virtually(scenario())


def test_an_event_that_comes_while_a_key_is_handled_makes_one_more_turn_afterwards() -> None:
    async def scenario() -> None:
        queue: WorkQueue[str] = WorkQueue()
        hands = Hands(queue, seconds=0.5)
        queue.add("a")
        for delay in (0.1, 0.2, 0.3):
            asyncio.get_running_loop().call_later(delay, queue.add, "a")
        await working(queue, hands, 10)
        assert hands.times("a") == [0.0, 0.5]

    run_virtually(scenario())


def test_a_storm_of_events_is_handled_once_a_second_after_a_first_burst() -> None:
    async def scenario() -> None:
        queue: WorkQueue[str] = WorkQueue()
        hands = Hands(queue)

        async def storm() -> None:
            for _ in range(1000):
                queue.add("a")
                await asyncio.sleep(0.01)

        await asyncio.gather(storm(), working(queue, hands, 20))
        times = hands.times("a")
        assert times[0] == 0.0
        late = times[BURST:]
        gaps = [round(b - a, 2) for a, b in itertools.pairwise(late)]
        assert set(gaps) == {1.0}
        assert len(times) <= BURST + 11

    run_virtually(scenario())


def test_one_noisy_key_does_not_keep_another_waiting() -> None:
    async def scenario() -> None:
        queue: WorkQueue[str] = WorkQueue()
        hands = Hands(queue, seconds=0.2)

        async def storm() -> None:
            for _ in range(500):
                queue.add("noisy")
                await asyncio.sleep(0.01)

        asyncio.get_running_loop().call_later(3.0, queue.add, "quiet")
        await asyncio.gather(storm(), working(queue, hands, 6, workers=2))
        assert hands.times("quiet") == [3.0]

    run_virtually(scenario())


def test_new_keys_go_before_keys_that_have_had_a_turn() -> None:
    async def scenario() -> None:
        queue: WorkQueue[str] = WorkQueue()
        hands = Hands(queue, seconds=1.0)
        for name in ("old-1", "old-2", "old-3"):
            queue.add(name)
        await working(queue, hands, 3.5, workers=1)
        hands.log.clear()
        for name in ("old-1", "old-2", "old-3", "new"):
            queue.add(name)
        await working(queue, hands, 4.5, workers=1)
        assert [key for key, _ in hands.log] == ["new", "old-1", "old-2", "old-3"]

    run_virtually(scenario())


def test_as_many_keys_as_there_are_workers_are_handled_side_by_side() -> None:
    async def scenario() -> None:
        queue: WorkQueue[str] = WorkQueue()
        hands = Hands(queue, seconds=1.0)
        for number in range(200):
            queue.add(f"job-{number}")
        await working(queue, hands, 60, workers=16)
        assert hands.most == 16
        assert max(time for _, time in hands.log) <= 200 / 16
        assert len(hands.log) == 200

    run_virtually(scenario())


def test_of_two_later_times_the_earlier_one_counts() -> None:
    async def scenario() -> None:
        queue: WorkQueue[str] = WorkQueue()
        hands = Hands(queue)
        queue.add_after("a", 30)
        queue.add_after("a", 5)
        queue.add_after("a", 40)
        await working(queue, hands, 100)
        assert hands.times("a") == [5.0]

    run_virtually(scenario())


def test_a_turn_that_comes_early_replaces_the_one_that_was_set() -> None:
    async def scenario() -> None:
        queue: WorkQueue[str] = WorkQueue()
        hands = Hands(queue)
        queue.add_after("a", 30)
        queue.add("a")
        await working(queue, hands, 100)
        assert hands.times("a") == [0.0]

    run_virtually(scenario())


def test_failures_are_tried_again_with_growing_pauses_up_to_a_limit() -> None:
    async def scenario() -> None:
        queue: WorkQueue[str] = WorkQueue(longest)
        times: list[float] = []
        start = now()

        async def fail(_key: str) -> None:
            times.append(now() - start)
            raise ApiUnavailableError("GET /x: 503: no")

        queue.add("a")
        await working(queue, fail, 1000)
        gaps = [round(b - a, 2) for a, b in itertools.pairwise(times)]
        assert gaps[:8] == [0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0]
        assert set(gaps[8:]) == {LONGEST_BACK_OFF_SECONDS}

    run_virtually(scenario())


def test_a_success_makes_the_next_pause_the_first_one_again() -> None:
    async def scenario() -> None:
        queue: WorkQueue[str] = WorkQueue(longest)
        times: list[float] = []
        start = now()

        async def fail_but_third(_key: str) -> None:
            times.append(now() - start)
            if len(times) == 3:
                queue.add_after("a", 50)
                return
            raise ConflictError("changed")

        queue.add("a")
        await working(queue, fail_but_third, 60)
        assert [round(time, 2) for time in times[:5]] == [0.0, 0.5, 1.5, 51.5, 52.0]

    run_virtually(scenario())


def test_a_bug_that_one_job_triggers_stops_neither_the_worker_nor_the_other_jobs(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def scenario() -> None:
        queue: WorkQueue[str] = WorkQueue()
        handled: list[str] = []

        async def handle(key: str) -> None:
            handled.append(key)
            if key == "poison":
                raise ZeroDivisionError("oh")

        queue.add("poison")
        queue.add("good")
        await working(queue, handle, 0.1, workers=1)
        assert handled == ["poison", "good"]

    with caplog.at_level(logging.ERROR):
        run_virtually(scenario())
    assert "ZeroDivisionError" in caplog.text


def test_an_error_that_was_expected_is_one_line_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    async def scenario() -> None:
        queue: WorkQueue[str] = WorkQueue()

        async def handle(_key: str) -> None:
            raise ApiUnavailableError("GET /x: 503: no")

        queue.add("a")
        await working(queue, handle, 0.01, workers=1)

    with caplog.at_level(logging.INFO):
        run_virtually(scenario())
    assert "ApiUnavailable: GET /x: 503: no" in caplog.text
    assert "Traceback" not in caplog.text


def test_keys_that_are_gone_are_forgotten_unless_something_is_still_to_be_done_with_them() -> None:
    async def scenario() -> None:
        queue: WorkQueue[str] = WorkQueue(longest)
        hands = Hands(queue)
        for key in ("kept", "gone"):
            queue.add(key)
        await working(queue, hands, 0.1)
        queue.add_after("due", 1)
        queue.forget(lambda key: key != "kept")
        for key in ("kept", "gone"):
            queue.add(key)
        hands.log.clear()
        await working(queue, hands, 5, workers=1)
        # A key that is not remembered is new, and goes first.
        assert [key for key, _ in hands.log] == ["gone", "kept", "due"]

    run_virtually(scenario())


def test_it_tells_how_long_the_oldest_key_waits_and_the_longest_turn_takes() -> None:
    async def scenario() -> None:
        queue: WorkQueue[str] = WorkQueue()
        assert (queue.oldest_seconds, queue.longest_seconds) == (0, 0)
        for key in ("first", "second", "third"):
            queue.add(key)
            await asyncio.sleep(10)
        assert (queue.oldest_seconds, queue.longest_seconds) == (30, 0)
        taken = await queue.get()
        await asyncio.sleep(5)
        assert (taken, queue.oldest_seconds, queue.longest_seconds) == ("first", 25, 5)
        queue.done(taken)
        assert (queue.oldest_seconds, queue.longest_seconds) == (25, 0)
        queue.add(taken)
        for _ in range(2):
            await queue.get()
        assert (queue.oldest_seconds, queue.longest_seconds) == (0, 0)
        await asyncio.sleep(2)
        assert queue.oldest_seconds == 2, "a key that was handled before waits behind, but waits"

    run_virtually(scenario())
