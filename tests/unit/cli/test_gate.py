"""The gate: a semaphore that changes its size."""

import asyncio

from gridfold_cli.local.gate import Gate


class Visitors:
    """Tasks that enter a gate and stay until they are told to leave."""

    def __init__(self, gate: Gate) -> None:
        self.gate, self.inside, self.leave = gate, [], {}

    def send(self, name: str) -> asyncio.Task[None]:
        self.leave[name] = asyncio.Event()
        return asyncio.create_task(self._visit(name))

    async def _visit(self, name: str) -> None:
        async with self.gate:
            self.inside.append(name)
            await self.leave[name].wait()
            self.inside.remove(name)


async def settle() -> None:
    for _ in range(10):
        await asyncio.sleep(0)


async def test_no_more_than_the_limit_are_inside_and_the_first_come_is_first_served() -> None:
    visitors = Visitors(Gate(2))
    tasks = [visitors.send(name) for name in "abcd"]
    await settle()
    assert visitors.inside == ["a", "b"]
    visitors.leave["a"].set()
    await settle()
    assert visitors.inside == ["b", "c"]
    for event in visitors.leave.values():
        event.set()
    await asyncio.gather(*tasks)
    assert visitors.inside == []


async def test_a_larger_limit_lets_those_in_who_wait() -> None:
    gate = Gate(1)
    visitors = Visitors(gate)
    tasks = [visitors.send(name) for name in "abc"]
    await settle()
    gate.resize(3)
    await settle()
    assert visitors.inside == ["a", "b", "c"]
    for event in visitors.leave.values():
        event.set()
    await asyncio.gather(*tasks)


async def test_a_smaller_limit_throws_nobody_out_but_admits_nobody_before_it_is_kept() -> None:
    gate = Gate(2)
    visitors = Visitors(gate)
    tasks = [visitors.send(name) for name in "abc"]
    await settle()
    gate.resize(1)
    visitors.leave["a"].set()
    await settle()
    assert visitors.inside == ["b"]
    visitors.leave["b"].set()
    await settle()
    assert visitors.inside == ["c"]
    visitors.leave["c"].set()
    await asyncio.gather(*tasks)


async def test_who_is_cancelled_while_waiting_or_on_the_way_in_takes_no_place() -> None:
    gate = Gate(1)
    visitors = Visitors(gate)
    a, b, c = (visitors.send(name) for name in "abc")
    await settle()
    visitors.leave["a"].set()
    await asyncio.sleep(0)  # a leaves: b is admitted, but has not run yet
    b.cancel()
    await settle()
    assert visitors.inside == ["c"]
    visitors.leave["c"].set()
    await asyncio.gather(a, c)
    async with gate:
        pass
