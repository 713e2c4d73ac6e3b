"""A namespace that comes late, is refused, and comes back; the parts that serve it stand and fall together."""

import asyncio
import logging
from collections.abc import Iterator
from typing import Any

import pytest

from gridfold_operator.adapters.clock import SystemClock
from gridfold_operator.errors import ApiNotFoundError, ApiRefusedError, ApiUnavailableError, LeadershipLostError
from gridfold_operator.lease import Elector, LeaseRecord
from gridfold_operator.served_namespace import KIND_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS, ServedNamespace
from tests.contract.fake_leases import FakeLeaseStore, Shelf
from tests.unit.operator.virtual_time import run_virtually

FORBIDDEN = ApiRefusedError("GET /jobs: 403: jobs is forbidden", 403)


class Namespace:
    """A namespace whose list answers as a test has told it, and whose second part fails when the test says so."""

    def __init__(self, *answers: Exception | None) -> None:
        self.answers = list(answers)
        self.looks: list[float] = []
        self.running = 0
        self.failure: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.shelf = Shelf()
        elector = Elector(FakeLeaseStore(self.shelf), "system/a", 15, SystemClock(), asyncio.get_running_loop().time)
        self.served = ServedNamespace("team-a", self.look, elector, self.parts)

    async def look(self, name: str) -> None:
        assert name == "team-a"
        self.looks.append(asyncio.get_running_loop().time())
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if answer is not None:
            raise answer

    def parts(self, _: str) -> Iterator[Any]:
        yield self.part(asyncio.Event().wait())
        yield self.part(asyncio.shield(self.failure))

    async def part(self, end: Any) -> None:
        self.running += 1
        try:
            await end
        finally:
            self.running -= 1


def play(seconds: float, *answers: Exception | None) -> Namespace:
    """Serve for so long and return what came of it."""

    async def scenario() -> Namespace:
        namespace = Namespace(*answers)
        task = asyncio.create_task(namespace.served.run())
        await asyncio.sleep(seconds)
        assert not task.done()
        task.cancel()
        return namespace

    return run_virtually(scenario())


@pytest.mark.parametrize("answer", [ApiNotFoundError("404"), ApiUnavailableError("503")])
def test_a_kind_that_is_not_there_yet_is_waited_for(answer: Exception) -> None:
    assert play(1, answer).served.trouble == "the kind TrainingJob is not there yet"
    assert play(3 * KIND_PAUSE_SECONDS, answer, None).served.trouble == ""


def test_what_is_refused_is_told_once_and_tried_again_less_and_less_often(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        namespace = play(300, FORBIDDEN)
    assert namespace.served.trouble == "GET /jobs: 403: jobs is forbidden"
    assert caplog.text.count("jobs is forbidden") == 1
    pauses = [after - before for before, after in zip(namespace.looks, namespace.looks[1:], strict=False)]
    assert pauses[0] <= 1
    assert 300 / LONGEST_PAUSE_SECONDS <= len(pauses) <= 300 / (LONGEST_PAUSE_SECONDS / 2) + 6


def test_it_is_served_once_it_may_be_seen(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        namespace = play(30, FORBIDDEN, FORBIDDEN, None)
    assert namespace.served.trouble == ""
    assert "namespace team-a is served" in caplog.text


def test_a_part_that_is_refused_ends_the_others_and_all_begin_anew() -> None:
    async def scenario() -> None:
        namespace = Namespace(None)
        task = asyncio.create_task(namespace.served.run())
        await asyncio.sleep(100)
        assert namespace.running == 2
        failure, namespace.failure = namespace.failure, asyncio.get_running_loop().create_future()
        failure.set_exception(FORBIDDEN)
        await asyncio.sleep(0.1)
        assert (namespace.running, namespace.served.trouble) == (0, str(FORBIDDEN))
        await asyncio.sleep(1)
        assert (namespace.running, namespace.served.trouble) == (2, "")
        task.cancel()

    run_virtually(scenario())


def test_a_fault_of_a_part_ends_the_process_with_it() -> None:
    async def scenario() -> None:
        namespace = Namespace(None)
        namespace.failure.set_exception(ZeroDivisionError("a bug"))
        await namespace.served.run()

    with pytest.raises(ZeroDivisionError, match="a bug"):
        run_virtually(scenario())


def test_one_that_somebody_else_leads_has_no_part_running_and_is_served_once_that_one_goes(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def scenario() -> None:
        namespace = Namespace(None)
        namespace.shelf.put(LeaseRecord("other/b", 15))
        task = asyncio.create_task(namespace.served.run())
        await asyncio.sleep(10)
        served = namespace.served
        assert (served.trouble, served.leader, served.term, namespace.running) == ("", "other/b", None, 0)
        await asyncio.sleep(10)
        assert (served.trouble, served.leader, namespace.running) == ("", "", 2)
        assert served.term is not None
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        assert served.term is None
        assert namespace.shelf.record is not None
        assert namespace.shelf.record.holder == ""

    with caplog.at_level(logging.INFO):
        run_virtually(scenario())
    assert caplog.text.count("namespace team-a is served by other/b; this operator stands by") == 1
    assert "namespace team-a is served, by the Lease team/gridfold-operator" in caplog.text


def test_one_that_another_has_taken_over_ends_the_process_with_all_its_parts() -> None:
    async def scenario() -> None:
        namespace = Namespace(None)
        task = asyncio.create_task(namespace.served.run())
        await asyncio.sleep(10)
        namespace.shelf.put(LeaseRecord("other/b", 15))
        try:
            await task
        finally:
            assert namespace.running == 0

    with pytest.raises(LeadershipLostError, match="is held by other/b now"):
        run_virtually(scenario())


def test_a_lease_that_is_refused_leaves_the_namespace_unserved_in_words() -> None:
    async def scenario() -> Namespace:
        namespace = Namespace(None)

        async def refuse(_: str) -> None:
            raise ApiRefusedError("GET /leases: 403: leases is forbidden", 403)

        store = FakeLeaseStore(namespace.shelf, before=refuse)
        elector = Elector(store, "system/a", 15, SystemClock(), asyncio.get_running_loop().time)
        served = namespace.served = ServedNamespace("team-a", namespace.look, elector, namespace.parts)
        task = asyncio.create_task(served.run())
        await asyncio.sleep(10)
        task.cancel()
        return namespace

    namespace = run_virtually(scenario())
    assert namespace.served.trouble == "GET /leases: 403: leases is forbidden"
    assert namespace.running == 0
