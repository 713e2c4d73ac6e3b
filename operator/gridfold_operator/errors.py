"""What can go wrong between the operator and the API server.

ClusterError                  reason, message, retryable
├── ApiUnavailableError       no answer, or 429 and 5xx to the last try: back off, come back
├── ApiRefusedError           the answer is no (400, 403, 422 …): somebody has to change something
│   └── ApiNotFoundError      404
├── ApiConflictError          409: something is there already, or has changed
└── WatchGapError             a watch cannot go on where it stopped (410): list again

ConflictError                 the engine's own word for "observe again"; adapters raise it from the above
└── ForeignChildError         a child's name is taken by somebody else's object: a person has to look
"""

from gridfold.engine.ports import ConflictError

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


class ApiRefusedError(ClusterError):
    """The API server refused; the same request will be refused again."""

    reason = "ApiRefused"
    retryable = False

    def __init__(self, message: str, status: int) -> None:
        super().__init__(message)
        self.status = status


class ApiNotFoundError(ApiRefusedError):
    """What was asked for is not there."""

    reason = "NotFound"

    def __init__(self, message: str) -> None:
        super().__init__(message, 404)


class ApiConflictError(ClusterError):
    """Something of that name is there already, or has changed since it was read."""

    reason = "Conflict"


class WatchGapError(ClusterError):
    """A watch cannot go on where it stopped; only a new list tells what was missed."""

    reason = "WatchGap"


class NoClusterError(ClusterError):
    """Nothing says where the API server is."""

    reason = "NoCluster"
    retryable = False


class ForeignChildError(ConflictError):
    """A child cannot be made: somebody else's object has its name."""

    reason = "NameTaken"
