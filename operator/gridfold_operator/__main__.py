"""The composition root: `python -m gridfold_operator --settings FILE`."""

import argparse
import asyncio
import logging
import os
import random
import signal
import sys
from collections.abc import Coroutine, Iterator
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, field
from typing import Any

import kopf
from kubernetes.aio.client import Configuration

from gridfold.domain.plan import Event
from gridfold.engine.ports import Clock, Cluster, EventRecorder, JobKey
from gridfold.engine.reconcile import reconcile
from gridfold_operator import handlers
from gridfold_operator.adapters.clock import SystemClock
from gridfold_operator.adapters.kubernetes.client import KubernetesClient, load_configuration
from gridfold_operator.adapters.kubernetes.cluster import KubernetesCluster
from gridfold_operator.adapters.kubernetes.events import KubernetesEventRecorder
from gridfold_operator.adapters.kubernetes.pod_watch import PodWatch
from gridfold_operator.adapters.kubernetes.pods import PodStore
from gridfold_operator.adapters.probes import serve_probes
from gridfold_operator.errors import (
    ApiNotFoundError,
    ApiRefusedError,
    ApiUnavailableError,
    ClusterError,
    ForeignChildError,
    NoClusterError,
)
from gridfold_operator.settings import OperatorSettings, SettingsError, load_settings
from gridfold_operator.workqueue import WorkQueue, work

LOG = logging.getLogger("gridfold_operator")

ALL_NAMESPACES = ("",)
#: Numbers that people watch are brought up to date this often; what brings a job a step further is done at once.
PROGRESS_SECONDS = 3.0
#: Of a job with thousands of cells a look takes a second: progress may cost at most a twentieth of the time.
PROGRESS_SHARE = 20
RESYNC_SPREAD = 0.2
CRD_PAUSE_SECONDS = 2.0


@dataclass(frozen=True)
class Reconciler:
    """Handles one key: one turn of the engine's loop, and a word to the user where a person has to act."""

    queue: WorkQueue[JobKey]
    cluster: Cluster
    clock: Clock
    recorder: EventRecorder
    seconds: dict[JobKey, float] = field(default_factory=dict)  #: that the last turn of a job took

    async def __call__(self, key: JobKey) -> None:
        """Reconcile a job and, where the engine asks for it, come back later."""
        start = asyncio.get_running_loop().time()
        try:
            again = await reconcile(key, self.cluster, self.clock, self.recorder)
        except (ApiRefusedError, ForeignChildError) as error:
            await self._tell(key, Event("Warning", error.reason, str(error)))
            raise
        self.seconds[key] = asyncio.get_running_loop().time() - start
        if again is not None:
            self.queue.add_after(key, again)

    def progress_seconds(self, key: JobKey) -> float:
        """Return how long a job's numbers may be old."""
        return max(PROGRESS_SECONDS, PROGRESS_SHARE * self.seconds.get(key, 0.0))

    def keep(self, keys: set[JobKey]) -> None:
        """Forget all other jobs, but for what is still to be done with them."""
        self.queue.keep(keys)
        for key in self.seconds.keys() - keys:
            del self.seconds[key]

    async def _tell(self, key: JobKey, event: Event) -> None:
        job = await self.cluster.load_job(key)
        if job is not None:
            await self.recorder.record(job, event)


class Operator:
    """The running operator: what it consists of, and how it starts and stops."""

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
        registry = handlers.build_registry(self._on_notice, self._log_in)
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

    async def _log_in(self) -> kopf.ConnectionInfo:
        """Return kopf's way to the API server: the same as ours, with the token as it is now."""
        configuration = self._configuration
        token = await configuration.get_api_key_with_prefix("BearerToken", alias="authorization")
        scheme, _, value = (token or "").partition(" ")
        return kopf.ConnectionInfo(
            server=configuration.host,
            ca_path=configuration.ssl_ca_cert,
            insecure=not configuration.verify_ssl,
            username=configuration.username or None,
            password=configuration.password or None,
            scheme=scheme.capitalize() if value else None,
            token=value or scheme or None,
            certificate_path=configuration.cert_file,
            private_key_path=configuration.key_file,
        )


async def _cancel(tasks: list[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def _main(settings: OperatorSettings) -> None:
    """Run the operator; a signal that comes before kopf handles signals ends it as well."""
    task = asyncio.current_task()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, task.cancel if task else sys.exit)
    with suppress(asyncio.CancelledError):
        await Operator(settings, await load_configuration()).run()


def main() -> int:
    """Start the operator and return the exit code of the process."""
    parser = argparse.ArgumentParser(prog="python -m gridfold_operator", description="The operator of Gridfold.")
    parser.add_argument("--settings", help="YAML file; default: what the variable GRIDFOLD_SETTINGS names")
    arguments = parser.parse_args()
    try:
        settings = load_settings(arguments.settings)
    except SettingsError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    logging.basicConfig(
        level=settings.log_level, format="%(asctime)s %(levelname)s %(name)s %(message)s", stream=sys.stderr
    )
    logging.getLogger("kopf").setLevel("WARNING")
    try:
        asyncio.run(_main(settings))
    except NoClusterError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    except ClusterError as error:
        LOG.critical("the operator ends, to be started again: %s", error)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
