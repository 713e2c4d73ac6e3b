"""One raw watch over all pods that carry our label, backed by a list at the start, after a gap and from time to time.

A watch alone was seen to lose events. Through kopf the same pods would cost ten times the CPU (kubernetes.md).
"""

import asyncio
import logging
from collections.abc import Callable
from contextlib import aclosing
from typing import NoReturn

from gridfold.api import labels
from gridfold.engine.ports import JobKey
from gridfold_operator.adapters.kubernetes import paths
from gridfold_operator.adapters.kubernetes.client import KubernetesClient
from gridfold_operator.adapters.kubernetes.pods import PodStore, project_pod
from gridfold_operator.errors import ApiUnavailableError, WatchGapError

LOG = logging.getLogger(__name__)

SELECTOR = f"{labels.MANAGED_BY}={labels.MANAGED_BY_VALUE},{labels.STAGE}"
#: A list of 10,000 pods takes seconds: listing may take at most a twentieth of the time.
LIST_SHARE = 20
PAUSE_SECONDS = 1.0  #: before a watch that broke is taken up again


class PodWatch:
    """Keeps a PodStore up to date and tells which jobs have news."""

    def __init__(
        self,
        client: KubernetesClient,
        store: PodStore,
        on_news: Callable[[JobKey, bool], None],
        relist_seconds: float,
        is_quiet: Callable[[str], bool] = lambda _: False,
        on_restart: Callable[[str], None] = lambda _: None,
    ) -> None:
        """Take what is told of a job that has news, and whether a pod has failed.

        And what tells that no job of a namespace has anything to do: then no list is due. And what is told why a watch
        begins anew.
        """
        self._client, self._store = client, store
        self._on_news, self._relist_seconds, self._is_quiet = on_news, relist_seconds, is_quiet
        self._on_restart = on_restart
        self._listed: set[str] = set()

    def has_listed(self, namespace: str) -> bool:
        """Tell whether the pods of a namespace ("": of all) are known and watched."""
        return namespace in self._listed

    async def run(self, namespace: str) -> None:
        """Watch a namespace ("" for all) for ever.

        Raises:
            ApiRefusedError: the operator may not see pods.
        """
        try:
            await self._watch(namespace)
        finally:
            self._listed.discard(namespace)

    async def _watch(self, namespace: str) -> NoReturn:
        loop = asyncio.get_running_loop()
        while True:
            try:
                start = loop.time()
                version = await self._list(namespace)
                seconds = max(self._relist_seconds, LIST_SHARE * (loop.time() - start))
                version = await self._follow(namespace, version, seconds)
                while self._is_quiet(namespace):
                    version = await self._follow(namespace, version, seconds)
            except WatchGapError as gap:
                self._on_restart("gap")
                LOG.info("pods are listed again: %s", gap)
            except ApiUnavailableError as error:
                self._on_restart("unavailable")
                LOG.warning("pods cannot be seen for now: %s", error)
                await asyncio.sleep(PAUSE_SECONDS)

    async def _list(self, namespace: str) -> str:
        """Take a list for the truth and return its version."""
        pods, version = [], ""
        path = paths.collection(paths.CORE, "pods", namespace)
        async with aclosing(self._client.pages(path, labelSelector=SELECTOR)) as pages:
            async for page in pages:
                version = page["metadata"]["resourceVersion"]
                pods += [pod for item in page.get("items") or () if (pod := project_pod(item))]
        for key in self._store.replace(namespace, pods):
            self._on_news(key, False)
        self._listed.add(namespace)
        return version

    async def _follow(self, namespace: str, version: str, seconds: float) -> str:
        """Follow the changes after a version for so long; return the version of the last one."""
        loop = asyncio.get_running_loop()
        end = loop.time() + seconds
        path = paths.collection(paths.CORE, "pods", namespace)
        while (rest := end - loop.time()) > PAUSE_SECONDS:
            before = version
            async with aclosing(self._client.watch(path, version, rest, labelSelector=SELECTOR)) as changes:
                async for kind, document in changes:
                    version = document["metadata"]["resourceVersion"]
                    if kind != "BOOKMARK":
                        self._take(kind, document)
            if version == before:
                await asyncio.sleep(PAUSE_SECONDS)
        return version

    def _take(self, kind: str, document: dict[str, object]) -> None:
        pod = project_pod(document)
        if pod is None:
            return
        if kind == "DELETED":
            self._store.remove(pod)
            self._on_news(pod.key, False)
        elif self._store.put(pod):
            self._on_news(pod.key, pod.end is not None and pod.end.exit_code != 0)
