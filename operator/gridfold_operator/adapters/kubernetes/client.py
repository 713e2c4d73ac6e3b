"""Raw JSON to and from the API server: short timeouts, retries where they are safe, typed errors.

Of the official client only the login and the HTTP session are used. Its typed responses cost 30 times the memory
and raise on fields that they do not know although the write succeeded (measured; kubernetes.md).
"""

import asyncio
import json
import random
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode

import aiohttp
from kubernetes.aio import config
from kubernetes.aio.client import Configuration
from kubernetes.aio.client.rest import RESTClientObject

from gridfold_operator.errors import (
    ApiConflictError,
    ApiNotFoundError,
    ApiRefusedError,
    ApiUnavailableError,
    ClusterError,
    NamespaceLeavingError,
    NoClusterError,
    WatchGapError,
)
from gridfold_operator.term import Gate, let_pass

Document = dict[str, Any]

REQUEST_TIMEOUT = aiohttp.ClientTimeout(total=30, connect=10)
TRIES = 4
FIRST_PAUSE_SECONDS = 0.25
LONGEST_PAUSE_SECONDS = 5.0
PAGE_SIZE = 500
#: A watch is ended by the server after this time; a bookmark comes at least once a minute.
WATCH_SECONDS = 290
WATCH_TIMEOUT = aiohttp.ClientTimeout(total=None, connect=10, sock_read=70)
#: Answers that another try may change. 401: a token that was just rotated is read again within a minute.
PASSING_REFUSALS = frozenset({HTTPStatus.UNAUTHORIZED, HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_MANY_REQUESTS})
JSON_PATCH = "application/json-patch+json"
METADATA_ONLY = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"
MERGE_PATCH = "application/merge-patch+json"


#: Told of every try: method, path, whether it watches, code of the answer (0: none came).
Heard = Callable[[str, str, bool, int], None]


def _ignore(_method: str, _path: str, _watches: bool, _code: int) -> None:
    """Tell nobody."""


async def load_configuration() -> Configuration:
    """Return how to reach the API server: as a pod of the cluster, else as the kubeconfig says.

    The token of a pod is read again every minute: it is rotated.

    Raises:
        NoClusterError: this is no pod, and there is no usable kubeconfig.
    """
    configuration = Configuration()
    try:
        config.load_incluster_config(client_configuration=configuration)
    except config.ConfigException:
        try:
            await config.load_kube_config(client_configuration=configuration)
        except config.ConfigException as error:
            raise NoClusterError(f"no cluster: this is not a pod, and the kubeconfig is of no use ({error})") from error
    return configuration


