"""`gridfold prune` from the outside: what is left can be shown, replayed and run again, and a run is not disturbed."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from gridfold_notebook import open_run
from tests.e2e.local_jobs import LocalJob
from tests.e2e.test_local_run import SLOW, SLOW_GRID
from tests.unit.cli.processes import wait_until

ALL = ("--older-than", "0", "--yes")


@pytest.fixture
def job(tmp_path: Path) -> Iterator[LocalJob]:
    job = LocalJob(tmp_path)
    yield job
    job.close()


def test_what_is_left_can_be_shown_opened_replayed_and_run_again(job: LocalJob) -> None:
    job.write()
    assert job.run()[0] == 0
    first = job.results()
    job.write(search={"grid": [{"C": [1.0, 2.0]}]})
    assert job.run()[0] == 0
    code, out, err = job.command("prune")
    assert (code, err) == (0, "")
    assert out.splitlines()[-1] == "Nothing     is to be removed"
    assert "younger than 7d" in out
    code, out, err = job.command("prune", *ALL)
    assert (code, err) == (0, "")
    assert re.search(r"^Removed +2 cells' results", out, re.MULTILINE)
    assert not first.exists()
    assert len(job.cells()) == 2
    for command in (["report"], ["replay", "1"]):
        code, _, err = job.command(*command)
        assert code == 0, err
    assert len(open_run(job.folder / "out").cv_results_["params"]) == 2
    code, out, _ = job.run()
    assert code == 0
    assert "2 from the cache; nothing had to be computed again" in out


@pytest.mark.long
def test_a_run_that_is_under_way_is_not_disturbed(job: LocalJob) -> None:
    job.write()
    assert job.run()[0] == 0
    job.write(estimator=SLOW, search=SLOW_GRID)
    process = job.start()
    wait_until(lambda: len(job.cells()) > 3)
    before = job.cells()
    code, out, err = job.command("prune", *ALL)
    assert (code, err) == (0, "")
    assert process.poll() is None
    assert "a run of default/ill has begun at " in out
    assert out.splitlines()[-1] == "Nothing     is to be removed"
    assert before.items() <= job.cells().items()
    assert job.finish(process)[0] == 0
    assert re.search(r"^Removed +1 run ", job.command("prune", *ALL)[1], re.MULTILINE)
