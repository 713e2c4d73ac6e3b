"""The data of a job: found in the cache, or read from its sources and stored there."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from gridfold.api.v1alpha1 import TrainingJobSpec
from gridfold_trainer.data import reuse
from gridfold_trainer.data.assemble import Assembled, assemble
from gridfold_trainer.data.orders import Orders
from gridfold_trainer.data.prepared_writer import Draft, save_prepared
from gridfold_trainer.data.sources import Located, check_unchanged, fetch
from gridfold_trainer.data.targets import Target
from gridfold_trainer.storage.context import Context


@dataclass(frozen=True)
class Source:
    """The data of a job, and where it came from."""

    data: Assembled
    index_uri: str | None
    sha256s: tuple[str, ...]  #: of every object that was read
    digest: str | None  #: of the stored data set, where it was found and nothing had to be read


def read(
    spec: TrainingJobSpec,
    located: Sequence[Located],
    context: Context,
    *,
    classifier: bool,
    on_target: Callable[[Target, Orders], object],
) -> Source:
    """Return the data of a job, whose target is told before the matrix is written.

    Raises:
        DataError: sources, columns or values cannot be used.
    """
    uri = reuse.index_uri(spec, located, classifier=classifier)
    found = reuse.find(uri, spec, located, context)
    if found is not None:
        return Source(found[1], uri, (), found[0])
    files = fetch(spec.dataset.sources, located, context)
    data = assemble(spec, files, context, classifier=classifier, on_target=on_target)
    check_unchanged(located)
    return Source(data, uri, tuple(file.sha256 for file in files), None)


def store(spec: TrainingJobSpec, source: Source, positive: int | None, context: Context) -> str:
    """Return the digest of the data set, which is stored afterwards if it was not before."""
    if source.digest is not None:
        return source.digest
    data = source.data
    if data.matrix is None:
        raise AssertionError("data without a matrix is stored already")
    draft = Draft(
        data.matrix, data.columns, spec.dataset.target, data.target, positive, data.groups, data.time, data.folds
    )
    digest = save_prepared(draft, spec.cache_uri, context)
    reuse.remember(source.index_uri, digest, data, source.sha256s, context)
    return digest
