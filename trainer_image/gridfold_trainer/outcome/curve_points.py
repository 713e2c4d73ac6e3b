"""A point of a learning curve as it is kept in object storage, so that a refit that is repeated pays for none again.

`curves/<key>.json` in the cache; the key is the digest of the cell's own, which has data, folds and versions, and of
the fraction. So a curve of other fractions computes only those that are new, and another job with the same winner none.
"""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from gridfold.api.learning import WHOLE
from gridfold.domain.keys import digest
from gridfold_trainer.cells.results import RESULT_BYTES, SPLITS, Name, Numbers, Recorded, StrictModel
from gridfold_trainer.storage.context import Context
from gridfold_trainer.storage.sealed import load_sealed, seal

#: Changes whenever the way a point's rows are chosen, or it is stored, changes.
FORMAT = 1
REASON_CHARACTERS = 1024


class CurvePart(StrictModel):
    """The scores of a cell fitted on a part of each fold's rows; one entry per split, null where there is none."""

    format: Literal[1] = 1
    key: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    cell: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]  #: its key
    fraction: Annotated[int, Field(ge=1, lt=WHOLE)]
    rows: Annotated[list[Annotated[int, Field(ge=1)]], Field(max_length=SPLITS)]
    scores: Annotated[dict[Name, Numbers], Field(max_length=20)]
    train_scores: Annotated[dict[Name, Numbers], Field(max_length=20)]
    reason: Annotated[str, Field(max_length=REASON_CHARACTERS)] = ""
    recorded: Recorded

    @model_validator(mode="after")
    def _consistent(self) -> "CurvePart":
        lengths = {len(self.rows), *(len(one) for one in (*self.scores.values(), *self.train_scores.values()))}
        if len(lengths) > 1:
            raise ValueError(f"the lists have different numbers of splits: {sorted(lengths)}")
        return self


def part_key(cell_key: str, fraction: int) -> str:
    """Return the key of a point."""
    return digest({"format": FORMAT, "cell": cell_key, "fraction": fraction})


def load_part(context: Context, cache_uri: str, key: str, splits: int) -> CurvePart | None:
    """Return a stored point, None where there is none that is valid; of a damaged one the log tells."""

    def is_right(part: CurvePart) -> bool:
        return part.key == key and len(part.rows) == splits

    return load_sealed(CurvePart, context.store, _uri(cache_uri, key), RESULT_BYTES, is_right)


def save_part(context: Context, cache_uri: str, part: CurvePart) -> None:
    """Keep a point."""
    context.store.put(_uri(cache_uri, part.key), seal(part))


def _uri(cache_uri: str, key: str) -> str:
    return f"{cache_uri}curves/{key}.json"
