"""What can go wrong between the operator and the API server.

ClusterError                  reason, message, retryable
├── ApiUnavailableError       no answer, or 429 and 5xx to the last try: back off, come back
├── ApiRefusedError           the answer is no (400, 403, 422 …): somebody has to change something
│   └── ApiNotFoundError      404
├── ApiConflictError          409: something is there already, or has changed
├── NamespaceLeavingError     403: nothing is made in a namespace that is being deleted
├── WatchGapError             a watch cannot go on where it stopped (410): list again
├── NotLeadingError           another operator may lead by now: nothing is written
└── LeadershipLostError       another operator leads, or may: the process ends, to be started again

ConflictError                 the engine's own word for "observe again"; adapters raise it from the above
└── ForeignChildError         a child's name is taken by somebody else's object: a person has to look

NamespaceLeavingError is a ConflictError, too: what was observed is out of date.
ApiRefusedError and ForeignChildError are the engine's RefusedError, too, which it shows in the status.
"""

from http import HTTPStatus

from gridfold.engine.ports import ConflictError, RefusedError

MESSAGE_LIMIT = 1000  #: characters of an API server's message that are worth repeating


class ClusterError(Exception):
    """Something went wrong between the operator and the API server."""

    reason = "ClusterError"
    retryable = True

    def __init__(self, message: str) -> None:
        self.message = message if len(message) <= MESSAGE_LIMIT else message[: MESSAGE_LIMIT - 1] + "…"
        super().__init__(self.message)


class ApiUnavailableError(ClusterError):
    """The API server gave no answer, or none that it stands by."""

    reason = "ApiUnavailable"


class ApiRefusedError(ClusterError, RefusedError):
    """The API server refused; the same request will be refused again."""

    reason = "ApiRefused"
    retryable = False

    def __init__(self, message: str, status: int, words: str = "") -> None:
        """Take the whole message for the log, and the API server's own words for people."""
        super().__init__(message)
        self.status, self.words = status, words or self.message

    @property
    def told(self) -> tuple[str, str]:
        """Return a reason, and the API server's words with what to do."""
        words = self.words[:MESSAGE_LIMIT].rstrip(". ")
        if "exceeded quota" in words:
            return "QuotaExceeded", f"{words}. Raise the quota, or free some of it; the run goes on by itself then."
        if self.status == HTTPStatus.FORBIDDEN:
            return self.reason, f"{words}. Allow it; the run goes on by itself then."
        return self.reason, f"the API server refuses what the run needs: {words}. It is tried again."


class ApiNotFoundError(ApiRefusedError):
    """What was asked for is not there."""

    reason = "NotFound"

    def __init__(self, message: str) -> None:
        super().__init__(message, 404)

    def names(self, name: str) -> bool:
        """Tell whether it is an object of that name that is not there, rather than its kind."""
        return f'"{name}" not found' in self.message


class ApiConflictError(ClusterError):
    """Something of that name is there already, or has changed since it was read."""

    reason = "Conflict"


class NamespaceLeavingError(ClusterError, ConflictError):
    """Nothing is made in a namespace that is being deleted."""

    reason = "NamespaceTerminating"
    retryable = False


class WatchGapError(ClusterError):
    """A watch cannot go on where it stopped; only a new list tells what was missed."""

    reason = "WatchGap"


class NotLeadingError(ClusterError):
    """What was about to be written is not: another operator may lead by now."""

    reason = "NotLeading"


class LeadershipLostError(ClusterError):
    """This operator has led, and does no longer."""

    reason = "LeadershipLost"


class NoClusterError(ClusterError):
    """Nothing says where the API server is."""

    reason = "NoCluster"
    retryable = False


class ForeignChildError(ConflictError, RefusedError):
    """A child cannot be made: somebody else's object has its name."""

    reason = "NameTaken"

    @property
    def told(self) -> tuple[str, str]:
        """Return the reason, and whose object it is."""
        return self.reason, str(self)
