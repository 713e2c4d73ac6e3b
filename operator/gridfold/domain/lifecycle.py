"""`decide`: from what is observed to what is to be done. Pure; the same in the cluster and on a laptop.

A run goes prepare → waves → refit. Which run is wanted follows from the spec alone (its run digest); children of
another run are deleted. The order of what happened never matters, only what is there now.
"""

from dataclasses import dataclass

from gridfold.api.conditions import Reason
from gridfold.api.exit_codes import FINAL_STAGE_EXITS
from gridfold.api.handoff import (
    PreparedRun,
    PrepareReport,
    RefitReport,
    Stage,
    StageInput,
    decode_cells,
    decode_report,
)
from gridfold.api.status import PreparedStatus
from gridfold.api.v1alpha1 import TrainingJobSpec
from gridfold.domain import keys
from gridfold.domain.building import StatusBuilder
from gridfold.domain.ends import cause_of
from gridfold.domain.grid import Grid, cell_count, format_ranges
from gridfold.domain.leaderboard import live_leaderboard
from gridfold.domain.naming import child_name
from gridfold.domain.observed import Children, Observed, ObservedJob, Progress, SingleStage, Wave
from gridfold.domain.plan import Action, Delete, Plan, SetParallelism, StartStage, StartWave
from gridfold.domain.results import results_of
from gridfold.domain.standing import Standing, stand

#: End of the name of the stage that prepares the data of a run once more.
PREPARE_AGAIN = f"{Stage.PREPARE}-again"


def decide(observed: Observed) -> Plan:
    """Return what brings the job a step further, and its status as of now.

    Idempotent: what a plan has brought about is no part of the next plan.
    """
    job = observed.job
    if job.spec is None:
        return _refuse(observed, Reason.INVALID_SPEC, "; ".join(map(str, job.problems)))
    total = cell_count(job.spec.search)
    if total > job.spec.search.max_cells:
        return _refuse(
            observed,
            Reason.TOO_MANY_CELLS,
            f"the search has {total} cells, spec.search.maxCells allows {job.spec.search.max_cells}: take values out "
            "of spec.search.grid, draw some of them (algorithm: Random), or raise maxCells (at most 10000)",
        )
    digest = keys.run_digest(job.metadata.uid, job.spec)
    children, stale = _of_run(observed.children, digest)
    run = _Run(job, job.spec, total, digest, children, StatusBuilder(job, digest, observed.now))
    actions = (*(Delete(name) for name in stale), *run.actions())
    return run.status.plan(actions, reconciling=bool(stale))


def _refuse(observed: Observed, reason: Reason, message: str) -> Plan:
    """Refuse the spec: nothing is started, and nothing of an earlier spec is shown as current."""
    status = StatusBuilder(observed.job, None, observed.now)
    status.refuse(reason, message)
    return status.plan(())


def _of_run(children: Children, digest: str) -> tuple[Children, list[str]]:
    """Return the children of this run, and the names of all others."""
    everything: tuple[SingleStage | Wave, ...] = (*children.prepares, *children.waves, *children.refits)
    mine = Children(
        tuple(c for c in children.prepares if c.run_digest == digest),
        tuple(sorted((w for w in children.waves if w.run_digest == digest), key=lambda w: w.number)),
        tuple(c for c in children.refits if c.run_digest == digest),
    )
    return mine, sorted(child.name for child in everything if child.run_digest != digest)


