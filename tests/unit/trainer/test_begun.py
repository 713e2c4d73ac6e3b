"""A cell that was interrupted goes on with its next split: the same numbers, and no fit twice."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sklearn.ensemble import RandomForestClassifier
from sklearn.tree import DecisionTreeClassifier

from gridfold.api.handoff import StageInput
from gridfold_trainer import cell
from gridfold_trainer.cells import begun, judging
from gridfold_trainer.cells.begun import Beginnings, Begun, begun_uri
from gridfold_trainer.cells.cell import make_cells
from gridfold_trainer.errors import AccessDeniedError, OutputFullError
from gridfold_trainer.learning.evaluate import Evaluation
from gridfold_trainer.learning.scorers import Scorer, Scores
from gridfold_trainer.learning.sharing import together
from gridfold_trainer.storage.file_store import FileStore
from tests.unit.trainer.numeric_jobs import CACHE, World, numbers

FOLDS = 5


class Fits:
    """Counts the fits of estimators, and interrupts one of them."""

    def __init__(self) -> None:
        self.count, self.stop_at, self.fail_at = 0, 0, 0

    def wrap(self, real: Callable[..., Any]) -> Callable[..., Any]:
        def fit(estimator: Any, *rows: Any, **more: Any) -> Any:
            self.count += 1
            if self.count == self.stop_at:
                raise KeyboardInterrupt  # as a kill: nothing after it runs
            if self.count == self.fail_at:
                raise ValueError("this one does not converge")
            return real(estimator, *rows, **more)

        return fit


@pytest.fixture
def fits(monkeypatch: pytest.MonkeyPatch) -> Fits:
    counted = Fits()
    monkeypatch.setattr(DecisionTreeClassifier, "fit", counted.wrap(DecisionTreeClassifier.fit))
    return counted


@pytest.fixture
def every_split(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep every split."""
    monkeypatch.setattr(begun, "BETWEEN_SECONDS", 0.0)
    monkeypatch.setattr(begun, "MOST_OF_TIME", 1e9)


def tree_job(world: World, cells: str = "0;", **spec: Any) -> StageInput:
    return world.job(crossValidation={"folds": FOLDS}, **spec).model_copy(update={"cells": cells})


def begun_files(world: World) -> list[Path]:
    return [*(world.folder / "out/cache/begun").glob("*.json")]


def interrupt(world: World, job: StageInput, fits: Fits, at: int) -> None:
    fits.count, fits.stop_at = 0, at
    with pytest.raises(KeyboardInterrupt):
        cell.run(job, 0, world.context)
    fits.count, fits.stop_at = 0, 0


def undisturbed(tmp_path: Path, cells: str = "0;", **spec: Any) -> tuple[World, StageInput]:
    world = World(tmp_path / "other")
    job = tree_job(world, cells, **spec)
    cell.run(job, 0, world.context)
    return world, job


def undisturbed_numbers(tmp_path: Path) -> dict[str, Any]:
    world, job = undisturbed(tmp_path)
    return numbers(world.result(job))


@pytest.mark.parametrize("at", [2, 3, 5])
def test_a_cell_makes_the_fits_that_are_left_and_no_other(
    tmp_path: Path, fits: Fits, every_split: None, at: int
) -> None:
    world = World(tmp_path)
    job = tree_job(world)
    interrupt(world, job, fits, at)
    (path,) = begun_files(world)
    assert "trainScores" not in path.read_text(), "of what nobody wants there is no word"
    cell.run(job, 0, world.context)
    assert fits.count == FOLDS - at + 1
    assert begun_files(world) == []
    assert numbers(world.result(job)) == undisturbed_numbers(tmp_path)


@pytest.mark.parametrize("kept_bytes", [together.KEPT_BYTES, 0], ids=["cell by cell", "split by split"])
@pytest.mark.parametrize("at", [2, 4, 6, 9, 12, 15])
def test_the_cells_of_a_group_go_on_wherever_they_were(
    tmp_path: Path, fits: Fits, every_split: None, monkeypatch: pytest.MonkeyPatch, at: int, kept_bytes: int
) -> None:
    monkeypatch.setattr(together, "KEPT_BYTES", kept_bytes)
    world = World(tmp_path)
    job = tree_job(world, "0-2;")
    interrupt(world, job, fits, at)
    cell.run(job, 0, world.context)
    assert fits.count == 3 * FOLDS - at + 1
    assert begun_files(world) == []
    other, same = undisturbed(tmp_path, "0-2;")
    for number in range(3):
        assert numbers(world.result(job, number)) == numbers(other.result(same, number))


