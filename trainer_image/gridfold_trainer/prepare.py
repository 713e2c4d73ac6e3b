"""The prepare stage: sources to a prepared data set, and everything that would go wrong later, told now."""

import tempfile
from dataclasses import replace
from pathlib import Path

from gridfold.api.handoff import PreparedRun, PrepareReport, StageInput
from gridfold_trainer.data.frames import add_frames
from gridfold_trainer.data.sources import locate
from gridfold_trainer.errors import DataError
from gridfold_trainer.learning import environment, estimators
from gridfold_trainer.learning.column_checks import column_problems
from gridfold_trainer.outcome import claims, users
from gridfold_trainer.preparing.beside import beside
from gridfold_trainer.preparing.judging import early_problems, judge
from gridfold_trainer.preparing.report import report
from gridfold_trainer.preparing.source import read, store
from gridfold_trainer.preparing.target_judge import TargetJudge
from gridfold_trainer.storage.context import Context


def run(job: StageInput, context: Context) -> PrepareReport:
    """Prepare the data of a job and return what was found.

    Raises:
        DataError: the job cannot run; every problem that could be found is in it.
    """
    with (
        claims.held(job, context),
        users.entered(job, context),
        tempfile.TemporaryDirectory(prefix="prepare-", dir=context.scratch) as scratch,
    ):
        return _prepare(job, replace(context, scratch=Path(scratch)))


def _prepare(job: StageInput, context: Context) -> PrepareReport:
    """Locate, read, judge, store, report."""
    spec = job.spec
    unread: list[str] = []
    locating = beside(locate, spec.dataset.sources, context, unread)  # hashes files while scikit-learn is imported
    cls = estimators.load_class(spec.estimator.class_name)
    early = early_problems(job, cls, context)
    add_frames()
    target = TargetJudge(spec, cls)  # looks at it while the matrix is written
    try:
        located, classifier = locating.result(), estimators.is_classifier(cls)
        source = read(spec, located, context, classifier=classifier, on_target=target.begin)
    except DataError as error:
        raise type(error)(*error.problems, *early.problems, *column_problems(spec, cls)) from error
    judged = judge(spec, cls, source.data, target.judged(source.data), early)
    digest = store(spec, source, judged.positive, context)
    prepared = PreparedRun(
        digest=digest,
        environment=environment.digest(spec.estimator.class_name),
        resolved=judged.resolved,
        split_digest=judged.parts.digest,
    )
    return report(job.model_copy(update={"prepared": prepared}), source.data, judged, unread, context)