@dataclass(frozen=True)
class _Run:
    """One look at one run. Each step writes into the status and returns the actions."""

    job: ObservedJob
    spec: TrainingJobSpec
    total: int
    digest: str
    children: Children
    status: StatusBuilder

    def actions(self) -> tuple[Action, ...]:
        """Walk through the stages as far as they have come."""
        self.status.accept(self.total)
        if self.status.attempt(keys.attempt_digest(self.spec), self._next_wave):
            return self._failed_stages()
        if self.status.settled:
            self.status.judge_targets(None)
            return ()
        if self.spec.suspend:
            return self._suspend()
        self.status.resume()
        if self.status.prepared is None:
            return self._prepare()
        return self._search(self.status.prepared)

    # ── steering ─────────────────────────────────────────────────────────────────────────────────────────────────

    def _failed_stages(self) -> tuple[Action, ...]:
        """Remove the stages with which a run has failed, so that they are started anew at the next look."""
        failed = (stage for stage in self.children.prepares if stage.progress is not Progress.SUCCEEDED)
        return tuple(Delete(stage.name) for stage in (*failed, *self.children.refits))

    def _suspend(self) -> tuple[Action, ...]:
        """End what runs. Waves stay, at a parallelism of 0, so that their results do."""
        if self.status.prepared is not None:
            self._stand(self.status.prepared)
        self.status.suspend()
        stages = (*self.children.prepares, *self.children.refits)
        active = (Delete(stage.name) for stage in stages if stage.progress is Progress.ACTIVE)
        return (*active, *(SetParallelism(wave.name, 0) for wave in self._active if wave.parallelism))

    @property
    def _next_wave(self) -> int:
        return self.children.waves[-1].number + 1 if self.children.waves else 0

    # ── prepare ──────────────────────────────────────────────────────────────────────────────────────────────────

    def _prepare(self) -> tuple[Action, ...]:
        name, stage = self._find_prepare(Stage.PREPARE)
        if stage is None:
            self.status.preparing(None)
            return (StartStage(Stage.PREPARE, name, self._input(None)),)
        if _still_active(stage):
            self.status.preparing(stage)
            return _replaced(stage)
        if stage.progress is not Progress.SUCCEEDED:
            cause = cause_of(stage.end, self.spec)
            self.status.prepare_failed(cause.reason, cause.message)
            return ()
        if stage.end is None:  # it succeeded, but its pod and with it the report are gone: it is cheap to ask again
            self.status.preparing(stage)
            return (Delete(stage.name),)
        report = decode_report(stage.end.message)
        if not isinstance(report, PrepareReport) or report.total != self.total:
            self.status.prepare_failed(Reason.PREPARE_FAILED, _unknown_report(Stage.PREPARE, stage.end.message))
            return ()
        self.status.harvest(report)
        return self._search(self.status.prepared or PreparedStatus(environment=report.environment))

    def _find_prepare(self, suffix: str) -> tuple[str, SingleStage | None]:
        """Return the name of a stage that prepares the data, and the stage if it is there."""
        name = child_name(self.job.metadata.name, self.digest, suffix)
        return name, next((child for child in self.children.prepares if child.name == name), None)

    # ── search ───────────────────────────────────────────────────────────────────────────────────────────────────

    def _stand(self, prepared: PreparedStatus) -> Standing:
        """Return where every cell stands, and show it."""
        standing = stand(
            self.total,
            decode_cells(prepared.cached, self.total),
            decode_cells(prepared.infeasible, self.total),
            self.children.waves,
            self.spec,
            self.status.past(self.total),
        )
        board = live_leaderboard(
            self.status.leaderboard, standing.reports.values(), self.status.objective, Grid.of(self.spec.search.grid)
        )
        self.status.show_cells(standing, board)
        return standing

    def _search(self, prepared: PreparedStatus) -> tuple[Action, ...]:
        standing = self._stand(prepared)
        limit = self.spec.execution.max_failed_cells
        limit = max(10, -(-self.total // 10)) if limit is None else limit
        if len(standing.failed) > limit:
            return self._too_many_failures(standing, limit)
        if standing.damaged and not prepared.again:
            cell, message = min(standing.damaged.items())
            repair = self._repair(f"cell {cell} found it damaged: {message}")
            if repair is not None:
                return repair
        if standing.unfinished:
            self.status.searching(self.children.waves, standing)
            return self._wave_actions(standing)
        return self._refit(standing, prepared)

    def _repair(self, damage: str) -> tuple[Action, ...] | None:
        """Prepare the data again, once a run, while no cell is started on what is damaged; None when that is done."""
        name, stage = self._find_prepare(PREPARE_AGAIN)
        if stage is None or _still_active(stage):
            self.status.preparing(stage, damage)
            start = () if stage else (StartStage(Stage.PREPARE, name, self._input(None)),)
            return (*(SetParallelism(wave.name, 0) for wave in self._active if wave.parallelism), *start)
        if stage.progress is not Progress.SUCCEEDED:
            cause = cause_of(stage.end, self.spec)
            self.status.prepare_failed(cause.reason, cause.message)
            return self._end_waves()
        report = decode_report(stage.end.message) if stage.end else None
        run = self.status.prepared_run()
        if isinstance(report, PrepareReport) and report.digest != run.digest:
            self.status.prepare_failed(
                Reason.SOURCE_CHANGED,
                f"the prepared data was damaged, and the sources have changed since: prepared again, they give "
                f"{report.digest}, before it was {run.digest}. Results of cells are kept; bring the sources back, or "
                "give the job another name to run it on the new data.",
            )
            return self._end_waves()
        self.status.prepared_again()
        return None

    @property
    def _active(self) -> list[Wave]:
        return [wave for wave in self.children.waves if wave.progress is Progress.ACTIVE]

    def _end_waves(self) -> tuple[Action, ...]:
        return tuple(Delete(wave.name) for wave in self._active)

    def _too_many_failures(self, standing: Standing, limit: int) -> tuple[Action, ...]:
        first = min(standing.failed.values(), key=lambda failed: failed.cell)
        self.status.fail(
            Reason.TOO_MANY_FAILED_CELLS,
            f"{len(standing.failed)} cells failed, spec.execution.maxFailedCells allows {limit}; the first is cell "
            f"{first.cell} ({first.reason}): {first.message}. Results of the other cells are kept.",
        )
        return self._end_waves()

    def _wave_actions(self, standing: Standing) -> tuple[Action, ...]:
        parallelism = self.spec.execution.parallelism
        if idle := [wave for wave in self._active if wave.outdated and wave.idle]:
            return tuple(Delete(wave.name) for wave in idle)
        if active := self._active:
            return tuple(SetParallelism(wave.name, parallelism) for wave in active if wave.parallelism != parallelism)
        cells = tuple(sorted(standing.unfinished))
        number = self._next_wave
        name = child_name(self.job.metadata.name, self.digest, f"w{number}")
        stage_input = self._input(self.status.prepared_run()).model_copy(update={"cells": format_ranges(cells)})
        return (StartWave(name, number, cells, parallelism, stage_input),)

    # ── refit ────────────────────────────────────────────────────────────────────────────────────────────────────

    def _refit(self, standing: Standing, prepared: PreparedStatus) -> tuple[Action, ...]:
        if not self.children.refits:
            self.status.refitting(None)
            name = child_name(self.job.metadata.name, self.digest, Stage.REFIT)
            stage_input = self._input(self.status.prepared_run())
            stage_input = stage_input.model_copy(update={"failed": standing.failed_cells()})
            return (StartStage(Stage.REFIT, name, stage_input),)
        stage = self.children.refits[0]
        if _still_active(stage):
            self.status.refitting(stage)
            return _replaced(stage)
        if stage.progress is not Progress.SUCCEEDED:
            cause = cause_of(stage.end, self.spec)
            if cause.reason == Reason.PREPARED_CORRUPT and not prepared.again:
                repair = self._repair(f"refit found it damaged: {cause.message}")
                return (Delete(stage.name),) if repair is None else repair
            self.status.fail(cause.reason, cause.message)
            return ()
        if stage.end is None:
            self.status.refitting(stage)
            return (Delete(stage.name),)
        report = decode_report(stage.end.message)
        if not isinstance(report, RefitReport):
            self.status.fail(Reason.REFIT_FAILED, _unknown_report(Stage.REFIT, stage.end.message))
            return ()
        self._finish(report)
        return ()

    def _finish(self, report: RefitReport) -> None:
        self.status.show_results(results_of(report, self.status.objective, Grid.of(self.spec.search.grid)))
        if report.best is None:
            self.status.fail(
                Reason.NO_CELL_SUCCEEDED,
                report.message or "no cell has a score; see the column error of results.csv",
            )
            return
        self.status.complete(report)
        self.status.judge_targets(report.validation)

    def _input(self, prepared: PreparedRun | None) -> StageInput:
        metadata = self.job.metadata
        return StageInput(
            namespace=metadata.namespace,
            name=metadata.name,
            uid=metadata.uid,
            generation=metadata.generation,
            run_digest=self.digest,
            spec=self.spec,
            prepared=prepared,
        )


def _still_active(stage: SingleStage) -> bool:
    """Tell whether to wait on. A Job says that it failed some seconds after the pod whose exit code decides it."""
    final = stage.end is not None and stage.end.exit_code in FINAL_STAGE_EXITS
    return stage.progress is Progress.ACTIVE and not final


def _replaced(stage: SingleStage) -> tuple[Action, ...]:
    """Remove a stage that does not run yet and would be started otherwise now: the next look starts it so."""
    return (Delete(stage.name),) if stage.outdated and not stage.running_pods else ()


def _unknown_report(stage: Stage, message: str) -> str:
    return (
        f"{stage} succeeded, but its report is not one that this operator knows ({message[:200]!r}): "
        "trainer image and operator must have the same version"
    )
