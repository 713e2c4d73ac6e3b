"""Every error that the trainer expects, as a tree.

    TrainerError                      reason of the FailureReport, exit code, whether trying again can help
    ├── DataError                     10  the data, or the job as a whole, cannot be used
    │   ├── ObjectMissingError        10  no such object
    │   ├── BucketMissingError        10  no such bucket
    │   ├── AccessDeniedError         10  no credentials, wrong ones, or no right
    │   ├── StorageRefusedError       10  the server refuses: wrong region, not a valid address …
    │   │   └── ObjectTooLargeError   10  it has more bytes than any object of Gridfold's own
    │   ├── ChecksumMismatchError     10  a source is not what its pin says
    │   ├── SourceTooLargeError       10  a source has more bytes than one may have
    │   ├── UnreadableTableError      10  a source is no table of the format that was declared
    │   ├── ScratchTooSmallError      10  the pod may not write as much as it must
    │   ├── FramesMissingError        10  pandas or polars is not installed
    │   ├── EstimatorNotAllowedError  10  className is not on the list
    │   ├── PreparedCorruptError      10  the prepared data set is not what its digest says
    │   └── CacheMismatchError        10  a stored result differs from the same computation done again
    ├── InfeasibleError               11  the estimator refuses this combination of parameters
    ├── FitFailedError                12  fit raised, or a score is not finite
    ├── StorageUnreachableError       14  object storage did not answer, or said "later"   (retryable)
    │   ├── HostUnknownError          14  nobody knows the server's name                   (retryable)
    │   └── SourceChangedError        16  a source became another one while it was read    (retryable)
    ├── ScratchFullError              16  the disk of temporary files is full              (retryable)
    └── OutputFullError               16  the disk of a laptop's output folder is full     (retryable)

14 is tried again until storage answers; 16 as often as spec.execution.retries says.

Exit codes 1 (an error that nobody expected), 2 (usage), 13 (MemoryError), 15 (time), 137 and 143 (signals) have no
class: only the supervisor and the frame around the stages know them.
"""

from typing import ClassVar

from gridfold.api.conditions import Reason
from gridfold.api.exit_codes import ExitCode

#: Of several problems: the command line shows 2000 characters, a termination message has 4096 bytes.
_MESSAGE_CHARACTERS = 1900


class TrainerError(Exception):
    """Something known went wrong. `str(error)` is the message for the user: no traceback, no secret."""

    reason: ClassVar[str] = "TrainerError"
    exit_code: ClassVar[ExitCode] = ExitCode.DATA
    retryable: ClassVar[bool] = False


class DataError(TrainerError):
    """The data, or the job as a whole, cannot be used; `problems` has every cause."""

    reason = "DataError"

    def __init__(self, *problems: str) -> None:
        self.problems = problems
        super().__init__(_together(problems))


class ObjectMissingError(DataError):
    """There is no such object."""

    reason = "ObjectMissing"


class BucketMissingError(DataError):
    """There is no such bucket."""

    reason = "BucketMissing"


class AccessDeniedError(DataError):
    """There are no credentials, they are wrong, or they do not give the right."""

    reason = "AccessDenied"


class StorageRefusedError(DataError):
    """The store understood and refuses, for another reason than rights; or the URI is none that it could know."""

    reason = "StorageRefused"


class ObjectTooLargeError(StorageRefusedError):
    """An object has more bytes than any of Gridfold's own has."""

    reason = "ObjectTooLarge"


class ChecksumMismatchError(DataError):
    """A source is not what its pin says."""

    reason = "ChecksumMismatch"


class SourceTooLargeError(DataError):
    """A source has more bytes, as it lies there or decompressed, than one may have."""

    reason = "SourceTooLarge"


class UnreadableTableError(DataError):
    """A source is no table of the format that was declared."""

    reason = "UnreadableTable"


class ScratchTooSmallError(DataError):
    """The pod may not write as many temporary files as it must: the cluster would end it."""

    reason = "ScratchTooSmall"


class FramesMissingError(DataError):
    """The libraries that only prepare and refit need, pandas and polars, are not installed."""

    reason = "FramesMissing"


class EstimatorNotAllowedError(DataError):
    """The class is not one that a job may name."""

    reason = "EstimatorNotAllowed"


class PreparedCorruptError(DataError):
    """The prepared data set is not what its digest says; preparing it again heals it."""

    reason = Reason.PREPARED_CORRUPT


class CacheMismatchError(DataError):
    """A stored result differs from the same computation done again."""

    reason = "CacheMismatch"


class InfeasibleError(TrainerError):
    """The estimator refuses this combination of parameters."""

    reason = "Infeasible"
    exit_code = ExitCode.INFEASIBLE


class FitFailedError(TrainerError):
    """A fit raised, or a score is not finite."""

    reason = "FitFailed"
    exit_code = ExitCode.FIT_FAILED


class StorageUnreachableError(TrainerError):
    """Object storage did not answer, or said that it cannot now."""

    reason = "StorageUnreachable"
    exit_code = ExitCode.STORAGE
    retryable = True


class HostUnknownError(StorageUnreachableError):
    """Nobody knows the server's name: it may be a typing error, or not be known yet."""

    reason = Reason.HOST_UNKNOWN


class SourceChangedError(StorageUnreachableError):
    """A source was replaced while it was being read; what was read of it is mixed and must not be used."""

    reason = Reason.SOURCE_CHANGED
    exit_code = ExitCode.PASSING


class ScratchFullError(TrainerError):
    """There is no room on the disk of temporary files."""

    reason = "ScratchFull"
    exit_code = ExitCode.PASSING
    retryable = True


class OutputFullError(TrainerError):
    """There is no room on the disk of the output folder, which is on this machine."""

    reason = "OutputFull"
    exit_code = ExitCode.PASSING
    retryable = True


def _together(problems: tuple[str, ...]) -> str:
    """Return problems in one message: whole ones, as many as are read to the end; the log has all of them."""
    if len(problems) == 1:
        return problems[0]
    text = f"{len(problems)} problems:"
    for number, problem in enumerate(problems, 1):
        longer = f"{text} ({number}) {problem}"
        if number > 1 and len(longer) > _MESSAGE_CHARACTERS:
            return f"{text} ({number}) {len(problems) - number + 1} more; the log of prepare has them."
        text = longer
    return text
