"""What `gridfold prune` removes from real files: never what a current run is made of, nor what a run may need."""

import argparse
import json
import os
import shutil
import signal
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from gridfold.api.answers import PruneAnswer
from gridfold.api.handoff import StageInput
from gridfold_trainer import refit
from gridfold_trainer.asked import prune
from gridfold_trainer.cells.stored import find_stored
from gridfold_trainer.data import reuse
from gridfold_trainer.errors import AccessDeniedError, StorageUnreachableError
from gridfold_trainer.outcome import users
from gridfold_trainer.outcome.current_run import NoResultsError, current_run
from gridfold_trainer.outcome.ownership import OutputInUseError
from gridfold_trainer.outcome.winner import Refitted
from gridfold_trainer.pruning import removal
from gridfold_trainer.storage.file_store import FileStore
from gridfold_trainer.storage.sealed import seal
from gridfold_trainer.storage.stores import RoutedStore
from tests.unit.trainer.numeric_jobs import CACHE, World

DAY = 86_400
DEEP = [{"max_depth": [3, 4]}]
OTHER = "b" * 64


@pytest.fixture(scope="module", autouse=True)
def _quick_refits() -> Iterator[None]:
    """Leave out the last two fits of a run, of which nothing here depends."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(refit, "refit_winner", lambda *_: Refitted(None, {"f1": 0.5}, {"f1": 0.5}))
        yield


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


@pytest.fixture(scope="module")
def two_runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The output folder of a job that was run, and run again with another grid."""
    world = World(tmp_path_factory.mktemp("two"))
    finished(world, world.job())
    finished(world, world.job(DEEP))
    return world.folder / "out"


@pytest.fixture
def job(world: World, two_runs: Path) -> StageInput:
    """The job of two runs, the second of which is the current one: a run and two cells may go."""
    shutil.copytree(two_runs, world.folder / "out", dirs_exist_ok=True)
    return world.job(DEEP)


def begin(world: World, job: StageInput) -> None:
    """Enter a run as prepare does it."""
    with users.entered(job, world.context):
        return


def finished(world: World, job: StageInput) -> StageInput:
    begin(world, job)
    world.run_cells(job)
    refit.run(job, world.context)
    return job


def other_job(world: World, grid: Any = None) -> StageInput:
    """Return another job, with results of its own, whose cache is that of the first."""
    job = world.job(grid, output={"uri": "file:other/", "cacheUri": CACHE})
    return job.model_copy(update={"name": "other"})


def ask(world: World, job: StageInput, *, yes: bool = True, keep_runs: int = 1, older_than: float = 0) -> PruneAnswer:
    asked = job.model_copy(update={"prepared": None, "cells": ""})  # as the command line knows it
    options = argparse.Namespace(yes=yes, keep_runs=keep_runs, older_than=older_than)
    return prune.answer(options, asked, world.context)


def files(world: World, below: str = "out") -> dict[str, bytes]:
    folder = world.folder / below
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def gone(answer: PruneAnswer) -> dict[str, int]:
    return {pile.kind: pile.things for pile in answer.removed}


def cached(world: World, job: StageInput) -> int:
    assert job.prepared is not None
    return len(find_stored(job, job.prepared, world.context).cached)


def put(world: World, name: str, content: bytes = b"x") -> Path:
    path = world.folder / "out" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def test_the_run_before_and_its_own_cells_go_and_the_current_one_is_as_it_was(world: World) -> None:
    finished(world, world.job())
    before = files(world)
    job = finished(world, world.job(DEEP))
    now = files(world)
    answer = ask(world, job)
    assert gone(answer) == {"run": 1, "cell": 2}  # max_depth 3 is in both
    assert answer.doubts == []
    left = files(world)
    run = answer.run.removeprefix("file:out/")
    assert {name: now[name] for name in left} == left
    assert {name for name in now if name not in left} == {name for name in before if name.startswith("runs/")} | {
        f"cache/cells/{world.result_path(world.job(), number).name}" for number in (0, 1)
    }
    assert all(name in left for name in now if name.startswith((run, "cache/openings", "cache/prepared", "latest")))
    assert cached(world, job) == 2
    assert current_run(job, world.context)[0].run == answer.run
    assert gone(ask(world, job)) == {}
    assert refit.run(job, world.context).results_uri == answer.run  # the run can be run again


