"""Prepare: the data is fetched once a run, and once more where a later stage finds it damaged."""

from gridfold.api.conditions import Reason
from gridfold.api.handoff import PrepareReport, Stage
from gridfold.domain import outage
from gridfold.domain.earlier import Draining
from gridfold.domain.observed import Progress, SingleStage
from gridfold.domain.plan import Action, Delete, StartStage
from gridfold.domain.run import Run, end_waves, pause_waves, replaced, unknown_report
from gridfold.domain.tries import Try, last_try, still_active
from gridfold.domain.waves import drain

#: End of the name of the stage that prepares the data of a run once more.
PREPARE_AGAIN = f"{Stage.PREPARE}-again"
#: Why a pod or its Job cannot be where others of the namespace are: no node, no quota or no queue has room.
NO_ROOM = frozenset({Reason.UNSCHEDULABLE, "FailedCreate", "QuotaExceeded", Reason.QUEUED})


def prepare(run: Run) -> tuple[Action, ...] | None:
    """Return what brings prepare a step further; None when it has handed over.

    Waves of an earlier run go on meanwhile: a mistake that is taken back, or a larger grid, costs no cell that runs.
    Only where prepare finds no room beside them do they start no further cells.
    """
    earlier = [Draining.of(wave) for wave in run.earlier] if run.status.waits_for(NO_ROOM) else []
    actions = _prepare(run)
    return None if actions is None else (*drain(earlier, run.spec.execution.parallelism), *actions)


def _prepare(run: Run) -> tuple[Action, ...] | None:
    last = last_try(run, Stage.PREPARE, Stage.PREPARE)
    stage = last.stage
    if stage is None:
        run.status.preparing(None, remark=last.remark)
        return (StartStage(Stage.PREPARE, last.name, run.input(None), last.memory, run.job.image),)
    if still_active(stage):
        run.status.preparing(stage, remark=last.remark)
        return _misspelled(run, last, stage) or replaced(stage)
    if stage.progress is not Progress.SUCCEEDED:
        cause = last.cause(run)
        run.status.prepare_failed(cause.reason, cause.message)
        return ()
    if stage.end is None:  # it succeeded, but its pod and with it the report are gone: it is cheap to ask again
        run.status.preparing(stage)
        return (Delete(stage.name, stage.uid),)
    report = stage.end.report
    if not isinstance(report, PrepareReport) or report.total != run.total:
        run.status.prepare_failed(Reason.PREPARE_FAILED, unknown_report(Stage.PREPARE, stage.end.message))
        return ()
    run.status.harvest(report, stage.image)
    return None


def _misspelled(run: Run, last: Try, stage: SingleStage) -> tuple[Action, ...]:
    """End a stage that waits for a server whose name is a typing error."""
    if not outage.is_typing_error(stage):
        return ()
    cause = last.cause(run)
    run.status.prepare_failed(cause.reason, cause.message)
    return (Delete(stage.name, stage.uid),)


def repair(run: Run, damage: str) -> tuple[Action, ...] | None:
    """Prepare the data again, once a run, while no cell is started on what is damaged; None when that is done."""
    last = last_try(run, Stage.PREPARE, PREPARE_AGAIN)
    stage = last.stage
    if stage is None or still_active(stage):
        run.status.preparing(stage, damage, last.remark)
        start = () if stage else (StartStage(Stage.PREPARE, last.name, run.input(None), last.memory, run.image),)
        return (*pause_waves(run), *start)
    if stage.progress is not Progress.SUCCEEDED:
        cause = last.cause(run)
        run.status.prepare_failed(cause.reason, cause.message)
        return end_waves(run)
    report = stage.end.report if stage.end else None
    before = run.status.prepared_run()
    if isinstance(report, PrepareReport) and report.digest != before.digest:
        run.status.prepare_failed(
            Reason.SOURCE_CHANGED,
            f"the prepared data was damaged, and the sources have changed since: prepared again, they give "
            f"{report.digest}, before it was {before.digest}. Results of cells are kept; bring the sources back, or "
            "give the job another name to run it on the new data.",
        )
        return end_waves(run)
    run.status.prepared_again()
    return None
