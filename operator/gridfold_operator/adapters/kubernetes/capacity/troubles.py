"""What has been refused when nodes were asked for or handed back, kept until it succeeds: the next look tells it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from gridfold.api.conditions import Reason
from gridfold.domain.capacity.held import Trouble
from gridfold.engine.ports import Clock
from gridfold_operator.adapters.kubernetes.capacity.driver import ProviderError
from gridfold_operator.adapters.kubernetes.capacity.records import UnreadableRecordError
from gridfold_operator.errors import ApiNotFoundError, ApiRefusedError

HTTP_FORBIDDEN = 403
#: What is no accident of the network, nor a fault of ours: somebody has to see to it.
REFUSALS = (ApiRefusedError, ProviderError, UnreadableRecordError)


@dataclass
class Troubles:
    """By uid of the job. Lost with the process: then it is tried, and refused, once more."""

    clock: Clock
    _found: dict[str, Trouble] = field(default_factory=dict)

    def of(self, uid: str) -> Trouble | None:
        """Return the trouble of a job, if it has any."""
        return self._found.get(uid)

    @contextmanager
    def noted(self, uid: str) -> Iterator[None]:
        """Note what is refused in the block, and forget what was refused before where nothing is."""
        try:
            yield
        except REFUSALS as error:
            before = self._found.get(uid)
            reason, message = words_of(error)
            self._found[uid] = Trouble(reason, message, 1 + (before.tries if before else 0), self.clock.now())
        else:
            self._found.pop(uid, None)


def words_of(error: Exception) -> tuple[str, str]:
    """Return a reason, and what happened and what to do."""
    match error:
        case ProviderError():
            return error.reason, error.message
        case ApiNotFoundError():
            return Reason.PROVIDER_MISSING, (
                f"the cluster does not know what the provider needs ({error}): install it, Karpenter for example, or "
                "name another in spec.capacity.provider"
            )
        case ApiRefusedError() if error.status == HTTP_FORBIDDEN:
            return Reason.PROVIDER_FORBIDDEN, (
                f"the operator may not do what the provider needs: {error.words.rstrip('. ')}. Allow it (the chart "
                "does, for what its value capacity.providers names)"
            )
        case _:
            return Reason.PROVIDER_FAILED, str(error)
