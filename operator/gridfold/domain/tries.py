"""The tries of prepare and refit: one that ran out of memory, or was killed, is followed by another of its own name.

What an earlier try came to is told by its Job, which stays, so nothing has to be remembered.
"""

from dataclasses import dataclass
from itertools import count

from gridfold.api.exit_codes import FINAL_STAGE_EXITS, ExitCode
from gridfold.api.handoff import Stage
from gridfold.domain.ends import OOM_KILLED, Cause, Memory, cause_of
from gridfold.domain.observed import Progress, SingleStage
from gridfold.domain.run import Run
from gridfold.domain.stage_needs import more_memory


@dataclass(frozen=True)
class Try:
    """The last try of a stage, or the one to start."""

    kind: Stage
    name: str
    stage: SingleStage | None  #: None: it is not there yet
    memory: str = ""  #: that it needs, where that is more than the spec says
    tried: tuple[str, ...] = ()  #: memory of the earlier tries, that ran out of it

    def cause(self, run: Run) -> Cause:
        """Return why it failed."""
        had = (self.stage.memory,) if self.stage and self.stage.memory else ()
        end = self.stage.end if self.stage else None
        return cause_of(end, run.spec, Memory(self.kind, (*self.tried, *had)))

    @property
    def remark(self) -> str:
        """Return what to tell of its memory, if there is anything."""
        if not self.tried:
            return ""
        return f"; it ran out of memory with {', then '.join(self.tried)}, and has {self.memory} now"


def last_try(run: Run, kind: Stage, suffix: str) -> Try:
    """Return the last try of prepare or refit; `suffix` ends the name of the first, and a number that of the others."""
    children = {child.name: child for child in (*run.children.prepares, *run.children.refits)}
    memory, kills = "", 0
    tried: tuple[str, ...] = ()
    for number in count(1):
        name = run.name(suffix if number == 1 else f"{suffix}-{number}")
        found = Try(kind, name, children.get(name), memory, tried)
        stage = found.stage
        if stage is None or still_active(stage) or stage.progress is Progress.SUCCEEDED:
            return found
        if more := _more(run, found):
            memory, tried = more, (*tried, stage.memory)
        elif _was_killed(found, run) and kills < run.spec.execution.retries:
            kills += 1
        else:
            return found
    raise AssertionError("tries are counted for ever")


def still_active(stage: SingleStage) -> bool:
    """Tell whether to wait on. A Job says that it failed some seconds after the pod whose exit code decides it.

    Of a pod that was killed, only the Job knows whether it was taken away and is made again.
    """
    end = stage.end
    final = end is not None and (
        end.exit_code in FINAL_STAGE_EXITS - {ExitCode.KILLED} or (end.reason == OOM_KILLED and end.exit_code != 0)
    )
    return stage.progress is Progress.ACTIVE and not final


def _more(run: Run, found: Try) -> str:
    """Return with how much memory to try again a stage that ran out of it; "" where it did not, or there is no more."""
    if found.stage is None or not found.cause(run).out_of_memory:
        return ""
    return more_memory(run.spec.execution, found.kind, found.stage.memory)


def _was_killed(found: Try, run: Run) -> bool:
    end = found.stage.end if found.stage else None
    return end is not None and end.exit_code == ExitCode.KILLED and found.cause(run).retryable
