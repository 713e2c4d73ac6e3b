"""Show a job in the cluster until it has ended."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gridfold.domain.plan import Event
from gridfold_cli.cluster.following import Seen, follow
from gridfold_cli.cluster.training_jobs import event_of, status_of
from gridfold_cli.commands.endings import ended

if TYPE_CHECKING:
    from collections.abc import Collection
    from typing import Protocol

    from gridfold.api.status import TrainingJobStatus
    from gridfold_cli.cluster.training_jobs import TrainingJobs

    class Display(Protocol):
        """Shows a job while it goes on."""

        def show_event(self, event: Event) -> None:
            """Show something that happened."""

        def show_status(self, status: TrainingJobStatus) -> None:
            """Show how far the job is."""


#: An operator that runs has looked at a new job within a second or two.
UNSEEN_TICKS = 20


def follow_to_end(
    jobs: TrainingJobs, job: dict[str, Any], display: Display, old_events: Collection[str] = ()
) -> TrainingJobStatus:
    """Show a job until it has ended and return its last status; Events with these uids are not shown again.

    Raises:
        ClusterError: it was deleted, or the cluster can be asked no longer.
    """
    state = _State(jobs, job, display, old_events)
    for seen in follow(jobs, job):
        state.take(seen)
        if state.is_done:
            break
    return state.status


class _State:
    """What has been seen and shown so far."""

    def __init__(self, jobs: TrainingJobs, job: dict[str, Any], display: Display, old_events: Collection[str]) -> None:
        self._jobs, self._job, self._display, self._old = jobs, job, display, old_events
        self.status = status_of(job)
        self.is_done = False
        self._ticks, self._trouble = 0, ""

    def take(self, seen: Seen) -> None:
        """Show what is new. Done is an ended job after which nothing more has come for a moment: Events come last."""
        if seen.trouble:
            if seen.trouble != self._trouble:
                self._display.show_event(Event("Warning", "NoAnswer", f"{seen.trouble}; trying again"))
            self._trouble = seen.trouble
        elif seen.job:
            self._trouble = ""
            self._job, self.status = seen.job, status_of(seen.job)
            self._display.show_status(self.status)
        elif seen.event:
            if seen.event["metadata"]["uid"] not in self._old:
                self._display.show_event(event_of(seen.event))
        else:
            self._tick()

    def _tick(self) -> None:
        self._ticks += 1
        self.is_done = ended(self.status, self._job["metadata"].get("generation") or 0)
        if self._ticks == UNSEEN_TICKS and self.status.observed_generation is None and not self._trouble:
            words = (
                f"nobody has looked at it for {UNSEEN_TICKS} seconds: does Gridfold's operator run in this cluster, "
                f"and does it serve the namespace {self._jobs.namespace} (`kubectl get pods -A -l "
                "app.kubernetes.io/name=gridfold`)?"
            )
            self._display.show_event(Event("Warning", "NotSeen", words))
        self._display.show_status(self.status)