@pytest.mark.parametrize("cells", ["0;", "0-2;"])
def test_scores_on_the_rows_of_the_fits_are_kept_with_their_splits(
    tmp_path: Path, fits: Fits, every_split: None, cells: str
) -> None:
    wanted: dict[str, Any] = {"scoring": {"trainScores": True}}
    world = World(tmp_path)
    job = tree_job(world, cells, **wanted)
    interrupt(world, job, fits, 4)
    assert all("trainScores" in path.read_text() for path in begun_files(world))
    cell.run(job, 0, world.context)
    other, same = undisturbed(tmp_path, cells, **wanted)
    result = world.result(job)
    assert [len(column) for column in result.train_scores.values()] == [FOLDS] * 4
    assert None not in result.train_scores["f1"]
    assert numbers(result) == numbers(other.result(same))


def test_cells_that_one_fit_serves_go_on_together(
    tmp_path: Path, every_split: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    fits = Fits()
    monkeypatch.setattr(RandomForestClassifier, "fit", fits.wrap(RandomForestClassifier.fit))
    forest: dict[str, Any] = {"estimator": "ensemble.RandomForestClassifier", "grid": [{"n_estimators": [2, 4, 8]}]}
    world = World(tmp_path)
    job = tree_job(world, "0-2;", **forest)
    interrupt(world, job, fits, 4)
    cell.run(job, 0, world.context)
    assert fits.count == 2
    other, same = undisturbed(tmp_path, "0-2;", **forest)
    for number in range(3):
        assert numbers(world.result(job, number)) == numbers(other.result(same, number))


def test_a_fit_that_failed_before_is_told_as_if_nothing_had_happened(
    tmp_path: Path, fits: Fits, every_split: None
) -> None:
    world = World(tmp_path)
    job = tree_job(world)
    fits.fail_at = 2
    interrupt(world, job, fits, 4)
    fits.fail_at = 0
    cell.run(job, 0, world.context)
    assert fits.count == 2
    fits.count, fits.fail_at = 0, 2
    expected = undisturbed_numbers(tmp_path)
    assert "this one does not converge" in expected["message"]
    assert numbers(world.result(job)) == expected


def test_a_cell_without_room_goes_on_when_it_has_more(tmp_path: Path, fits: Fits, every_split: None) -> None:
    world = World(tmp_path)
    job = tree_job(world)

    def no_room(*_: Any) -> None:
        raise MemoryError

    real, fits.count = DecisionTreeClassifier.fit, 0
    DecisionTreeClassifier.fit = lambda *rows, **more: no_room() if fits.count == 3 else real(*rows, **more)
    try:
        with pytest.raises(MemoryError):
            cell.run(job, 0, world.context)
    finally:
        DecisionTreeClassifier.fit = real
    fits.count = 0
    cell.run(job, 0, world.context)
    assert fits.count == 2


# ── what is not believed ─────────────────────────────────────────────────────────────────────────────────────────────


def test_numbers_of_another_blas_architecture_are_not_gone_on_with(
    tmp_path: Path, fits: Fits, every_split: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = World(tmp_path)
    job = tree_job(world)
    interrupt(world, job, fits, 3)
    here = judging.environment.blas()
    monkeypatch.setattr(judging.environment, "blas", lambda: {**here, "architecture": "Other"})
    cell.run(job, 0, world.context)
    assert fits.count == FOLDS
    assert begun_files(world) == []


@pytest.mark.parametrize(
    "spoil",
    [
        lambda content: b"",
        lambda content: b"[" * 100_000,
        lambda content: content.replace(b'"scores":[{"accuracy":', b'"scores":[{"accuracy":1', 1),
        lambda content: content[:-1],
    ],
    ids=["empty", "deep", "another number", "cut off"],
)
def test_what_was_changed_or_damaged_is_computed_again(
    tmp_path: Path, fits: Fits, every_split: None, spoil: Callable[[bytes], bytes]
) -> None:
    world = World(tmp_path)
    job = tree_job(world)
    interrupt(world, job, fits, 3)
    (path,) = begun_files(world)
    content = path.read_bytes()
    assert spoil(content) != content
    path.write_bytes(spoil(content))
    cell.run(job, 0, world.context)
    assert fits.count == FOLDS
    assert begun_files(world) == []


def test_a_beginning_that_does_not_fit_the_splits_or_metrics_is_none(world_begun: Begun) -> None:
    assert world_begun.evaluation(["accuracy", "f1", "precision", "recall"], FOLDS, None) is not None
    assert world_begun.evaluation(["accuracy"], FOLDS, None) is None
    assert world_begun.evaluation(["accuracy", "f1", "precision", "recall"], len(world_begun.scores), None) is None
    for train in ([{"f1": 1.0}] * len(world_begun.scores), [None]):
        odd = world_begun.model_copy(update={"train_scores": train})
        assert odd.evaluation(["accuracy", "f1", "precision", "recall"], FOLDS, None) is None
    shorter = world_begun.model_copy(update={"fit_seconds": []})
    assert shorter.evaluation(["accuracy", "f1", "precision", "recall"], FOLDS, None) is None


@pytest.fixture
def world_begun(tmp_path: Path, fits: Fits, every_split: None) -> Iterator[Begun]:
    world = World(tmp_path)
    job = tree_job(world)
    interrupt(world, job, fits, 3)
    recorded = judging.provenance(job)
    key = make_cells(job, [0])[0].key
    yield Beginnings(world.context, CACHE).find([key], recorded)[key]


# ── what it costs ────────────────────────────────────────────────────────────────────────────────────────────────────


class Counting(FileStore):
    """Counts requests below `begun/`; refuses those that are named."""

    def __init__(self, folder: Path, refused: tuple[str, ...] = ()) -> None:
        super().__init__(folder)
        self.asked: list[str] = []
        self._refused = refused

    def _note(self, what: str, uri: str) -> None:
        if "/begun/" in uri:
            self.asked.append(what)
            if what in self._refused:
                raise AccessDeniedError("you may not") if what != "put" else OutputFullError("no room")

    def get(self, uri: str, *more: Any) -> bytes:
        self._note("get", uri)
        return super().get(uri, *more)

    def put(self, uri: str, content: bytes) -> None:
        self._note("put", uri)
        super().put(uri, content)

    def delete(self, uri: str) -> None:
        self._note("delete", uri)
        super().delete(uri)

    def list_uris(self, prefix: str) -> Iterator[str]:
        self._note("list", prefix)
        return super().list_uris(prefix)


@pytest.mark.parametrize(("cells", "asked"), [("0;", ["get"]), ("0-2;", ["list"])])
def test_quick_cells_cost_one_request_for_each_process(tmp_path: Path, cells: str, asked: list[str]) -> None:
    world = World(tmp_path)
    store = Counting(tmp_path)
    cell.run(tree_job(world, cells), 0, replace(world.context, store=store))
    assert store.asked == asked
    store.asked.clear()
    cell.run(tree_job(world, cells), 0, replace(world.context, store=store))
    assert store.asked == [], "whoever has results does not look"


@pytest.mark.parametrize("refused", ["get", "put", "delete"])
def test_storage_that_refuses_it_fails_nothing(tmp_path: Path, fits: Fits, every_split: None, refused: str) -> None:
    world = World(tmp_path)
    job, context = tree_job(world), replace(world.context, store=Counting(tmp_path, (refused,)))
    if refused == "delete":
        interrupt(world, job, fits, 3)
    cell.run(job, 0, context)
    assert numbers(world.result(job)) == undisturbed_numbers(tmp_path)
    assert len(begun_files(world)) == (1 if refused == "delete" else 0)


def test_words_beyond_all_bounds_cost_the_cell_nothing(
    tmp_path: Path, fits: Fits, every_split: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    long = Scores({"f1": None, "accuracy": 0.5}, {"f1": "x" * 9000})
    world = World(tmp_path)
    job = tree_job(world, scoring={"metrics": ["f1", "accuracy"], "objective": "accuracy"})
    monkeypatch.setattr(Scorer, "scores", lambda *_: long)
    cell.run(job, 0, world.context)
    assert "f1 has no value on 5 of 5 splits: xxx" in world.result(job).message
    assert begun_files(world) == []


def test_splits_are_kept_every_ten_seconds_and_take_a_fiftieth_of_the_time_at_most(tmp_path: Path) -> None:
    world = World(tmp_path)
    now, slow = [0.0], [0.0]

    class Slow(Counting):
        def put(self, uri: str, content: bytes) -> None:
            now[0] += slow[0]
            super().put(uri, content)

    store = Slow(tmp_path)
    kept = Beginnings(replace(world.context, store=store), CACHE, lambda: now[0])
    recorded = judging.provenance(tree_job(world))
    evaluation = Evaluation(None, [{"f1": 0.5}], [1.0], [1.0])

    def puts_until(seconds: float, *keys: str) -> int:
        store.asked.clear()
        while now[0] < seconds:
            now[0] += 1
            for key in keys:
                kept.keep(key, recorded, evaluation)
        return store.asked.count("put")

    assert puts_until(9, "0" * 64) == 0
    assert puts_until(100, "0" * 64) == 10
    slow[0] = 1.0
    many = puts_until(1100, *(f"{number:064x}" for number in range(50)))
    assert 10 <= many <= 23, "a fiftieth of 1,100 s are 22 s"
    kept.forget("0" * 64)
    assert not (tmp_path / begun_uri(CACHE, "0" * 64).removeprefix("file:")).exists()
