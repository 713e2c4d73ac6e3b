"""The running operator: what it consists of, and how its parts start and stop."""

import asyncio
import logging
import os
import random
from collections.abc import Coroutine, Iterator
from contextlib import AsyncExitStack
from functools import partial
from typing import Any

from kubernetes.aio.client import Configuration

from gridfold.engine.ports import JobKey
from gridfold_operator import handlers
from gridfold_operator.adapters.clock import SystemClock
from gridfold_operator.adapters.kubernetes.client import KubernetesClient
from gridfold_operator.adapters.kubernetes.cluster import KubernetesCluster
from gridfold_operator.adapters.kubernetes.events import KubernetesEventRecorder
from gridfold_operator.adapters.kubernetes.pod_watch import PodWatch
from gridfold_operator.adapters.kubernetes.pods import PodStore
from gridfold_operator.adapters.probes import serve_probes
from gridfold_operator.errors import ApiNotFoundError, ApiUnavailableError
from gridfold_operator.login import log_in
from gridfold_operator.reconciler import Reconciler
from gridfold_operator.settings import OperatorSettings
from gridfold_operator.workqueue import WorkQueue, work

LOG = logging.getLogger("gridfold_operator")

ALL_NAMESPACES = ("",)
RESYNC_SPREAD = 0.2
CRD_PAUSE_SECONDS = 2.0


class Operator:
    """The running operator."""

    def __init__(self, settings: OperatorSettings, configuration: Configuration) -> None:
        self._settings, self._configuration = settings, configuration
        self._namespaces = settings.watch_namespaces or ALL_NAMESPACES
        self._queue: WorkQueue[JobKey] = WorkQueue()
        self._client = KubernetesClient(configuration)
        clock, pods = SystemClock(), PodStore()
        self._cluster = KubernetesCluster(self._client, pods, clock, settings.trainer, self._queue.add_after)
        self._pod_watch = PodWatch(self._client, pods, self._on_pod_news, settings.resync_seconds)
        recorder = KubernetesEventRecorder(self._client, clock, os.environ.get("HOSTNAME", "gridfold-operator"))
        self._reconciler = Reconciler(self._queue, self._cluster, clock, recorder)
        self._missing = "the kind TrainingJob is not there yet"

    async def run(self) -> None:
        """Run until SIGTERM or SIGINT.

        Crash-only: where one of its parts dies, the whole process does, and starts again from what is there.
        """
        async with AsyncExitStack() as stack:
            stack.push_async_callback(self._client.close)
            port = await stack.enter_async_context(serve_probes(self._settings.probe_port, self._not_ready))
            LOG.info("probes on port %s", port)
            await self._wait_for_kind()
            # kopf ends every task that began after it, so ours begin before.
            tasks = [asyncio.create_task(part) for part in self._parts()]
            tasks.append(asyncio.create_task(self._watch_resources(), name="kopf"))
            try:
                done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            finally:
                await _cancel(tasks)
            for task in done:
                task.result()

    def _parts(self) -> Iterator[Coroutine[Any, Any, None]]:
        yield self._resync()
        yield from (self._pod_watch.run(namespace) for namespace in self._namespaces)
        yield from (work(self._queue, self._reconciler) for _ in range(self._settings.workers))

    async def _watch_resources(self) -> None:
        registry = handlers.build_registry(self._on_notice, partial(log_in, self._configuration))
        await handlers.watch(registry, self._settings.watch_namespaces)

    async def _wait_for_kind(self) -> None:
        """Wait until the API server knows the kind: kopf looks for it only once."""
        while True:
            try:
                await self._cluster.list_keys(self._namespaces[0])
            except (ApiNotFoundError, ApiUnavailableError) as error:
                LOG.warning("the kind TrainingJob cannot be seen yet: %s", error)
                await asyncio.sleep(CRD_PAUSE_SECONDS)
            else:
                self._missing = ""
                return

    async def _resync(self) -> None:
        """Have every job looked at again from time to time, whatever events say, and no two at the same time."""
        period = self._settings.resync_seconds
        while True:
            try:
                keys = {key for namespace in self._namespaces for key in await self._cluster.list_keys(namespace)}
            except ApiUnavailableError as error:
                LOG.warning("no resync for now: %s", error)
            else:
                self._reconciler.keep(keys)
                for key in keys:
                    self._queue.add_after(key, random.uniform(0, 2 * RESYNC_SPREAD * period))  # noqa: S311
            await asyncio.sleep(period * (1 - RESYNC_SPREAD))

    def _on_notice(self, key: JobKey, urgent: bool) -> None:
        if urgent:
            self._queue.add(key)
        else:
            self._on_pod_news(key)

    def _on_pod_news(self, key: JobKey) -> None:
        self._queue.add_after(key, self._reconciler.progress_seconds(key))

    def _not_ready(self) -> str:
        if self._missing:
            return self._missing
        return "" if self._pod_watch.has_listed(self._namespaces) else "the pods are not known yet"


async def _cancel(tasks: list[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
