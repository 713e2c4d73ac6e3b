"""What a cell that is not complete has: its first splits, kept under its key, so that it is gone on with.

An object `begun/<key>.json` in the cache holds them, written when a split ends BETWEEN_SECONDS or more after the cell
began or was last kept; it goes when the cell's result is there. A cell whose fits take less never has one, and pays one
request for each process: the question whether there is one. A leftover (where nothing may be deleted, or of a cell that
no job asks for any more) is harmless: where there is a result, nobody looks.

Splits are gone on with only where everything that is recorded with a number is the same, the BLAS architecture and
Gridfold's own version included: the numbers of a cell never come from two of them.
"""

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from itertools import islice
from typing import Annotated, Literal

from pydantic import Field

from gridfold_trainer.cells.results import RESULT_BYTES, Name, Number, Numbers, Recorded, StrictModel, WithTrainScores
from gridfold_trainer.errors import DataError, ObjectMissingError, TrainerError
from gridfold_trainer.learning.evaluate import Evaluation, FitError
from gridfold_trainer.storage.context import Context
from gridfold_trainer.storage.sealed import seal, unseal

log = logging.getLogger("gridfold")

#: What a kill costs at most, beside the fit that it interrupts.
BETWEEN_SECONDS = 10.0
#: Most of a process's time that goes into keeping splits: a group has many cells.
MOST_OF_TIME = 0.02
#: Of cells of other jobs with the same cache that are listed beside those of this process; where more have stayed, some
#: of this process are not seen, and begin anew.
_LISTED = 1000

Splits = Annotated[list[dict[Name, Number | None] | None], Field(max_length=10_000)]
Text = Annotated[str, Field(max_length=8192)]


class KeptError(StrictModel):
    """A fit that raised."""

    kind: Name
    message: Text
    text: Text
    refused: bool
    value_error: bool


class Begun(WithTrainScores):
    """The first splits of a cell, in their order."""

    format: Literal[1] = 1
    key: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    recorded: Recorded
    scores: Annotated[Splits, Field(min_length=1)]
    fit_seconds: Numbers
    score_seconds: Numbers
    errors: Annotated[list[KeptError], Field(max_length=10_000)]
    unmeasured: Annotated[dict[Name, list[Text]], Field(max_length=20)]
    warnings: Annotated[list[Text], Field(max_length=100)]
    shared: Annotated[list[Name], Field(max_length=10)]
    train_scores: Splits = Field(default_factory=list)  #: []: no split has any

    @classmethod
    def of(cls, key: str, recorded: Recorded, evaluation: Evaluation) -> "Begun":
        """Return what is kept of an evaluation."""
        return cls(
            key=key,
            recorded=recorded,
            scores=evaluation.scores,
            fit_seconds=evaluation.fit_seconds,
            score_seconds=evaluation.score_seconds,
            errors=[KeptError(**asdict(error)) for error in evaluation.errors],
            unmeasured=evaluation.unmeasured,
            warnings=evaluation.warnings,
            shared=list(evaluation.shared),
            train_scores=evaluation.train_scores if any(evaluation.train_scores) else [],
        )

    def evaluation(self, metrics: Sequence[str], splits: int, classes: Sequence[object] | None) -> Evaluation | None:
        """Return the evaluation to go on with, None where this is no beginning of that many splits."""
        train = self.train_scores or [None] * len(self.scores)
        lengths = {len(self.scores), len(self.fit_seconds), len(self.score_seconds), len(train)}
        scored = [split for split in self.scores if split is not None]
        if lengths != {len(self.scores)} or len(self.scores) >= splits:
            return None
        if len(scored) + len(self.errors) != len(self.scores):
            return None
        if any(split.keys() != set(metrics) for split in (*scored, *filter(None, train))):
            return None
        return Evaluation(
            classes,
            list(self.scores),
            list(self.fit_seconds),
            list(self.score_seconds),
            [FitError(**error.model_dump()) for error in self.errors],
            {metric: list(causes) for metric, causes in self.unmeasured.items()},
            list(self.warnings),
            tuple(self.shared),
            list(train),
        )


def begun_uri(cache_uri: str, key: str) -> str:
    """Return where the first splits of a cell are kept."""
    return f"{cache_uri}begun/{key}.json"


class Beginnings:
    """Keeps the first splits of the cells of one process, and finds those that an earlier one has kept."""

    def __init__(self, context: Context, cache_uri: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._context, self._cache_uri, self._clock = context, cache_uri, clock
        self._start = clock()
        self._last: dict[str, float] = {}  #: by key: when its cell began, or was last kept
        self._there: set[str] = set()  #: keys of which there is an object
        self._spent, self._refused = 0.0, False

    def find(self, keys: Sequence[str], recorded: Recorded) -> Mapping[str, Begun]:
        """Return what is there of these cells, if it comes from where this process's numbers come from.

        Whatever is wrong with it: then the cells are computed from the start.
        """
        now = self._clock()
        self._last |= dict.fromkeys(keys, now)
        try:
            found = {key: self._load(key) for key in self._present(keys)}
        except TrainerError as error:
            log.warning("what was begun cannot be looked for: %s", error)
            return {}
        return {key: begun for key, begun in found.items() if begun is not None and begun.recorded == recorded}

    def keep(self, key: str, recorded: Recorded, evaluation: Evaluation) -> None:
        """Keep the splits of a cell that is not complete, unless that was done a moment ago."""
        now = self._clock()
        if self._refused or now - self._last.get(key, self._start) < BETWEEN_SECONDS:
            return
        if self._spent > MOST_OF_TIME * (now - self._start):
            return
        self._last[key] = now
        try:
            self._context.store.put(begun_uri(self._cache_uri, key), seal(Begun.of(key, recorded, evaluation)))
        except (TrainerError, ValueError) as error:  # of what is no document, such as a text beyond all bounds, too
            self._refused = True
            log.warning("splits of cells that are not complete cannot be kept: %s", error)
        else:
            self._there.add(key)
        self._spent += self._clock() - now

    def forget(self, key: str) -> None:
        """Remove what was kept of a cell whose result is there."""
        if key not in self._there:
            return
        self._there.discard(key)
        try:
            self._context.store.delete(begun_uri(self._cache_uri, key))
        except TrainerError as error:
            log.warning("%s could not be removed, which harms nothing: %s", begun_uri(self._cache_uri, key), error)

    def _present(self, keys: Sequence[str]) -> Sequence[str]:
        """Return the keys that may have an object: asked for one by one, or, of a group, by one listing."""
        if len(keys) == 1:
            return keys
        prefix = begun_uri(self._cache_uri, "").removesuffix(".json")
        listed = islice(self._context.store.list_uris(prefix), _LISTED + len(keys))
        there = {uri.removeprefix(prefix).removesuffix(".json") for uri in listed}
        return [key for key in keys if key in there]

    def _load(self, key: str) -> Begun | None:
        try:
            begun = unseal(Begun, self._context.store.get(begun_uri(self._cache_uri, key), RESULT_BYTES))
        except (ObjectMissingError, DataError):
            return None
        self._there.add(key)
        return begun if begun is not None and begun.key == key else None
