"""An MLflow server over HTTP: its REST interface and, through it, the artifacts of runs."""

import json
import ssl
from base64 import b64encode
from collections.abc import Mapping
from http import HTTPStatus
from pathlib import Path
from typing import Any, BinaryIO
from urllib.parse import quote, unquote, urlencode, urlsplit
from urllib.request import getproxies, proxy_bypass

import certifi
import urllib3
from urllib3.exceptions import HTTPError

from gridfold_cli.errors import InvalidInputError
from gridfold_cli.mlflow.addresses import AUTHORITY, CERTIFICATE, Address
from gridfold_cli.mlflow.refusals import document, no_server, refusal, unanswered

API, ARTIFACTS = "/api/2.0/mlflow/", "/api/2.0/mlflow-artifacts/artifacts/"
CONNECT_SECONDS = 10

Document = dict[str, Any]


class MlflowServer:
    """A server at an address. Nothing is tried twice: a command that is repeated finds what there is."""

    def __init__(self, address: Address) -> None:
        self.address = address
        self._pool = _pool(address)
        headers = {"User-Agent": "gridfold"}
        if address.user and address.password:
            pair = f"{address.user}:{address.password}".encode()
            headers["Authorization"] = f"Basic {b64encode(pair).decode()}"
        elif address.token:
            headers["Authorization"] = f"Bearer {address.token}"
        self._headers = headers

    def close(self) -> None:
        """Close all connections."""
        self._pool.clear()

    def get(self, path: str, /, **query: str) -> Document:
        """Return what is asked for."""
        return self._answer("GET", f"{API}{path}?{urlencode(query)}")

    def post(self, path: str, body: Mapping[str, Any]) -> Document:
        """Have something done, and return what the server says of it."""
        return self._answer("POST", f"{API}{path}", json.dumps(body).encode(), {"Content-Type": "application/json"})

    def upload(self, path: str, file: Path) -> None:
        """Store a file at a path below the root of all artifacts."""
        with file.open("rb") as content:
            headers = {"Content-Type": "application/octet-stream", "Content-Length": str(file.stat().st_size)}
            self._answer("PUT", f"{ARTIFACTS}{quote(path)}", content, headers)

    def _answer(
        self, method: str, path: str, body: bytes | BinaryIO | None = None, headers: Mapping[str, str] | None = None
    ) -> Document:
        asked = path.partition("?")[0]
        try:
            response = self._pool.request(
                method,
                f"{self.address.url}{path}",
                body=body,
                headers={**self._headers, **(headers or {})},
                timeout=urllib3.Timeout(connect=CONNECT_SECONDS, read=self.address.read_seconds),
                retries=False,
                redirect=False,
            )
        except (HTTPError, OSError) as error:
            raise unanswered(self.address, error) from error
        if response.status >= HTTPStatus.MULTIPLE_CHOICES:
            raise refusal(self.address, asked, response.status, response.data, response.headers.get("Location", ""))
        found = document(response.data)
        if found is None:
            raise no_server(self.address, asked, response.status)
        return found


def _pool(address: Address) -> urllib3.PoolManager:
    parts = urlsplit(address.url)
    host = parts.hostname or ""
    proxy = None if proxy_bypass(host) else getproxies().get(parts.scheme)
    context = _trust(address) if parts.scheme == "https" else None
    if proxy:
        found = urlsplit(proxy)
        pair = f"{unquote(found.username)}:{unquote(found.password or '')}" if found.username else None
        return urllib3.ProxyManager(
            proxy, ssl_context=context, proxy_headers=urllib3.make_headers(proxy_basic_auth=pair)
        )
    return urllib3.PoolManager(ssl_context=context)


def _trust(address: Address) -> ssl.SSLContext:
    """Return whom to trust: the machine's authorities and Mozilla's, else the one that is named."""
    try:
        context = ssl.create_default_context(cafile=address.authority or None)
        if not address.authority:
            context.load_verify_locations(certifi.where())
        if address.certificate:
            context.load_cert_chain(address.certificate)
    except OSError as error:
        raise InvalidInputError(
            f"{AUTHORITY} or {CERTIFICATE} names a file that cannot be used: {error}; expected certificates in PEM"
        ) from error
    if not address.verify:
        urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context
