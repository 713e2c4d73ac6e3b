"""The running operator: what it consists of, and how its parts start and stop."""

import asyncio
import logging
import os
import random
import secrets
import socket
from collections.abc import Callable, Coroutine, Iterator
from contextlib import AsyncExitStack
from functools import partial
from typing import Any

from kubernetes.aio.client import Configuration

from gridfold.engine.ports import JobKey
from gridfold_operator import handlers
from gridfold_operator.adapters.clock import SystemClock, monotonic_seconds
from gridfold_operator.adapters.kubernetes.capacity.drivers import build_drivers
from gridfold_operator.adapters.kubernetes.capacity.leases import Leases
from gridfold_operator.adapters.kubernetes.capacity.port import KubernetesCapacity
from gridfold_operator.adapters.kubernetes.client import KubernetesClient
from gridfold_operator.adapters.kubernetes.cluster import KubernetesCluster
from gridfold_operator.adapters.kubernetes.events import KubernetesEventRecorder
from gridfold_operator.adapters.kubernetes.lease_store import KubernetesLeaseStore, read_leases
from gridfold_operator.adapters.kubernetes.other_leaders import OtherLeaders
from gridfold_operator.adapters.kubernetes.pod_watch import PodWatch
from gridfold_operator.adapters.kubernetes.pods import PodStore
from gridfold_operator.adapters.probes import serve_probes
from gridfold_operator.errors import ApiUnavailableError
from gridfold_operator.lease import Elector, LeaseRecord
from gridfold_operator.log import about_job
from gridfold_operator.login import log_in
from gridfold_operator.metering.calls import ApiCalls
from gridfold_operator.metering.jobs import MeteredCluster
from gridfold_operator.metering.nodes import MeteredCapacity
from gridfold_operator.metering.turns import timed
from gridfold_operator.metrics import Metrics
from gridfold_operator.reconciler import Reconciler
from gridfold_operator.rest import Rest
from gridfold_operator.served_namespace import ServedNamespace
from gridfold_operator.settings import OperatorSettings
from gridfold_operator.term import check_term, within
from gridfold_operator.together import run_together
from gridfold_operator.workqueue import WorkQueue, work

LOG = logging.getLogger("gridfold_operator")

ALL_NAMESPACES = ("",)
RESYNC_SPREAD = 0.2
PODS_SECONDS = 0.2  #: between two looks whether the pods are known, which is soon after the beginning


