"""One look at one run: what every step of it is given."""

from dataclasses import dataclass

from gridfold.api.handoff import PreparedRun, Stage, StageInput
from gridfold.api.v1alpha1 import TrainingJobSpec
from gridfold.domain.building import StatusBuilder
from gridfold.domain.naming import child_name
from gridfold.domain.observed import Children, ObservedJob, Progress, SingleStage, Wave
from gridfold.domain.plan import Action, Delete, SetParallelism


@dataclass(frozen=True)
class Run:
    """One look at one run. Each step writes into the status and returns the actions."""

    job: ObservedJob
    spec: TrainingJobSpec
    total: int
    digest: str
    children: Children
    earlier: tuple[Wave, ...]  #: waves of earlier runs
    status: StatusBuilder

    @property
    def active_waves(self) -> list[Wave]:
        """Return the waves that have not ended."""
        return [wave for wave in self.children.waves if wave.progress is Progress.ACTIVE]

    @property
    def next_wave(self) -> int:
        """Return the number of the wave that would be started next."""
        return self.children.waves[-1].number + 1 if self.children.waves else 0

    @property
    def image(self) -> str:
        """Return the trainer image that the run was prepared with; "": it will be the platform's."""
        return self.status.prepared.image if self.status.prepared else ""

    def name(self, suffix: str) -> str:
        """Return the name of a child of this run."""
        return child_name(self.job.metadata.name, self.digest, suffix)

    def input(self, prepared: PreparedRun | None) -> StageInput:
        """Return what a stage of this run is told."""
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


def end_waves(run: Run) -> tuple[Action, ...]:
    """Return what ends all waves; results of their cells are stored."""
    return tuple(Delete(wave.name, wave.uid) for wave in (*run.active_waves, *run.earlier))


def pause_waves(run: Run) -> tuple[Action, ...]:
    """Return what ends all cells that run. Waves stay, for what they know, but for those that cannot go on again."""
    draining = (Delete(wave.name, wave.uid) for wave in run.children.waves if wave.draining)
    active = (wave for wave in run.active_waves if wave.parallelism and not wave.draining)
    return (*draining, *(SetParallelism(wave.name, 0, wave.uid) for wave in active))


def replaced(stage: SingleStage) -> tuple[Action, ...]:
    """Remove a stage that does not run yet and would be started otherwise now: the next look starts it so."""
    runs = stage.running_pods and stage.away_seconds is None
    return (Delete(stage.name, stage.uid),) if stage.outdated and not runs else ()


def unknown_report(stage: Stage, message: str) -> str:
    """Return the words for a report that this operator does not know."""
    return (
        f"{stage} succeeded, but its report is not one that this operator knows ({message[:200]!r}): "
        "trainer image and operator must have the same version"
    )
