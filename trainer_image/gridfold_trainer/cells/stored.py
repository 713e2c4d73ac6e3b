"""Which cells of a job have their result in object storage already."""

from collections.abc import Collection, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice

from gridfold.api.handoff import PreparedRun, StageInput
from gridfold.domain.grid import Grid
from gridfold.domain.keys import CellKeys
from gridfold_trainer.cells import results
from gridfold_trainer.errors import DataError, ObjectMissingError, ObjectTooLargeError
from gridfold_trainer.learning import sampling
from gridfold_trainer.storage.context import Context

#: Results are fetched side by side: each is small, and the waiting is for the network.
_READERS = 8
_KEYS_PER_PAGE = 1000  # of S3's ListObjectsV2


@dataclass(frozen=True)
class Stored:
    """What is stored of a job's cells."""

    cached: frozenset[int]  #: cells with a valid result
    damaged: int  #: results that are there, but are not valid: their cells are computed again

    @property
    def warnings(self) -> list[str]:
        """Return a sentence about the damaged results, if there are any."""
        if not self.damaged:
            return []
        if self.damaged == 1:
            return ["1 stored result was changed or damaged; it is computed again"]
        return [f"{self.damaged} stored results were changed or damaged; they are computed again"]


def find_stored(job: StageInput, prepared: PreparedRun, context: Context) -> Stored:
    """Return the cells that have a valid result in object storage, and how many others are there."""
    keys = CellKeys(job.spec, prepared)
    grid, drawn = Grid.of(job.spec.search.grid), sampling.draw(job.spec.search)
    wanted: dict[str, list[int]] = {}
    for cell, number in enumerate(drawn):
        wanted.setdefault(keys.key(grid[number]), []).append(cell)  # a list of grids may hold a cell twice
    candidates = list(_present(wanted, job.spec.cache_uri, context))

    def is_valid(key: str) -> bool | None:
        """Tell whether a result is valid; None: there is none, or it cannot be read."""
        try:
            content = context.store.get(results.result_uri(job.spec.cache_uri, key), results.RESULT_BYTES)
        except ObjectTooLargeError:
            return False
        except (ObjectMissingError, DataError):
            return None
        return results.load(content, key) is not None

    with ThreadPoolExecutor(_READERS) as readers:
        valid = list(readers.map(is_valid, candidates))
    cached = frozenset(cell for key, ok in zip(candidates, valid, strict=True) if ok for cell in wanted[key])
    return Stored(cached, valid.count(False))


def _present(wanted: Collection[str], cache_uri: str, context: Context) -> Iterator[str]:
    """Yield the keys that may have a result.

    One listing answers for all cells, a thousand results a request; where the cache of other jobs is so large that
    the listing would take more requests than asking for each cell, every key is yielded.
    """
    first = results.result_uri(cache_uri, "")
    prefix = first.removesuffix(".json")
    limit = max(1, len(wanted)) * _KEYS_PER_PAGE
    listed = list(islice(context.store.list_uris(prefix), limit))
    if len(listed) == limit:
        yield from wanted
        return
    for uri in listed:
        key = uri.removeprefix(prefix).removesuffix(".json")
        if key in wanted:
            yield key
