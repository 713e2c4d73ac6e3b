"""How often the operator writes to the API server: a job of twenty cells from its creation until nothing happens."""

from collections.abc import Callable

import pytest

from gridfold_operator import reconciler
from gridfold_operator.reconciler import PROGRESS_LOOKS_PER_SECOND
from tests.unit.operator.played_jobs import Pace, Played

AT_ONCE = Pace(prepare=0.1, cell=0.05, refit=0.1, start=0.1)
#: How long things take, how many cells run at a time, and how many writes that may cost at most.
ORDINARY = [
    (AT_ONCE, 20, 16),
    (Pace(), 20, 18),
    (Pace(), 4, 21),
    (Pace(cell=10), 4, 22),
]


def complete(played: Played, *names: str) -> Callable[[], bool]:
    return lambda: all(played.job(name).get("status", {}).get("state") == "Complete" for name in names)


@pytest.mark.parametrize(("pace", "parallelism", "limit"), ORDINARY)
def test_a_job_of_twenty_cells_costs_few_writes_until_it_is_at_rest(
    monkeypatch: pytest.MonkeyPatch, pace: Pace, parallelism: int, limit: int
) -> None:
    played = Played(pace)

    async def story() -> None:
        played.create("job", 20, parallelism=parallelism)
        await played.until(complete(played, "job"))
        await played.rest(200)

    played.run(monkeypatch, story)
    assert played.api.writes.total() <= limit, played.api.writes
    assert played.api.writes["POST jobs"] == 3


def test_a_job_of_a_thousand_cells_costs_less_than_a_tenth_of_a_write_for_each(monkeypatch: pytest.MonkeyPatch) -> None:
    played = Played(Pace(cell=5))

    async def story() -> None:
        played.create("job", 1000, parallelism=300)
        await played.until(complete(played, "job"))

    played.run(monkeypatch, story)
    assert played.api.writes.total() < 100, played.api.writes


def test_two_hundred_jobs_whose_cells_come_slowly_cost_no_more_writes_each(monkeypatch: pytest.MonkeyPatch) -> None:
    jobs = 16  # each of which stands for many: the time between two looks is that of two hundred
    monkeypatch.setattr(reconciler, "PROGRESS_LOOKS_PER_SECOND", PROGRESS_LOOKS_PER_SECOND * jobs / 200)
    played, names = Played(Pace(cell=12, start=8)), [f"job-{number}" for number in range(jobs)]

    async def story() -> None:
        for name in names:
            played.create(name, 20, parallelism=2)
        took.append(await played.until(complete(played, *names)))
        await played.rest(200)

    took: list[float] = []
    played.run(monkeypatch, story)
    assert took[0] > 200
    assert played.api.writes.total() / jobs <= 20, played.api.writes


def test_jobs_whose_pods_are_slow_to_start_do_not_ask_for_events_at_every_look(monkeypatch: pytest.MonkeyPatch) -> None:
    played, names = Played(Pace(cell=1, start=20)), [f"job-{number}" for number in range(10)]

    async def story() -> None:
        for name in names:
            played.create(name, 20, parallelism=5)
        await played.until(complete(played, *names))

    played.run(monkeypatch, story)
    assert 0 < played.api.reads["LIST events"] < 40
