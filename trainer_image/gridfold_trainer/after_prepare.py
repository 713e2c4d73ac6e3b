"""What prepare hands to the stages after it, and whether they are like prepare."""

from gridfold.api.handoff import PreparedRun, StageInput
from gridfold_trainer.advice import same_versions
from gridfold_trainer.data.prepared import PreparedData, load_prepared
from gridfold_trainer.errors import DataError
from gridfold_trainer.learning import environment
from gridfold_trainer.learning.splits import Parts, make_parts
from gridfold_trainer.storage.context import Context


class SplitChangedError(DataError):
    """The same split gives other rows here than it gave in prepare."""

    reason = "SplitChanged"


class EnvironmentChangedError(DataError):
    """This process has other versions than prepare had, so its numbers do not belong under prepare's keys."""

    reason = "EnvironmentChanged"


def prepared_run(job: StageInput) -> PreparedRun:
    """Return what prepare found.

    Raises:
        DataError: this job.json is not one of a stage after prepare.
    """
    if job.prepared is None:
        raise DataError("job.json has no `prepared`, which every stage after prepare needs; start prepare first.")
    return job.prepared


def objective_of(job: StageInput) -> str:
    """Return the metric that decides, as prepare resolved it.

    Raises:
        DataError: prepare was another version, which resolved none.
    """
    resolved = prepared_run(job).resolved
    if resolved.objective is None or resolved.objective not in resolved.metrics:
        raise DataError(
            f"job.json has the objective {resolved.objective} of the metrics {resolved.metrics}; {same_versions()}."
        )
    return resolved.objective


def load_parts(job: StageInput, context: Context) -> tuple[PreparedData, Parts]:
    """Return the prepared data set and its three parts.

    Raises:
        DataError: the data is corrupt, or this process is not like the one of prepare.
    """
    prepared = prepared_run(job)
    class_name = job.spec.estimator.class_name
    if environment.digest(class_name) != prepared.environment:
        versions = ", ".join(f"{name} {version}" for name, version in environment.versions(class_name).items())
        raise EnvironmentChangedError(
            f"this process runs {versions}, which is not what prepare ran; {same_versions()}."
        )
    return load_split(job, context)


def load_split(job: StageInput, context: Context) -> tuple[PreparedData, Parts]:
    """Return the same where this process may be another than that of prepare, whose numbers are only compared.

    Raises:
        DataError: the data is corrupt, or its rows are split in another way here.
    """
    prepared = prepared_run(job)
    data = load_prepared(context.store, job.spec.cache_uri, prepared.digest, context.scratch)
    parts = make_parts(data.y, job.spec.split, prepared.resolved, data.classes, data.orders)
    if parts.digest != prepared.split_digest:
        raise SplitChangedError(
            f"the split is {parts.digest} here, but {prepared.split_digest} in prepare; {same_versions()}."
        )
    return data, parts
