"""The API server over HTTP. Of the official client only login and session are used, as in the operator."""

import json
from collections.abc import Iterator
from http import HTTPStatus
from typing import Any

from kubernetes.client import ApiClient
from urllib3 import BaseHTTPResponse
from urllib3.exceptions import (
    ConnectTimeoutError,
    HTTPError,
    NameResolutionError,
    NewConnectionError,
    ReadTimeoutError,
    SSLError,
)

from gridfold_cli.cluster.kubeconfig import Place
from gridfold_cli.cluster.port import Document
from gridfold_cli.cluster.refusals import UnreachableError, refusal

CONNECT_SECONDS, READ_SECONDS = 10, 30
#: The server ends a watch after this; a bookmark comes at least once a minute.
WATCH_SECONDS = 290
SILENCE_SECONDS = 75
#: Between two lines of a log there may be as long a time as a fit takes.
LOG_SILENCE_SECONDS = 3600
MANAGER = "gridfold"
APPLY = "application/apply-patch+yaml"


class HttpApi:
    """The ApiServer of a place."""

    def __init__(self, place: Place) -> None:
        self._place = place
        place.configuration.retries = False  # errors come as what they are; who watches tries again
        self._client = ApiClient(place.configuration)
        self._client.user_agent = "gridfold"

    def close(self) -> None:
        """Close all connections."""
        self._client.close()

    def get(self, path: str, **query: str) -> Document:
        """Return an object or a page of a list."""
        return self._answer("GET", path, query)

    def apply(self, path: str, document: Document, *, force: bool = False) -> Document:
        """Have an object be so, and return it."""
        query = {"fieldManager": MANAGER, "fieldValidation": "Strict", "force": "true" if force else "false"}
        return self._answer("PATCH", path, query, document, APPLY)

    def delete(self, path: str) -> None:
        """Delete an object and, in the background, what it owns."""
        self._answer("DELETE", path, {}, {"propagationPolicy": "Background"})

    def watch(self, path: str, version: str, seconds: float, **query: str) -> Iterator[tuple[str, Document]]:
        """Yield (type, object) of every change after a version."""
        asked = {
            **query,
            "watch": "true",
            "allowWatchBookmarks": "true",
            "resourceVersion": version,
            "timeoutSeconds": str(max(1, round(min(seconds, WATCH_SECONDS)))),
        }
        for line in self._stream(path, asked, SILENCE_SECONDS):
            change = json.loads(line)
            if change["type"] == "ERROR":
                raise refusal(int(change["object"].get("code", 500)), change["object"], self._place.words)
            yield change["type"], change["object"]

    def lines(self, path: str, **query: str) -> Iterator[bytes]:
        """Yield the lines of a text as they come."""
        yield from self._stream(path, query, LOG_SILENCE_SECONDS)

    def _answer(self, method: str, path: str, query: dict[str, str], body: Any = None, kind: str = "") -> Document:
        try:
            response = self._send(method, path, query, READ_SECONDS, body, kind)
            content = response.data
        except (HTTPError, OSError) as error:
            raise self._unreachable(error) from error
        if response.status >= HTTPStatus.MULTIPLE_CHOICES:
            raise refusal(response.status, _document(content), self._place.words)
        return _document(content)

    def _stream(self, path: str, query: dict[str, str], silence: float) -> Iterator[bytes]:
        """Yield the whole lines of an answer; one that breaks off just ends."""
        try:
            response = self._send("GET", path, query, silence)
        except (HTTPError, OSError) as error:
            raise self._unreachable(error) from error
        rest = b""
        try:
            if response.status >= HTTPStatus.MULTIPLE_CHOICES:
                raise refusal(response.status, _document(response.data), self._place.words)
            while chunk := response.read1(65536):
                *whole, rest = (rest + chunk).split(b"\n")
                yield from whole
            if rest:
                yield rest
        except (HTTPError, OSError):
            return
        finally:
            response.close()

    def _send(
        self, method: str, path: str, query: dict[str, str], silence: float, body: Any = None, kind: str = ""
    ) -> BaseHTTPResponse:
        headers = {"Accept": "application/json, */*", "Content-Type": kind or "application/json"}
        request = self._client.param_serialize(
            method,
            path,
            query_params=list(query.items()),
            header_params=headers,
            body=body,
            auth_settings=["BearerToken"],
        )
        response: BaseHTTPResponse = self._client.call_api(
            *request, _request_timeout=(CONNECT_SECONDS, silence)
        ).response
        return response

    def _unreachable(self, error: Exception) -> UnreachableError:
        """Say what keeps the API server from answering, and what to do about it."""
        place, host = self._place.words, self._place.configuration.host
        if isinstance(error, SSLError):
            return UnreachableError(
                f"{place} is not who it says it is: {error}; certificate-authority in the kubeconfig has to be that of "
                "this cluster"
            )
        causes = (
            (NameResolutionError, f"the host name of {host} is not known: is a network or VPN missing?"),
            (NewConnectionError, "nothing listens there: does the cluster run, and is the address right?"),
            ((ConnectTimeoutError, ReadTimeoutError), "no answer in time: is a network, VPN or proxy missing?"),
        )
        why = next((words for kinds, words in causes if isinstance(error, kinds)), str(error) or type(error).__name__)
        return UnreachableError(f"{place} gives no answer: {why} (`kubectl get --raw /readyz` asks the same)")


def _document(content: bytes) -> Document:
    """Return an answer as JSON; what is none, such as a proxy's page, as a message."""
    try:
        found = json.loads(content) if content else {}
    except ValueError:
        found = None
    return found if isinstance(found, dict) else {"message": content.decode(errors="replace")}