class Operator:
    """The running operator."""

    def __init__(
        self, settings: OperatorSettings, configuration: Configuration, heed_signals: Callable[[], None] = lambda: None
    ) -> None:
        """Take, too, what has signals end this process: kopf takes them over each time it starts."""
        self._settings, self._configuration, self._heed_signals = settings, configuration, heed_signals
        self._queue: WorkQueue[JobKey] = WorkQueue()
        self._metrics = Metrics()
        heard = ApiCalls(self._metrics).note
        self._client = KubernetesClient(configuration, gate=check_term, heard=heard)
        # Its calls are short, and wait for no others.
        self._lease_client = KubernetesClient(configuration, tries=1, heard=heard)
        clock, pods = SystemClock(), PodStore()
        self._cluster = KubernetesCluster(
            self._client,
            pods,
            clock,
            settings.pods,
            self._look_again,
            reads_workloads=settings.kueue.enabled,
            tenancy=settings.tenancy,
        )
        self._rest = Rest()
        self._pod_watch = PodWatch(
            self._client,
            pods,
            self._on_pod_news,
            settings.resync_seconds,
            self._rest.is_complete,
            self._metrics.watch_restarted,
        )
        name = os.environ.get("HOSTNAME", "gridfold-operator")
        recorder = KubernetesEventRecorder(self._client, clock, name)
        leases = Leases(self._client, clock, settings.capacity.namespace, settings.capacity.lease_seconds, name)
        drivers = build_drivers(self._client, settings.capacity, clock, check_term)
        capacity = KubernetesCapacity(self._client, leases, drivers, settings.capacity, clock, recorder)
        self._measure_queue()
        providers = [provider.name for provider in settings.capacity.providers]
        self._nodes = MeteredCapacity(capacity, providers, self._metrics)
        self._jobs = MeteredCluster(self._cluster, self._metrics)
        self._reconciler = Reconciler(self._queue, self._jobs, self._nodes, clock, recorder)
        identity = find_identity()
        self._served = {
            name: ServedNamespace(name, self._cluster.list_versions, self._elector(name, identity), self._parts_of)
            for name in settings.watch_namespaces or ALL_NAMESPACES
        }
        self._metrics.watch_leading(self._served, self._leads)
        self._others = OtherLeaders(self._read_other_leases, monotonic_seconds)

    async def run(self) -> None:
        """Run until it is cancelled.

        Crash-only: where one of its parts dies, the whole process does, and starts again from what is there.
        """
        async with AsyncExitStack() as stack:
            stack.push_async_callback(self._client.close)
            stack.push_async_callback(self._lease_client.close)
            probes = serve_probes(self._settings.probe_port, self._not_ready, self._remarks, self._metrics.render)
            LOG.info("probes on port %s", await stack.enter_async_context(probes))
            await run_together(self._parts())

    def _measure_queue(self) -> None:
        queue = self._queue
        self._metrics.watch_queue(queue.__len__)
        self._metrics.watch_ages(lambda: queue.oldest_seconds, lambda: queue.longest_seconds)
        self._metrics.watch_unserved(lambda: sum(map(bool, map(self._missing, self._served.values()))))

    def _parts(self) -> Iterator[Coroutine[Any, Any, None]]:
        handle = timed(self._handle, self._metrics)
        yield from (work(self._queue, handle, about_job) for _ in range(self._settings.workers))
        yield from (served.run() for served in self._served.values())

    def _parts_of(self, namespace: str) -> Iterator[Coroutine[Any, Any, None]]:
        yield self._resync(namespace)
        yield self._pod_watch.run(namespace)
        if not namespace:
            yield self._others.run()
        login = partial(log_in, self._configuration)
        for registry in handlers.build_registries(self._on_notice, self._rest.note, login):
            yield handlers.watch(registry, namespace, self._heed_signals)

    async def _handle(self, key: JobKey) -> None:
        served = self._served.get(key.namespace) or self._served.get("")
        if served is None or (term := served.term) is None:
            return  # its jobs are told of anew once it is served
        if not self._pod_watch.has_listed(served.name):
            self._queue.add_after(key, PODS_SECONDS)  # a wave whose pods are not known looks as if none ran
            return
        if not served.name and await self._others.of(key.namespace):
            self._leave(key)
            return  # and looked at by the next resync, once that one is gone
        with within(term):
            await self._reconciler(key)

    async def _read_other_leases(self) -> dict[str, LeaseRecord]:
        found = await read_leases(self._lease_client)
        found.pop(self._settings.leader_election.namespace, None)  # that of operators that serve all namespaces
        return found

    def _elector(self, namespace: str, identity: str) -> Elector:
        """Return who elects a namespace's leader: by a Lease in it; one for all namespaces by one that all know."""
        election = self._settings.leader_election
        store = KubernetesLeaseStore(self._lease_client, namespace or election.namespace)
        return Elector(store, identity, election.lease_seconds, SystemClock(), monotonic_seconds)

    def _leads(self, name: str) -> bool:
        term = self._served[name].term
        return term is not None and not term.is_over()

    async def _resync(self, namespace: str) -> None:
        """Have every job looked at again from time to time, whatever events say, and no two at the same time.

        But for jobs that have ended: of a thousand of them, this one list is all that is asked.
        """
        period = self._settings.resync_seconds
        try:
            while True:
                await self._look_at_all(namespace, period)
                await asyncio.sleep(period)
        finally:
            self._jobs.keep(set(), namespace)

    async def _look_at_all(self, namespace: str, period: float) -> None:
        try:
            versions = await self._cluster.list_versions(namespace)
        except ApiUnavailableError as error:
            LOG.warning("no resync for now: %s", error)
            return
        self._reconciler.keep(set(versions), namespace)
        self._jobs.keep(set(versions), namespace)
        restless = {*self._rest.restless(versions, namespace)}
        for key in versions:
            if self._hear_of(key) or key in restless:
                self._queue.add_after(key, random.uniform(0, RESYNC_SPREAD * period))  # noqa: S311

    def _hear_of(self, key: JobKey) -> bool:
        """Have a job counted unless it is left to another operator; tell whether it was not so far."""
        if key.namespace in self._others.left:
            self._leave(key)
            return False
        return self._jobs.hear_of(key)

    def _leave(self, key: JobKey) -> None:
        """Count a job no more: the operator of its namespace does."""
        self._jobs.forget(key)
        self._nodes.forget(key)

    def _on_notice(self, key: JobKey, urgent: bool) -> None:
        if urgent:
            self._hear_of(key)
            self._queue.add(key)
        else:
            self._on_pod_news(key)

    def _look_again(self, key: JobKey, seconds: float) -> None:
        self._reconciler.look_again(key, seconds)

    def _on_pod_news(self, key: JobKey, failed: bool = False) -> None:
        seconds = self._reconciler.failure_seconds if failed else self._reconciler.progress_seconds
        self._queue.add_after(key, seconds(key))

    def _not_ready(self) -> str:
        """Return why nothing is served; "" where at least one namespace is, or would be if its leader went."""
        missing = [self._missing(served) for served in self._served.values()]
        return "; ".join(missing) if all(missing) else ""

    def _remarks(self) -> str:
        """Return which namespaces are not served, and why, and which of them others serve."""
        left = [f"namespace {name} is served by {leader}" for name, leader in sorted(self._others.left.items())]
        return "; ".join([*filter(None, map(self._remark, self._served.values())), *left])

    def _remark(self, served: ServedNamespace) -> str:
        by_another = f"{served} is served by {served.leader}; this operator stands by"
        return by_another if served.leader else self._missing(served)

    def _missing(self, served: ServedNamespace) -> str:
        trouble = served.trouble
        if not trouble and not served.leader and not self._pod_watch.has_listed(served.name):
            trouble = "the pods are not known yet"
        return trouble and f"{served} is not served: {trouble}"


def find_identity() -> str:
    """Return the name by which this process holds Leases.

    In a cluster that is its pod's: a container is started only when the one before it in its pod has ended. Elsewhere
    it is nobody else's, and none that an earlier process had.
    """
    pod, namespace = os.environ.get("POD_NAME"), os.environ.get("POD_NAMESPACE")
    return f"{namespace}/{pod}" if pod and namespace else f"{socket.gethostname()}/{secrets.token_hex(4)}"