def test_without_yes_it_is_counted_and_nothing_is_removed(world: World, job: StageInput) -> None:
    before = files(world)
    answer = ask(world, job, yes=False)
    assert (answer.removed, files(world)) == ([], before)
    going = [pile for pile in answer.piles if not pile.why]
    assert sum(pile.objects for pile in going) == len(before) - len(files_after(world, job))
    assert answer.runs == [f"file:out/runs/{next(iter(runs(before) - runs(files(world))))}/"]


def files_after(world: World, job: StageInput) -> dict[str, bytes]:
    ask(world, job)
    return files(world)


def runs(found: dict[str, bytes]) -> set[str]:
    return {name.split("/")[1] for name in found if name.startswith("runs/")}


def test_what_is_young_stays_and_one_young_file_keeps_its_run(world: World, job: StageInput) -> None:
    before = files(world)
    for older_than in (DAY, 99_999 * DAY):  # the command line takes no longer one
        assert gone(ask(world, job, older_than=older_than)) == {}
    assert files(world) == before
    for path in (world.folder / "out").rglob("*.*"):
        if path.parent.name != "users" and path.name != "latest.json":
            os.utime(path, (time.time() - 2 * DAY, time.time() - 2 * DAY))
    (first,) = runs(before) - {ask(world, job, yes=False).run.split("/")[-2]}
    put(world, f"runs/{first}/logs/refit-1.txt")
    assert gone(ask(world, job, older_than=DAY)) == {"cell": 2}


def test_runs_that_are_kept_keep_their_cells(world: World) -> None:
    first, second = finished(world, world.job()), finished(world, world.job(DEEP))
    job = finished(world, world.job([{"max_depth": [5]}]))
    assert gone(ask(world, job, keep_runs=2)) == {"run": 1, "cell": 2}
    assert cached(world, second) == 2
    assert cached(world, first) == 1
    assert gone(ask(world, job, keep_runs=9)) == {}


def test_what_the_current_run_of_another_job_with_the_same_cache_is_made_of_stays(
    world: World, job: StageInput
) -> None:
    finished(world, other_job(world, [{"max_depth": [7]}]))
    other = finished(world, other_job(world, [{"max_depth": [2, 8]}]))
    theirs = files(world, "other")
    answer = ask(world, job)
    assert answer.users == ["team-a/other", "team-a/small"]
    assert gone(answer) == {"run": 1, "cell": 2}  # 1 and 7; 2 is the other job's, too
    assert cached(world, other) == 2
    assert files(world, "other") == theirs


def test_what_neither_run_is_made_of_goes_whatever_it_is(world: World) -> None:
    job = finished(world, world.job(learningCurve={"fractions": [50, 100]}))
    kept = set(files(world))
    assert any(name.startswith("cache/curves/") for name in kept)
    for name in ("begun", "curves", "cells"):
        put(world, f"cache/{name}/{OTHER}.json")
    put(world, f"cache/prepared/{OTHER}/X.npy")
    put(world, f"cache/prepared/{OTHER}/manifest.json")
    put(world, f"cache/prepared/{OTHER}/y.npy.0123abcd.gridfold-part")
    for key, digest in (("c" * 64, world.digest), ("d" * 64, f"sha256:{OTHER}")):
        index = reuse.Index(key=key, prepared=digest, sources=[OTHER], dropped_rows={}, dropped_columns={}, warnings=[])
        put(world, f"cache/sources/{key}.json", seal(index))
    put(world, f"cache/sources/{OTHER}.json", b"of another version")
    foreign = {"notes.txt", "runs/best.txt", "cache/cells/README", f"cache/sources/{OTHER}.json", "cache/mine/a.json"}
    for name in foreign:
        put(world, name)
    answer = ask(world, job)
    assert gone(answer) == {"begun": 1, "curve": 1, "cell": 1, "prepared": 1, "sources": 1, "unfinished": 1}
    assert set(files(world)) == kept | foreign | {f"cache/sources/{'c' * 64}.json"}


def edit_entry(world: World, job: StageInput, edit: Callable[[Path], object]) -> None:
    edit(world.folder / users.entry_uri(job, world.context).removeprefix("file:"))


