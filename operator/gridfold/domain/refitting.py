"""Refit: the winner is fitted again, judged, and opened once against the test part."""

from gridfold.api.conditions import Reason
from gridfold.api.handoff import RefitReport, Stage
from gridfold.api.status import PreparedStatus
from gridfold.domain.grid import Grid
from gridfold.domain.observed import Progress
from gridfold.domain.plan import Action, Delete, StartStage
from gridfold.domain.preparing import repair
from gridfold.domain.results import results_of
from gridfold.domain.run import Run, replaced, unknown_report
from gridfold.domain.standing import Standing
from gridfold.domain.tries import last_try, still_active


def refit(run: Run, standing: Standing, prepared: PreparedStatus) -> tuple[Action, ...]:
    """Return what brings refit a step further, or end the run with what it found."""
    last = last_try(run, Stage.REFIT, Stage.REFIT)
    stage = last.stage
    if stage is None:
        run.status.refitting(None, last.remark)
        told = {"failed": standing.failed_cells(), "memory": standing.memory_ranges()}
        stage_input = run.input(run.status.prepared_run()).model_copy(update=told)
        return (StartStage(Stage.REFIT, last.name, stage_input, last.memory, run.image),)
    if still_active(stage):
        run.status.refitting(stage, last.remark)
        return replaced(stage)
    if stage.progress is not Progress.SUCCEEDED:
        cause = last.cause(run)
        if cause.reason == Reason.PREPARED_CORRUPT and not prepared.again:
            actions = repair(run, f"refit found it damaged: {cause.message}")
            return (Delete(stage.name, stage.uid),) if actions is None else actions
        run.status.fail(cause.reason, cause.message)
        return ()
    if stage.end is None:
        run.status.refitting(stage)
        return (Delete(stage.name, stage.uid),)
    report = stage.end.report
    if not isinstance(report, RefitReport):
        run.status.fail(Reason.REFIT_FAILED, unknown_report(Stage.REFIT, stage.end.message))
        return ()
    _finish(run, report)
    return ()


def _finish(run: Run, report: RefitReport) -> None:
    run.status.show_results(results_of(report, run.status.objective, Grid.of(run.spec.search.grid)))
    if report.best is None:
        run.status.fail(
            Reason.NO_CELL_SUCCEEDED,
            report.message or "no cell has a score; see the column error of results.csv",
        )
        return
    run.status.complete(report)
    run.status.judge_targets(report.validation)
