"""A pure world around `decide`: it keeps what actions make, and moves only when the test says so."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from gridfold.api.exit_codes import ExitCode
from gridfold.api.handoff import (
    CellReport,
    FailureReport,
    Outcome,
    PrepareReport,
    RankedReport,
    RefitReport,
    Stage,
    encode_cells,
    encode_report,
)
from gridfold.api.status import DatasetStatus, Resolved, TrainingJobStatus
from gridfold.api.v1alpha1 import TrainingJob
from gridfold.api.validation import parse_training_job
from gridfold.domain.capacity.held import Held
from gridfold.domain.lifecycle import decide
from gridfold.domain.observed import (
    Children,
    Observed,
    ObservedJob,
    ProcessEnd,
    Progress,
    SingleStage,
    Span,
    Waiting,
    Wave,
)
from gridfold.domain.plan import Action, Change, Delete, Drain, Plan, SetParallelism, SetTtl, StartStage, StartWave
from gridfold.domain.stage_needs import memory_of
from gridfold.domain.tenancy.settings import Limit

START = datetime(2026, 1, 1, tzinfo=UTC)


def document(grid: list[dict[str, list[Any]]] | None = None, **spec: Any) -> dict[str, Any]:
    """Return a valid resource, with parts of the spec replaced."""
    return {
        "apiVersion": "gridfold.dev/v1alpha1",
        "kind": "TrainingJob",
        "metadata": {"name": "job", "namespace": "team", "uid": "u-1", "generation": 1},
        "spec": {
            "dataset": {"sources": [{"uri": "s3://data/rows.csv"}], "target": "y"},
            "estimator": {"className": "sklearn.linear_model.LogisticRegression"},
            "search": {"grid": grid or [{"C": [0.1, 1, 10]}]},
            "output": {"uri": "s3://models/job/"},
            **spec,
        },
    }


def job_of(raw: dict[str, Any]) -> TrainingJob:
    return parse_training_job(raw)


def cell_end(cell: int, score: float, ran: Span | None = None, *, reused: bool = False) -> ProcessEnd:
    report = CellReport(
        cell=cell,
        key=f"k{cell}",
        outcome=Outcome.SUCCEEDED,
        reused=reused,
        scores=dict.fromkeys(("accuracy", "precision", "recall", "f1"), (score, 0.01)),
    )
    return ProcessEnd(0, "Completed", encode_report(report), ran)


def failure(exit_code: int, reason: str = "Error", message: str = "") -> ProcessEnd:
    return ProcessEnd(exit_code, reason, message)


def damaged_end() -> ProcessEnd:
    report = FailureReport(reason="PreparedCorrupt", message="X.npy has the BLAKE3 digest a; expected b.")
    return ProcessEnd(ExitCode.DATA, "Error", encode_report(report))


def infeasible_end(cell: int) -> ProcessEnd:
    report = CellReport(cell=cell, key=f"k{cell}", outcome=Outcome.INFEASIBLE, message="penalty l1 needs liblinear")
    return ProcessEnd(ExitCode.INFEASIBLE, "Error", encode_report(report))


def _with_uids(observed: Observed) -> Observed:
    children = observed.children
    kinds = (children.prepares, children.waves, children.refits)
    named = (tuple(replace(child, uid=f"uid of {child.name}") for child in kind) for kind in kinds)
    return replace(observed, children=Children(*named))


def _without_uid(action: Action) -> Action:
    """Make sure that an action means the very child that was observed; tests need not repeat its uid."""
    if not isinstance(action, Change):
        return action
    assert action.uid == f"uid of {action.name}"
    return replace(action, uid="")


@dataclass
class World:
    """What is there: the resource, its status, its children, and how often each cell was started."""

    job: TrainingJob
    status: TrainingJobStatus = field(default_factory=TrainingJobStatus)
    prepares: dict[str, SingleStage] = field(default_factory=dict)
    waves: dict[str, Wave] = field(default_factory=dict)
    refits: dict[str, SingleStage] = field(default_factory=dict)
    started: list[str] = field(default_factory=list)
    inputs: dict[str, Any] = field(default_factory=dict)
    now: datetime = START
    laptop: bool = False
    image: str = ""  #: of the trainer, that the platform has now
    images: dict[str, str] = field(default_factory=dict)  #: by name, where the platform has several
    limits: Mapping[str, Limit] = field(default_factory=dict)  #: that the platform sets
    held: Held | None = None  #: nodes for this job alone

    def edit(self, raw: dict[str, Any]) -> None:
        """Replace the spec, as `kubectl apply` does."""
        edited = job_of(raw)
        generation = self.job.metadata.generation + 1
        self.job = edited.model_copy(update={"metadata": edited.metadata.model_copy(update={"generation": generation})})

    def observe(self) -> Observed:
        image = self.images.get(self.job.spec.execution.trainer, "") if self.images else self.image
        job = ObservedJob(self.job.metadata, self.job.spec, self.status, (), image, tuple(self.images), self.limits)
        children = Children(tuple(self.prepares.values()), tuple(self.waves.values()), tuple(self.refits.values()))
        return Observed(job, children, self.now, self.held)

    def step(self, *, save: bool = True) -> Plan:
        """Decide once and apply; `save` says whether the write of the status gets through."""
        self.now += timedelta(seconds=1)
        plan = decide(_with_uids(self.observe()))
        plan = replace(plan, actions=tuple(map(_without_uid, plan.actions)))
        for action in plan.actions:
            self.apply(action)
        if save:
            self.status = plan.status
        return plan

    def apply(self, action: Action) -> None:
        if isinstance(action, StartStage):
            children = self.prepares if action.stage is Stage.PREPARE else self.refits
            if action.name not in children:
                digest, memory = action.input.run_digest, self._memory(action)
                image, queued = action.image or self.image, bool(action.input.spec.execution.queue_name)
                children[action.name] = SingleStage(
                    action.name, digest, Progress.ACTIVE, memory=memory, image=image, suspended=queued
                )
                self._count(action)
        elif isinstance(action, StartWave):
            if action.name not in self.waves:
                self.waves[action.name] = Wave(
                    action.name,
                    action.input.run_digest,
                    action.number,
                    action.groups,
                    action.parallelism,
                    Progress.ACTIVE,
                    memory=self._memory(action),
                    image=action.image or self.image,
                    queue=action.input.spec.execution.queue_name,
                    suspended=bool(action.input.spec.execution.queue_name),
                    spec=action.input.spec,
                )
                self._count(action)
        elif isinstance(action, SetParallelism):
            changed = replace(self.waves[action.name], parallelism=action.parallelism)
            self.waves[action.name] = (
                replace(changed, suspended=True, running=frozenset()) if changed.queue else changed
            )
        elif isinstance(action, Drain):
            self.waves[action.name] = replace(self.waves[action.name], draining=True)
        else:
            self._change(action)

    def _change(self, action: Delete | SetTtl) -> None:
        for children in (self.prepares, self.waves, self.refits):
            if isinstance(action, Delete):
                children.pop(action.name, None)
            elif action.name in children:
                children[action.name] = replace(children[action.name], ttl_seconds=action.ttl_seconds)

    def _memory(self, action: StartStage | StartWave) -> str:
        """Return the memory that a child has; on a laptop nobody limits it."""
        stage = action.stage if isinstance(action, StartStage) else Stage.CELL
        return "" if self.laptop else action.memory or memory_of(action.input.spec.execution, stage)

    def _count(self, action: StartStage | StartWave) -> None:
        self.started.append(action.name)
        self.inputs[action.name] = action.input

    # ── what the world does by itself ────────────────────────────────────────────────────────────────────────────

    def finish_prepare(
        self, total: int, cached: set[int] = frozenset(), infeasible: set[int] = frozenset(), digest: str = "d" * 64
    ) -> None:
        report = PrepareReport(
            digest=digest,
            environment="e" * 64,
            dataset=DatasetStatus(rows=100, columns=4, classes=2, digest=digest, split_digest="s" * 64),
            resolved=Resolved(
                objective="f1", metrics=["f1"], split="Stratified", cross_validation="Stratified", average="Binary"
            ),
            total=total,
            cached=encode_cells(cached, total),
            infeasible=encode_cells(infeasible, total),
        )
        self.end_single(self.prepares, ProcessEnd(0, "Completed", encode_report(report)))

    def fail_prepare(self, reason: str, message: str) -> None:
        text = encode_report(FailureReport(reason=reason, message=message))
        self.end_single(self.prepares, ProcessEnd(ExitCode.DATA, "Error", text))

    def finish_refit(
        self,
        best: int | None = 0,
        scores: dict[str, float] | None = None,
        failed: int = 0,
        no_model: str = "",
        remarks: str = "",
    ) -> None:
        scores = scores or {"accuracy": 0.9, "precision": 0.8, "recall": 0.7, "f1": 0.75}
        report = RefitReport(
            best=best,
            leaderboard=[] if best is None else [RankedReport(cell=best, scores={"f1": (0.8, 0.01)})],
            validation=scores,
            test=scores,
            succeeded=3,
            infeasible=0,
            failed=failed,
            results_uri="s3://models/job/runs/1-abc/",
            results_sha256="f" * 64,
            no_model=no_model,
            message=remarks if best is not None else "every fit failed: ValueError: no",
        )
        self.end_single(self.refits, ProcessEnd(0, "Completed", encode_report(report)))

    def end_single(self, children: dict[str, SingleStage], end: ProcessEnd | None) -> None:
        good = end is None or end.exit_code == 0
        for name, stage in children.items():
            if stage.progress is not Progress.ACTIVE:
                continue
            children[name] = replace(stage, progress=Progress.SUCCEEDED if good else Progress.FAILED, end=end)

    def end_cell(self, wave: str, cell: int, end: ProcessEnd | None, *, good: bool) -> None:
        """End one cell of a wave; the wave ends with its last cell, as an Indexed Job does."""
        before = self.waves[wave]
        succeeded = before.succeeded | {cell} if good else before.succeeded
        failed = before.failed if good else before.failed | {cell}
        ends = {**before.ends, cell: end} if end else before.ends
        done = succeeded | failed == frozenset(before.cells)
        progress = (Progress.FAILED if failed else Progress.SUCCEEDED) if done else Progress.ACTIVE
        self.waves[wave] = replace(before, succeeded=succeeded, failed=failed, ends=ends, progress=progress)

    def wait(self, name: str, *causes: Waiting) -> None:
        """Have the pods of a child wait for something."""
        for children in (self.prepares, self.waves, self.refits):
            if name in children:
                children[name] = replace(children[name], waiting=causes)

    def admit(self, name: str, *running: int, parallelism: int = 0) -> None:
        """Have the queue of a child let it run, a wave perhaps with fewer cells at a time than it was made with."""
        for children in (self.prepares, self.refits):
            if name in children:
                children[name] = replace(children[name], suspended=False, running_pods=1, waiting=())
        if name in self.waves:
            wave = self.waves[name]
            fewer = parallelism or wave.parallelism
            cells = frozenset(running)
            self.waves[name] = replace(wave, suspended=False, running=cells, waiting=(), parallelism=fewer)

    def take_back(self, name: str, *causes: Waiting) -> None:
        """Have the queue of a child suspend it: its pods end."""
        for children in (self.prepares, self.refits):
            if name in children:
                children[name] = replace(children[name], suspended=True, running_pods=0, waiting=causes)
        if name in self.waves:
            self.waves[name] = replace(self.waves[name], suspended=True, running=frozenset(), waiting=causes)

    def condition(self, kind: str) -> str:
        """Return "status/reason" of a condition, "" where there is none."""
        found = next((c for c in self.status.conditions if c.type == kind), None)
        return f"{found.status}/{found.reason}" if found else ""

    def message(self, kind: str) -> str:
        return next(c.message for c in self.status.conditions if c.type == kind)
