"""The status of a run while `decide` walks through its stages: every word that a user reads comes from here."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from gridfold.api.conditions import ConditionType, Reason
from gridfold.api.handoff import PreparedRun, PrepareReport, RefitReport
from gridfold.api.status import PreparedStatus, RankedCell, Resolved, State, TrainingJobStatus
from gridfold.api.v1alpha1 import DEFAULT_TRAINER, TrainingJobSpec
from gridfold.domain.capacity.deciding import show_verdict
from gridfold.domain.capacity.held import Held, Verdict
from gridfold.domain.capacity.usage import count
from gridfold.domain.conditions import Conditions, format_time, is_true
from gridfold.domain.deadline import exceeded, keep_time, next_attempt, runs_out, seconds_left
from gridfold.domain.estimate import estimate
from gridfold.domain.events import events_between, events_of
from gridfold.domain.held_up import held_up_by, summarized
from gridfold.domain.leaderboard import missed_targets
from gridfold.domain.observed import ObservedJob, SingleStage, Waiting, Wave
from gridfold.domain.plan import Action, Plan
from gridfold.domain.pods_shown import Cells, capacity_ready, show_cells, show_stage
from gridfold.domain.remedies import with_image_remedy
from gridfold.domain.remembered import recall, remember
from gridfold.domain.standing import Past, Standing
from gridfold.domain.words import counted

C = ConditionType


class StatusBuilder:
    """Builds the next status. A status of another run is not continued: nothing stale is shown as current."""

    def __init__(self, job: ObservedJob, run_digest: str | None, now: datetime) -> None:
        same_run = job.status.run_digest == run_digest
        if run_digest is None:  # the spec is refused: what was said of it stands as long as it is the same spec
            same_run = same_run and job.status.observed_generation == job.metadata.generation
        self._job, self._now = job, now
        self._previous = job.status
        self._status = (
            job.status if same_run else TrainingJobStatus(run_digest=run_digest, capacity=job.status.capacity)
        )
        kept = job.status.conditions if same_run else []
        self._conditions = Conditions(kept, job.metadata.generation, now)
        self._set(observed_generation=job.metadata.generation)

    def _set(self, **fields: Any) -> None:
        self._status = self._status.model_copy(update=fields)

    # ── what decide asks ─────────────────────────────────────────────────────────────────────────────────────────

    @property
    def settled(self) -> bool:
        """Tell whether this run has ended: it never trains again by itself."""
        return is_true(self._status.conditions, C.COMPLETE) or is_true(self._status.conditions, C.FAILED)

    @property
    def prepared(self) -> PreparedStatus | None:
        """Return what prepare of this run has handed over, if it has."""
        return self._status.prepared

    @property
    def leaderboard(self) -> list[RankedCell]:
        """Return the leaderboard as it was."""
        return self._status.leaderboard

    @property
    def objective(self) -> str:
        """Return the metric that decides, as prepare has resolved it."""
        return (self._status.resolved and self._status.resolved.objective) or ""

    def waits_for(self, reasons: Collection[str]) -> bool:
        """Tell whether, when it was last looked at, nothing could run for one of these reasons."""
        return self._conditions.is_false(C.RUNNING) and self._conditions.reason(C.RUNNING) in reasons

    def prepared_run(self) -> PreparedRun:
        """Return what later stages are told of prepare."""
        dataset, prepared = self._status.dataset, self._status.prepared
        if dataset is None or prepared is None:
            raise ValueError("prepare has not handed over")
        return PreparedRun(
            digest=dataset.digest,
            environment=prepared.environment,
            resolved=self._status.resolved or Resolved(),
            split_digest=dataset.split_digest,
        )

    def past(self, spec: TrainingJobSpec, total: int, earlier: Iterable[Wave]) -> Past:
        """Return what is remembered of the run's cells, and of those of earlier grids."""
        return recall(self._status, spec, total, earlier)

    # ── what decide says ─────────────────────────────────────────────────────────────────────────────────────────

    def accept(self, cells: int) -> None:
        """Accept the spec."""
        self._conditions.set(C.ACCEPTED, True, Reason.VALID, counted(cells, "cell"))
        if not self.settled:  # whatever made it stand still has passed
            self._conditions.set(C.STALLED, False, Reason.VALID)
        if not self.settled or not self._job.accepted:  # what an older operator has seen to its end stays as it is
            self._set(settings=self._job.settings)
        named = self._job.spec.scoring.objective if self._job.spec else None
        # Said at every reconcile: where the spec leaves it open, what prepare resolved must not be forgotten.
        objective = named or self.objective or None
        self._set(objective=objective, start_time=self._status.start_time or format_time(self._now))

    def attempt(self, digest: str, next_wave: int) -> bool:
        """Note with what the run is tried; return whether this opens a failed run again.

        Failures under an earlier edit of resources, storage and the like do not count any more.
        """
        before = self._status.attempt
        if is_true(self._status.conditions, C.COMPLETE) or (before is not None and before.digest == digest):
            return False
        failed = is_true(self._status.conditions, C.FAILED)
        self._set(attempt=next_attempt(before, digest, next_wave, afresh=failed))
        if before is None or not failed:  # without a note of an older operator: what is now is what it failed with
            return False
        if self.results_missing:
            self._forget_cells()
        self._reopen()
        return True

    @property
    def results_missing(self) -> bool:
        """Tell whether the run has failed because the store has lost what it had."""
        return self._status.reason == Reason.RESULTS_MISSING

    def _forget_cells(self) -> None:
        """Forget which cells have their result: prepare looks again, and the others are run."""
        attempt = self._status.attempt and self._status.attempt.model_copy(update={"first_wave": 0})
        self._set(attempt=attempt, prepared=None, cells=None, progress=None, best=None, leaderboard=[])

    def keep_time(self, *, paused: bool) -> None:
        """Have the clock of the attempt run, or stand still."""
        if self._status.attempt is not None:
            self._set(attempt=keep_time(self._status.attempt, self._now, paused=paused))

    @property
    def seconds_left(self) -> float | None:
        """Return how long the run may still take, None where that is not counted: it has ended, or is suspended."""
        return seconds_left(self._status, self._job.spec, self._now)

    def fail_late(self, spec: TrainingJobSpec) -> None:
        """End a run that has taken too long."""
        cause = held_up_by(self._previous.conditions)
        message = exceeded(spec, self._status.progress, cause.message if cause else "")
        end = self.fail if self._status.prepared else self.prepare_failed
        end(Reason.DEADLINE_EXCEEDED, message)

    def _reopen(self) -> None:
        for kind in (C.FAILED, C.STALLED):
            self._conditions.remove(kind)
        kept = [c for c in self._status.conditions if c.type not in {C.FAILED, C.STALLED}]
        self._set(conditions=kept, state=State.PENDING, completion_time=None, results=None)
        self._conditions.set(C.RUNNING, False, Reason.RETRYING, "tried again: finished cells stay, the rest is run")

    def suspend(self) -> None:
        """Show that nothing runs because the owner wants it so."""
        self._set(state=State.SUSPENDED)
        text = "spec.suspend is true; results stay, and the job goes on where it was when it is false"
        self._conditions.set(C.SUSPENDED, True, Reason.SUSPENDED, text)
        self._conditions.set(C.RUNNING, False, Reason.SUSPENDED, "the job is suspended")

    def resume(self) -> None:
        """Show that the job is not suspended, where it has been."""
        if self._conditions.is_true(C.SUSPENDED):
            self._conditions.set(C.SUSPENDED, False, Reason.RESUMED, "spec.suspend is false")

    def refuse(self, reason: Reason, message: str) -> None:
        """Refuse the spec."""
        self._conditions.set(C.ACCEPTED, False, reason, message)
        self._end(State.FAILED, C.FAILED, reason, message)

    def preparing(self, stage: SingleStage | None, damage: str = "", remark: str = "") -> None:
        """Show that prepare is on its way, or that it is so again after a damage."""
        self._set(state=State.PREPARING)
        text = f"prepared again: {damage}" if damage else f"the data is being fetched, cleaned and checked{remark}"
        reason = Reason.PREPARED_CORRUPT if damage else Reason.PREPARING
        self._conditions.set(C.DATASET_READY, False, reason, text)
        show_stage(self._conditions, stage, Reason.PREPARING, f"prepare runs{remark}")

    def prepare_failed(self, reason: str, message: str) -> None:
        """Show why there is no data to search on."""
        self._conditions.set(C.DATASET_READY, False, reason, message)
        self.fail(reason, message)

    def harvest(self, report: PrepareReport, image: str) -> None:
        """Keep what prepare found, and with which image."""
        prepared = PreparedStatus(
            environment=report.environment,
            cached=report.cached,
            infeasible=report.infeasible,
            image=image,
            retry=self._job.spec.retry if self._job.spec else 0,
            trainer=self._job.spec.execution.trainer if self._job.spec else DEFAULT_TRAINER,
        )
        self._set(
            dataset=report.dataset,
            resolved=report.resolved,
            objective=report.resolved.objective,
            prepared=prepared,
        )
        self._dataset_ready(*report.warnings)

    def note_asked(self, retry: int, trainer: str) -> None:
        """Keep that a change of these asks for no other image."""
        if self._status.prepared is not None:
            self._set(prepared=self._status.prepared.model_copy(update={"retry": retry, "trainer": trainer}))

    def prepare_anew(self, message: str) -> None:
        """Forget all that the run has found, as it begins anew with another image."""
        self._forget_cells()
        self._set(state=State.PREPARING)
        self._conditions.set(C.DATASET_READY, False, Reason.TRAINER_IMAGE_CHANGED, message)
        self._conditions.set(C.RUNNING, False, Reason.TRAINER_IMAGE_CHANGED, message)

    def prepared_again(self) -> None:
        """Show that the data is what it was before it was damaged, and keep that this has been done."""
        if self._status.prepared is not None:
            self._set(prepared=self._status.prepared.model_copy(update={"again": True}))
        self._dataset_ready("prepared again after it was damaged")

    def show_cells(self, standing: Standing, leaderboard: list[RankedCell], waves: Iterable[Wave]) -> None:
        """Show how far the cells are, and remember which have their result: progress never falls."""
        counts = standing.counts
        self._set(**remember(self._status, standing))
        self._set(
            cells=counts,
            progress=f"{counts.finished}/{counts.total}",
            leaderboard=leaderboard,
            best=leaderboard[0] if leaderboard else None,
            estimated_completion_time=estimate(standing, waves, self._status, self._now),
        )

    def searching(self, waves: tuple[Wave, ...], standing: Standing) -> None:
        """Show that cells are on their way, or what keeps them."""
        self._set(state=State.RUNNING)
        waiting = self._with_remedies(tuple(cause for wave in waves for cause in wave.waiting))
        remark = standing.memory_remark() + runs_out(self._status, self._job.spec)
        show_cells(self._conditions, Cells(waves, standing, waiting, remark), self._now)

    def refitting(self, stage: SingleStage | None, remark: str = "") -> None:
        """Show that refit is on its way."""
        self._set(state=State.REFITTING)
        if stage is None or not stage.waiting:
            capacity_ready(self._conditions)  # cells may come and go between two looks: that they all ended tells it
        shown = stage and replace(stage, waiting=self._with_remedies(stage.waiting))
        show_stage(self._conditions, shown, Reason.REFITTING, f"refit is under way{remark}")

    def show_results(self, fields: Mapping[str, Any]) -> None:
        """Show what refit found, which replaces what was shown before."""
        self._set(**fields)

    def complete(self, report: RefitReport) -> None:
        """End the job well."""
        # Cached results count as cached in status.cells, whatever they are; refit has read them all.
        reason = Reason.COMPLETED_WITH_FAILURES if report.failed else Reason.COMPLETED
        total = report.succeeded + report.infeasible + report.failed
        message = f"cell {report.best} of {total} won; {report.failed} failed, {report.infeasible} infeasible"
        remarks = (report.no_model or "", *report.message.split("; "))
        message = "; ".join(dict.fromkeys(filter(None, (message, *remarks))))
        self._end(State.COMPLETE, C.COMPLETE, reason, message)

    def fail(self, reason: str, message: str) -> None:
        """End the job with a reason and a sentence that says what to do."""
        self._end(State.FAILED, C.FAILED, reason, message)

    def judge_targets(self, exact: Mapping[str, float | None] | None) -> None:
        """Compare the validation scores with the targets: every digit where it is known, else what the status shows."""
        targets = self._job.spec.scoring.targets if self._job.spec else {}
        scores: Mapping[str, float | str | None] | None = exact or self._status.validation
        if not targets or not scores:
            return
        missed = missed_targets(targets, scores)
        reason = Reason.TARGETS_MISSED if missed else Reason.TARGETS_MET
        before = next((c for c in self._status.conditions if c.type == C.TARGETS_MET), None)
        if exact is None and before is not None and before.observed_generation == self._job.metadata.generation:
            return  # judged on every digit already
        text = "; ".join(missed) or ", ".join(f"{name} ≥ {least}" for name, least in targets.items())
        self._conditions.set(C.TARGETS_MET, not missed, reason, text)

    @property
    def shown(self) -> TrainingJobStatus:
        """Return the status as it is so far."""
        return self._status

    def show_nodes(self, held: Held | None, verdict: Verdict) -> None:
        """Show what is held for this job alone, and what is done about it."""
        before = self._status.capacity
        if held is not None or before is not None:
            self._set(capacity=count(before, held, verdict.message, self._now))
        show_verdict(self._conditions, verdict)

    def plan(self, actions: tuple[Action, ...], *, reconciling: bool = False) -> Plan:
        """Return the plan with the status as it is now."""
        self._conditions.set(C.RECONCILING, reconciling, "RunReplaced", "an earlier run is being replaced")
        self._status = summarized(self._status, self._conditions.list())
        events = (*events_between(self._previous, self._status), *events_of(actions))
        return Plan(actions, self._status, events, self.seconds_left)

    # ── parts ────────────────────────────────────────────────────────────────────────────────────────────────────

    def _dataset_ready(self, *remarks: str) -> None:
        found = self._status.dataset
        text = "; ".join([f"{found.rows} rows, {found.columns} columns" if found else "", *remarks])
        self._conditions.set(C.DATASET_READY, True, Reason.PREPARED, text)

    def _with_remedies(self, waiting: tuple[Waiting, ...]) -> tuple[Waiting, ...]:
        own = self._status.prepared.image if self._status.prepared else ""
        return with_image_remedy(waiting, own, self._job.image)

    def _end(self, state: State, kind: ConditionType, reason: str, message: str) -> None:
        self._set(state=state, completion_time=self._status.completion_time or format_time(self._now))
        self._conditions.set(kind, True, reason, message)
        self._conditions.set(C.RUNNING, False, reason, "the run has ended")
        if self._conditions.is_false(C.CAPACITY_READY):
            self._conditions.set(C.CAPACITY_READY, True, Reason.RUN_ENDED, "the run has ended: no pod needs a node")
        self._conditions.set(C.STALLED, kind is C.FAILED, reason, message)
