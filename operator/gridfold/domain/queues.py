"""Queues of Kueue: what is different for stages that a queue admits, and takes its quota from again. Pure.

A queue admits so many pods, no more and no fewer: to change how many cells of an admitted wave run at a time would end
all of them and put the wave into the queue again. So such a wave is left as it is, or it is deleted; it is not drained.
"""

from gridfold.api.conditions import Reason
from gridfold.domain.observed import Children, Progress, SingleStage, Wave

#: Why a stage does not run although no pod of it is in the way.
HELD = frozenset({Reason.QUEUED, Reason.INADMISSIBLE, Reason.PREEMPTED, Reason.EVICTED, Reason.JOB_SUSPENDED})


def is_admitted(wave: Wave) -> bool:
    """Tell whether a queue has admitted a wave, whose parallelism is the queue's matter then."""
    return bool(wave.queue and wave.parallelism and not wave.suspended)


def is_held(children: Children) -> bool:
    """Tell whether all that a run could do now waits in a queue, which is no time of the run."""
    stages: tuple[SingleStage | Wave, ...] = (*children.prepares, *children.waves, *children.refits)
    active = [stage for stage in stages if stage.progress is Progress.ACTIVE]
    causes = [{cause.reason for cause in stage.waiting} for stage in active]
    return bool(causes) and all(found and found <= HELD for found in causes)