@pytest.mark.parametrize(
    ("happens", "words"),
    [
        (begin, "a run of team-a/other has begun at "),
        (lambda world, other: (world.folder / "other/latest.json").unlink(), "no results that can be read in file:"),
        (lambda world, other: (world.folder / "other/latest.json").write_text("{"), "If that job is gone for good"),
        (lambda world, other: edit_entry(world, other, lambda path: path.write_text("{}")), "is damaged or of another"),
        (
            lambda world, other: next(world.folder.glob("other/runs/*/status.json")).write_text("{}"),
            "it cannot be told what the run",
        ),
        (
            lambda world, other: next(world.folder.glob("other/runs/*/status.json")).unlink(),
            "it cannot be told what the run",
        ),
    ],
    ids=["its run goes on", "no results", "damaged results", "damaged entry", "damaged run", "no run"],
)
def test_all_of_the_cache_stays_while_it_is_not_certain_what_another_job_needs(
    world: World, job: StageInput, happens: Callable[[World, StageInput], object], words: str
) -> None:
    other = finished(world, other_job(world))
    happens(world, other)
    before = files(world, "out/cache")
    answer = ask(world, job)
    assert words in " ".join(answer.doubts)
    assert gone(answer) == {"run": 1}
    assert files(world, "out/cache") == before


def test_a_cache_of_which_nothing_says_who_uses_it_stays(world: World, job: StageInput) -> None:
    edit_entry(world, job, Path.unlink)
    answer = ask(world, job)
    assert (gone(answer), len(answer.doubts)) == ({"run": 1}, 1)
    assert "Run the job once more" in answer.doubts[0]
    begin(world, job)  # the advice
    refit.run(job, world.context)
    assert gone(ask(world, job)) == {"cell": 2}


