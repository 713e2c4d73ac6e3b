"""How a trainer's process ends. The Job's podFailurePolicy and decide read these numbers."""

from enum import IntEnum


class ExitCode(IntEnum):
    """Exit code of a trainer's process.

    One with several cells that has come to the end of them ends by the worst that became of one: 12, else 11, else 0.
    One that has not, or whose cell raised what nobody expected, ends as that one cell would have ended alone. Its
    message tells which cells have ended, and how.
    """

    OK = 0
    USAGE = 2
    DATA = 10  #: the data, or the job as a whole, cannot be used; trying again does not help
    INFEASIBLE = 11  #: the estimator refuses this combination of parameters
    FIT_FAILED = 12  #: fit raised, or a score is not finite
    MEMORY = 13  #: MemoryError
    STORAGE = 14  #: object storage is out of reach: tried again until it answers, which counts as no failure
    TIMEOUT = 15  #: it took longer than cellTimeoutSeconds, or the timeoutSeconds of prepare or refit
    PASSING = 16  #: another cause that can pass, such as a full disk: tried again as often as retries says
    KILLED = 137  #: SIGKILL, by the kernel's out-of-memory killer or by someone else
    TERMINATED = 143  #: SIGTERM: the pod was deleted


#: Ends of a cell that running it again in the same way does not change.
FINAL_CELL_EXITS = frozenset({ExitCode.INFEASIBLE, ExitCode.FIT_FAILED, ExitCode.TIMEOUT})
#: Ends of prepare and refit that their Job must not try again: only decide may (more memory, a kill), or nobody.
FINAL_STAGE_EXITS = frozenset({ExitCode.DATA, ExitCode.MEMORY, ExitCode.TIMEOUT, ExitCode.KILLED})
#: Ends of a cell that its Job must not try again: only a new wave may (memory, damaged data), or nobody.
FINAL_INDEX_EXITS = FINAL_CELL_EXITS | {ExitCode.DATA, ExitCode.MEMORY, ExitCode.KILLED}
