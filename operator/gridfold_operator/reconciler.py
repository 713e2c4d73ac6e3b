"""One turn for one key of the work queue."""

import asyncio
from dataclasses import dataclass, field

from gridfold.engine.ports import Capacity, Clock, Cluster, EventRecorder, JobKey
from gridfold.engine.reconcile import reconcile
from gridfold_operator.workqueue import WorkQueue

#: Numbers that people watch are brought up to date this often; what brings a job a step further is done at once.
PROGRESS_SECONDS = 3.0
#: Of a job with thousands of cells a look takes a second: progress may cost at most a twentieth of the time.
PROGRESS_SHARE = 20
#: Of all jobs together, so many are looked at in a second for the sake of numbers: the API server has more to do.
PROGRESS_LOOKS_PER_SECOND = 3.4
LONGEST_PROGRESS_SECONDS = 60.0


@dataclass(frozen=True)
class Reconciler:
    """Handles one key: one turn of the engine's loop, and when the next one is due."""

    queue: WorkQueue[JobKey]
    cluster: Cluster
    capacity: Capacity
    clock: Clock
    recorder: EventRecorder
    seconds: dict[JobKey, float] = field(default_factory=dict)  #: that the last turn of a job took
    going_on: set[JobKey] = field(default_factory=set)  #: jobs that are to be looked at again

    async def __call__(self, key: JobKey) -> None:
        """Reconcile a job and, where the engine asks for it, come back later."""
        start = asyncio.get_running_loop().time()
        again = await reconcile(key, self.cluster, self.capacity, self.clock, self.recorder)
        self.seconds[key] = asyncio.get_running_loop().time() - start
        if again is None:
            self.going_on.discard(key)
        else:
            self.going_on.add(key)
            self.queue.add_after(key, again)

    def progress_seconds(self, key: JobKey) -> float:
        """Return how long a job's numbers may be old."""
        among_others = min(len(self.going_on) / PROGRESS_LOOKS_PER_SECOND, LONGEST_PROGRESS_SECONDS)
        return max(among_others, self.failure_seconds(key))

    def failure_seconds(self, key: JobKey) -> float:
        """Return how long a failed pod may wait, which others may follow, or which tells that data is damaged."""
        return max(PROGRESS_SECONDS, PROGRESS_SHARE * self.seconds.get(key, 0.0))

    def look_again(self, key: JobKey, seconds: float) -> None:
        """Have a job looked at in so many seconds, as nobody tells when what keeps it goes; not more often than all."""
        self.queue.add_after(key, max(seconds, self.progress_seconds(key)))

    def keep(self, keys: set[JobKey], namespace: str = "") -> None:
        """Forget all other jobs of a namespace ("" for all), but for what is still to be done with them."""

        def is_gone(key: JobKey) -> bool:
            return key not in keys and namespace in {"", key.namespace}

        self.queue.forget(is_gone)
        for key in [*filter(is_gone, self.seconds)]:
            del self.seconds[key]
            self.going_on.discard(key)