def test_a_run_of_a_gridfold_that_names_cells_in_another_way_keeps_the_cache(
    world: World, job: StageInput, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gridfold.domain.keys.RESULT_FORMAT", 99)
    answer = ask(world, job)
    assert gone(answer) == {"run": 1}
    assert "names cells in another way" in answer.doubts[0]


def test_nothing_goes_while_a_run_of_the_job_is_under_way_until_it_has_ended(world: World, job: StageInput) -> None:
    begin(world, world.job())
    before = files(world)
    answer = ask(world, job)
    assert gone(answer) == {}
    assert "a run of team-a/small has begun at " in answer.doubts[0]
    assert files(world) == before
    refit.run(job, world.context)
    assert gone(ask(world, job)) == {"run": 1, "cell": 2}


def test_a_run_that_was_refused_before_it_began_holds_nothing_and_forgets_nothing(
    world: World, job: StageInput
) -> None:
    with pytest.raises(AccessDeniedError), users.entered(job, world.context):
        raise AccessDeniedError("no right to read the source")
    assert gone(ask(world, job)) == {"run": 1, "cell": 2}
    assert cached(world, job) == 2


def test_a_run_that_is_refused_beside_one_that_goes_on_does_not_end_that_one(world: World, job: StageInput) -> None:
    begin(world, job)
    with pytest.raises(AccessDeniedError), users.entered(job, world.context):
        raise AccessDeniedError("no right to read the source")
    assert "a run of team-a/small has begun at " in ask(world, job).doubts[0]
    refit.run(job, world.context)
    assert gone(ask(world, job)) == {"run": 1, "cell": 2}


class Bucket(FileStore):
    """A bucket, as a folder."""

    def local_path(self, uri: str) -> Path:
        return super().local_path(uri.replace("s3://", "file:"))


def test_between_storages_with_clocks_of_their_own_nothing_goes(world: World) -> None:
    stores = {"file": lambda: FileStore(world.folder), "s3": lambda: Bucket(world.folder)}
    world.context = replace(world.context, store=RoutedStore(stores))
    shutil.copytree(world.folder / "out/cache/prepared", world.folder / "bucket/cache/prepared")
    places = {"uri": "file:out/", "cacheUri": "s3://bucket/cache/"}
    finished(world, world.job(output=places))
    job = finished(world, world.job(DEEP, output=places))
    before = files(world, "."), files(world, "bucket")
    answer = ask(world, job)
    assert gone(answer) == {}
    assert "each with a clock of its own" in answer.doubts[0]
    assert (files(world, "."), files(world, "bucket")) == before


def test_a_folder_that_is_moved_takes_its_entry_with_it(world: World) -> None:
    finished(world, world.job())
    finished(world, world.job(DEEP))
    (world.folder / "out").rename(world.folder / "moved")
    job = world.job(DEEP, output={"uri": "file:moved/"})
    with pytest.raises(NoResultsError):  # latest.json names a folder that is not below the output any more
        ask(world, job)
    world.run_cells(job)
    begin(world, job)
    refit.run(job, world.context)
    answer = ask(world, job)
    assert (answer.doubts, answer.users, gone(answer)) == ([], ["team-a/small"], {"run": 1, "cell": 2})


def on_delete(world: World, monkeypatch: pytest.MonkeyPatch, number: int, happens: Callable[[], object]) -> None:
    """Have something happen when so many objects have been removed; one is removed after the other."""
    monkeypatch.setattr(removal, "BATCH", 1)
    calls, delete = 0, world.context.store.delete

    def counted(uri: str) -> None:
        nonlocal calls
        calls += 1
        if calls == number + 1:
            happens()
        delete(uri)

    monkeypatch.setattr(world.context.store, "delete", counted)


def denied() -> None:
    raise AccessDeniedError("file:out/x may not be removed by this user.")


def away() -> None:
    raise StorageUnreachableError("s3://b/x: the server does not answer.")


@pytest.fixture
def _own_sigint() -> Iterator[None]:
    """Have Ctrl-C as in a terminal: where the suite is a job in the background, it is ignored from the start."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("_own_sigint")
@pytest.mark.parametrize("number", [0, 4])
@pytest.mark.parametrize(
    ("happens", "removed", "words"),
    [
        (lambda _: denied(), 0, "AccessDenied: file:out/x may not be removed"),
        (lambda _: away(), 0, "StorageUnreachable: s3://b/x"),
        (lambda world: begin(world, world.job()), 1, "a run has begun or ended meanwhile"),
        (lambda _: signal.raise_signal(signal.SIGINT), 1, ""),
    ],
    ids=["no right", "storage away", "a run begins", "Ctrl-C"],
)
def test_a_removal_that_is_stopped_says_how_far_it_is_and_the_current_run_is_whole(
    world: World,
    job: StageInput,
    monkeypatch: pytest.MonkeyPatch,
    number: int,
    happens: Callable[[World], object],
    removed: int,
    words: str,
) -> None:
    before = files(world)
    with monkeypatch.context() as patch:
        on_delete(world, patch, number, lambda: happens(world))
        answer = ask(world, job)
    left = files(world)
    assert sum(pile.objects for pile in answer.removed) == number + removed == len(before) - len(left)
    assert words in answer.failure
    assert answer.interrupted == (not words)
    assert (signal.getsignal(signal.SIGINT) is signal.SIG_IGN) == answer.interrupted  # it may come twice
    found, content = current_run(job, world.context)
    assert all(f"{found.run}{name}".removeprefix("file:out/") in left for name in json.loads(content)["files"])
    assert cached(world, job) == 2
    whole = {name.rpartition("/")[0] for name in left if name.endswith("/status.json")}
    gone_first = {name.rpartition("/")[0] for name in before if name not in left and name.startswith("runs/")}
    assert not whole & gone_first  # nothing is there that looks whole and is not
    refit.run(job, world.context)  # what has begun has ended
    assert ask(world, job).failure == ""
    assert len(runs(files(world))) == 1
    assert (gone(ask(world, job)), cached(world, job)) == ({}, 2)


def test_without_a_current_run_or_in_the_folder_of_another_job_nothing_is_touched(world: World) -> None:
    job = world.job()
    begin(world, job)
    world.run_cells(job)
    before = files(world)
    with pytest.raises(NoResultsError, match="run the job first"):
        ask(world, job)
    refit.run(job, world.context)
    with pytest.raises(OutputInUseError, match=r"team-a/small; this is team-a/thief"):
        ask(world, job.model_copy(update={"name": "thief"}))
    assert set(before) < set(files(world))


def test_storage_that_is_gone_is_told_before_anything_is_removed(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    job = finished(world, world.job())
    before = files(world)

    def list_objects(_: str) -> object:
        away()
        return ()

    monkeypatch.setattr(world.context.store, "list_objects", list_objects)
    with pytest.raises(StorageUnreachableError, match="does not answer"):
        ask(world, job)
    assert files(world) == before


def test_where_unfinished_uploads_cannot_be_seen_all_else_goes(
    world: World, job: StageInput, monkeypatch: pytest.MonkeyPatch
) -> None:

    def list_unfinished(_: str) -> object:
        return denied()

    monkeypatch.setattr(world.context.store, "list_unfinished", list_unfinished)
    answer = ask(world, job)
    assert gone(answer) == {"run": 1, "cell": 2}
    assert [doubt.partition(":")[0] for doubt in answer.doubts] == ["unfinished uploads cannot be seen"]
