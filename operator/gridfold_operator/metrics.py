"""What Prometheus is told of the operator as a whole. No label grows with jobs: of one job, its status tells."""

from collections.abc import Callable, Iterable
from functools import partial
from importlib.metadata import PackageNotFoundError, version

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, Info, PlatformCollector, ProcessCollector
from prometheus_client.exposition import choose_encoder
from prometheus_client.metrics import disable_created_metrics

#: How a turn for one job ends: done; again at once, as the resource changed meanwhile; somebody has to change something
#: first; no answer of the API server; a fault of ours.
RESULTS = ("done", "conflict", "refused", "unavailable", "exception")
#: Why a watch begins anew: what it was to go on from is too old; no answer of the API server.
RESTARTS = ("gap", "unavailable")
#: A look at a small job takes hundredths of a second, at one of ten thousand cells seconds.
BUCKETS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)

# Else every counter and histogram comes a second time, with the moment at which it was made.
disable_created_metrics()  # type: ignore[no-untyped-call]


class Metrics:
    """One registry, so that several operators in one process (tests) do not meet."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        PlatformCollector(registry=self.registry)
        build = Info("gridfold_build", "Which operator runs.", registry=self.registry)
        build.info({"version": _version()})
        self.turns = Histogram(
            "gridfold_reconcile_duration_seconds",
            "How long one look at a TrainingJob took, with what was done about it, by how it ended.",
            ["result"],
            buckets=BUCKETS,
            registry=self.registry,
        )
        for result in RESULTS:
            self.turns.labels(result)
        words = "How often the watch of pods began anew with a list, as it had missed something or had no answer."
        self._restarts = Counter("gridfold_watch_restarts", words, ["cause"], registry=self.registry)
        for cause in RESTARTS:
            self._restarts.labels(cause)

    def watch_queue(self, depth: Callable[[], int]) -> None:
        """Tell how many jobs wait for a free hand, asked for when somebody looks."""
        words = "TrainingJobs that are due to be looked at, and wait for a free worker."
        Gauge("gridfold_queue_depth", words, registry=self.registry).set_function(depth)

    def watch_leading(self, served: Iterable[str], leads: Callable[[str], bool]) -> None:
        """Tell which namespaces ("" for all) this operator leads, asked for when somebody looks."""
        words = "Whether this operator leads: 1 where it acts on TrainingJobs of the namespaces, 0 where it stands by."
        gauge = Gauge("gridfold_leader", words, ["served"], registry=self.registry)
        for name in served:
            gauge.labels(name or "all namespaces").set_function(partial(leads, name))

    def watch_ages(self, waits: Callable[[], float], takes: Callable[[], float]) -> None:
        """Tell how long the oldest job waits for a free worker, and how long the longest turn that goes on takes."""
        words = "How long that TrainingJob which is due has waited for a free worker that has waited longest."
        Gauge("gridfold_queue_oldest_seconds", words, registry=self.registry).set_function(waits)
        words = "How long the longest look at a TrainingJob that has not ended has taken so far."
        Gauge("gridfold_reconcile_longest_running_seconds", words, registry=self.registry).set_function(takes)

    def watch_unserved(self, namespaces: Callable[[], int]) -> None:
        """Tell how many namespaces ought to be served and are not."""
        words = "Namespaces (of all together: 1) whose TrainingJobs are not looked after; /readyz says why."
        Gauge("gridfold_unserved_namespaces", words, registry=self.registry).set_function(namespaces)

    def watch_restarted(self, cause: str) -> None:
        """Count that the watch of pods had to begin anew with a list."""
        self._restarts.labels(cause).inc()

    def render(self, accept: str) -> tuple[bytes, str]:
        """Return everything in the format that a scraper accepts, and its content type."""
        encode, content_type = choose_encoder(accept)
        return encode(self.registry), content_type


def _version() -> str:
    try:
        return version("gridfold")
    except PackageNotFoundError:
        return "unknown"
