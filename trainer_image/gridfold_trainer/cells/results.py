"""A cell's result as it is kept in object storage, under the cell's key."""

import math
from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    SerializerFunctionWrapHandler,
    model_serializer,
    model_validator,
)
from pydantic.alias_generators import to_camel

from gridfold.api.handoff import CellReport, Outcome
from gridfold_trainer.storage.context import Context
from gridfold_trainer.storage.sealed import load_sealed, seal, unseal

#: 20 metrics × 10,000 splits of 25 characters, the same on the rows of the fits, and room for the rest.
RESULT_BYTES = 16 * 1024 * 1024
MESSAGE_CHARACTERS = 8192
REPORTED_CHARACTERS = 1024
SPLITS = 10_000  # 100 folds × 100 repeats

Number = Annotated[float, Field(allow_inf_nan=False)]
Numbers = Annotated[list[Number | None], Field(max_length=SPLITS)]
Name = Annotated[str, Field(min_length=1, max_length=256)]
Fact = Annotated[str, Field(max_length=1024)]


class StrictModel(BaseModel):
    """Another writer of the cache is not trusted: every field has a type and a bound."""

    model_config = ConfigDict(alias_generator=to_camel, validate_by_name=True, extra="forbid", frozen=True, strict=True)


class WithTrainScores(StrictModel):
    """A document that has scores on the rows of the fits where they were asked for, else no word of them.

    So those that nobody asked for them are, to the byte, what they were before one could, and any version reads them.
    """

    @model_serializer(mode="wrap")
    def _without_none(self, written: SerializerFunctionWrapHandler) -> dict[str, Any]:
        names = ("train_scores", "trainScores")
        found: dict[str, Any] = written(self)
        return {name: value for name, value in found.items() if value or name not in names}


class Recorded(StrictModel):
    """Where the numbers come from."""

    versions: Annotated[dict[Name, Fact], Field(max_length=50)]
    blas: Annotated[dict[Name, Fact], Field(max_length=50)]
    threads: Annotated[int, Field(ge=1)]
    data: Fact  #: digest of the prepared data
    split: Fact  #: digest of the three parts


class CellResult(WithTrainScores):
    """All numbers of a cell, exactly: a float's JSON is the shortest text that reads back as the same float.

    Lists have one entry per split, null where that fit failed or the metric has no value (ROC AUC of one class). A
    cell that was refused before any fit has none.
    """

    format: Literal[2] = 2  #: keys.RESULT_FORMAT
    key: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    estimator: Name
    parameters: Annotated[dict[Name, Any], Field(max_length=200)]  #: as the cell's key has them
    preprocessing: Annotated[dict[Name, dict[Name, Name]], Field(max_length=2)]
    outcome: Annotated[Outcome, Field(strict=False)]
    message: Annotated[str, Field(max_length=MESSAGE_CHARACTERS)] = ""
    warnings: Annotated[list[Fact], Field(max_length=50)] = Field(default_factory=list)
    scores: Annotated[dict[Name, Numbers], Field(max_length=20)] = Field(default_factory=dict)
    #: On the rows that each fit was fitted on; {}: the job does not want them.
    train_scores: Annotated[dict[Name, Numbers], Field(max_length=20)] = Field(default_factory=dict)
    fit_seconds: Numbers = Field(default_factory=list)
    score_seconds: Numbers = Field(default_factory=list)
    #: What served other cells, too: the "preparation" of the rows, a "fit". Times are those of the cell's own part.
    shared: Annotated[list[Name], Field(max_length=10)] = Field(default_factory=list)
    recorded: Recorded

    @model_validator(mode="after")
    def _consistent(self) -> "CellResult":
        columns = (*self.scores.values(), *self.train_scores.values(), self.fit_seconds, self.score_seconds)
        lengths = {len(column) for column in columns}
        if len(lengths) > 1:
            raise ValueError(f"the lists have different numbers of splits: {sorted(lengths)}")
        splits = list(zip(*self.scores.values(), strict=True))
        scored = splits and all(any(score is not None for score in split) for split in splits)
        if self.outcome == Outcome.SUCCEEDED and not scored:
            raise ValueError("the outcome is succeeded, but a split has no score")
        return self

    def outcome_for(self, objective: str) -> Outcome:
        """Return how the cell ended for a job with this objective: without a mean of it, it failed."""
        if self.outcome == Outcome.SUCCEEDED and None in self.scores.get(objective, [None]):
            return Outcome.FAILED
        return self.outcome

    @property
    def every_score(self) -> dict[str, list[float | None]]:
        """Return the scores of each metric, and those on the rows of the fits by its name after "train_"."""
        return {**self.scores, **{f"train_{metric}": column for metric, column in self.train_scores.items()}}

    @property
    def splits(self) -> int:
        """Return how many splits the cell was evaluated on."""
        return len(self.fit_seconds)

    def to_bytes(self) -> bytes:
        """Return the object to store, with the digest of its content."""
        return seal(self)


def result_uri(cache_uri: str, key: str) -> str:
    """Return where the result of a cell is kept."""
    return f"{cache_uri}cells/{key}.json"


def load(data: bytes, key: str) -> CellResult | None:
    """Return the result in an object, or None where it is not a whole, valid, unchanged result of that cell."""
    result = unseal(CellResult, data) if len(data) <= RESULT_BYTES else None
    return result if result and result.key == key else None


def load_result(context: Context, cache_uri: str, key: str) -> CellResult | None:
    """Return the stored result of a cell, or None where there is none that is valid; of a damaged one the log tells."""
    uri = result_uri(cache_uri, key)
    return load_sealed(CellResult, context.store, uri, RESULT_BYTES, lambda result: result.key == key)


def to_report(result: CellResult, cell: int, objective: str, *, reused: bool) -> CellReport:
    """Return the summary that goes into the termination message."""
    return CellReport(
        cell=cell,
        key=result.key,
        outcome=result.outcome_for(objective),
        scores={metric: mean_std(column) for metric, column in result.scores.items()},
        reused=reused,
        fit_seconds=math.fsum(seconds for seconds in result.fit_seconds if seconds is not None),
        message=result.message[:REPORTED_CHARACTERS],
    )


def mean_std(column: list[float | None]) -> tuple[float | None, float | None]:
    """Return mean and standard deviation of a cell's scores as cv_results_ has them; None where a fold has none."""
    from gridfold_trainer.learning.ranking import means_and_stds

    if not column or None in column:
        return None, None
    means, stds = means_and_stds([column])
    return float(means[0]), float(stds[0])