class KubernetesClient:
    """The API server as a few verbs on paths. Every error is one of `gridfold_operator.errors`."""

    def __init__(
        self, configuration: Configuration, *, tries: int = TRIES, gate: Gate = let_pass, heard: Heard = _ignore
    ) -> None:
        """Take what is asked before each try to write, which is not made where it raises, and who hears of tries."""
        self._configuration, self._heard = configuration, heard
        self._rest = RESTClientObject(configuration)
        self._tries, self._gate = tries, gate

    async def close(self) -> None:
        """Close all connections."""
        await self._rest.close()

    async def get(self, path: str, **query: str) -> Document:
        """Return one object."""
        return await self._answer(_Request("GET", path, query))

    async def create(self, path: str, document: Document) -> Document:
        """Create an object.

        Raises:
            ApiConflictError: one of that name is there, perhaps from an earlier try whose answer was lost.
        """
        return await self._answer(_Request("POST", path, body=document))

    async def patch(self, path: str, patch: Any, content_type: str) -> Document:
        """Change an object; a resourceVersion in the patch guards what was read.

        Raises:
            ApiConflictError: it has changed since, perhaps by an earlier try whose answer was lost.
        """
        return await self._answer(_Request("PATCH", path, body=patch, content_type=content_type))

    async def replace(self, path: str, document: Document) -> Document:
        """Replace an object; a resourceVersion in it guards what was read.

        Raises:
            ApiConflictError: it has changed since, perhaps by an earlier try whose answer was lost.
        """
        return await self._answer(_Request("PUT", path, body=document))

    async def delete(self, path: str, version: str = "", *, uid: str = "") -> None:
        """Delete an object and, in the background, all that it owns. What is gone already is fine.

        Raises:
            ApiConflictError: a version or a uid was given, and the object has another one by now.
        """
        expected = {name: value for name, value in (("resourceVersion", version), ("uid", uid)) if value}
        guard = {"preconditions": expected} if expected else {}
        try:
            await self._answer(_Request("DELETE", path, body={"propagationPolicy": "Background", **guard}))
        except ApiNotFoundError:
            return

    async def pages(self, path: str, **query: str) -> AsyncGenerator[Document, None]:
        """Yield the pages of a list, at most 500 objects each.

        Raises:
            WatchGapError: the list grew too old between two pages; start again.
        """
        token = ""
        while True:
            page = await self.get(path, **query, **{"limit": str(PAGE_SIZE), "continue": token})
            yield page
            token = page.get("metadata", {}).get("continue", "")
            if not token:
                return

    async def items(self, path: str, **query: str) -> list[Document]:
        """Return all objects of a list that is known to be short.

        It is no page: where pages are asked for, older API servers (1.31) read all objects of the kind from etcd.
        """
        return (await self.get(path, **query)).get("items") or []

    async def metadata(self, path: str) -> list[Document]:
        """Return the metadata of all objects of a list; nothing else of them is sent."""
        page = await self._answer(_Request("GET", path, accept=METADATA_ONLY))
        return [item["metadata"] for item in page.get("items") or ()]

    async def watch(
        self, path: str, version: str, seconds: float, **query: str
    ) -> AsyncGenerator[tuple[str, Document], None]:
        """Yield (type, object) of every change after a resource version, bookmarks too, for so many seconds.

        A connection that breaks ends it as the time does: the caller goes on from the last version it saw.

        Raises:
            WatchGapError: that version is too old; list again.
        """
        asked = {
            **query,
            "watch": "true",
            "allowWatchBookmarks": "true",
            "resourceVersion": version,
            "timeoutSeconds": str(max(1, round(min(seconds, WATCH_SECONDS)))),
        }
        async with self._sent(_Request("GET", path, asked, timeout=WATCH_TIMEOUT)) as response:
            if response.status != HTTPStatus.OK:
                raise _refusal(response.status, await response.read(), f"watch {path}")
            async for line in _lines(response):
                yield _change(line, path)

    async def _answer(self, request: "_Request") -> Document:
        """Send a request until there is an answer to stand by.

        All are repeated: GET, DELETE and our guarded PATCH are idempotent, and a POST that went through after all
        answers 409, which its caller has to understand anyway.
        """
        for attempt in range(1, self._tries):
            try:
                return await self._try(request)
            except ApiUnavailableError:
                await asyncio.sleep(_pause(attempt))
        return await self._try(request)

    async def _try(self, request: "_Request") -> Document:
        if request.method != "GET":
            self._gate()
        async with self._sent(request) as response:
            answer = await response.read()
            if response.status < HTTPStatus.MULTIPLE_CHOICES:
                return dict(json.loads(answer)) if answer else {}
            raise _refusal(response.status, answer, str(request))

    @asynccontextmanager
    async def _sent(self, request: "_Request") -> AsyncIterator[aiohttp.ClientResponse]:
        """Send a request; whatever HTTP goes wrong in it, or while its answer is read, becomes ApiUnavailableError."""
        wanted = {name: value for name, value in request.query.items() if value}
        url = f"{self._configuration.host}{request.path}{'?' + urlencode(wanted) if wanted else ''}"
        try:
            headers = {
                "Content-Type": request.content_type,
                "Accept": request.accept,
                "User-Agent": "gridfold-operator",
                **await self._authorization(),
            }
            code = 0
            try:
                answer = await self._rest.request(
                    request.method, url, headers, body=request.body, _request_timeout=request.timeout
                )
                code = answer.response.status
            finally:
                self._heard(request.method, request.path, request.timeout is WATCH_TIMEOUT, code)
            try:
                yield answer.response
            finally:
                answer.response.close() if request.timeout is WATCH_TIMEOUT else answer.response.release()
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            words = str(error) or type(error).__name__
            raise ApiUnavailableError(f"{request}: no answer from the API server ({words})") from error

    async def _authorization(self) -> dict[str, str]:
        token = await self._configuration.get_api_key_with_prefix("BearerToken", alias="authorization")
        if token:
            return {"Authorization": token}
        if self._configuration.username:
            return {"Authorization": self._configuration.get_basic_auth_token()}
        return {}


@dataclass(frozen=True)
class _Request:
    """One request."""

    method: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    body: Any = None
    content_type: str = "application/json"
    accept: str = "application/json"
    timeout: aiohttp.ClientTimeout = REQUEST_TIMEOUT

    def __str__(self) -> str:
        """Return what an error message may say of it: never its body."""
        return f"{self.method} {self.path}"


def _pause(attempt: int) -> float:
    longest = min(FIRST_PAUSE_SECONDS * 2.0**attempt, LONGEST_PAUSE_SECONDS)
    return random.uniform(longest / 2, longest)  # noqa: S311 (jitter, no secret)


async def _lines(response: aiohttp.ClientResponse) -> AsyncIterator[bytes]:
    """Yield the whole lines of a stream, however long they are, until it ends or breaks."""
    rest = b""
    try:
        async for chunk in response.content.iter_any():
            *whole, rest = (rest + chunk).split(b"\n")
            for line in filter(None, whole):
                yield line
    except (aiohttp.ClientError, TimeoutError, OSError):
        return


def _change(line: bytes, path: str) -> tuple[str, Document]:
    change = json.loads(line)
    if change["type"] == "ERROR":
        status = change["object"]
        raise _refusal(int(status.get("code", 500)), json.dumps(status).encode(), f"watch {path}")
    return change["type"], change["object"]


def _refusal(status: int, answer: bytes, request: str) -> ClusterError:
    """Return the error of an answer that is none of the 200s."""
    try:
        found = json.loads(answer)
        words, causes = found.get("message", ""), (found.get("details") or {}).get("causes") or ()
    except (ValueError, AttributeError):
        words, causes = answer.decode(errors="replace"), ()
    message = f"{request}: {status}: {words}"
    if status == HTTPStatus.NOT_FOUND:
        return ApiNotFoundError(message)
    if status == HTTPStatus.CONFLICT:
        return ApiConflictError(message)
    if status == HTTPStatus.GONE:
        return WatchGapError(message)
    if any(cause.get("reason") == NamespaceLeavingError.reason for cause in causes):
        return NamespaceLeavingError(message)
    if status in PASSING_REFUSALS or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return ApiUnavailableError(message)
    return ApiRefusedError(message, status, words)
