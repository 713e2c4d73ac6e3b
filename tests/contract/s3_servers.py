"""Stores on the real S3 servers, and a wire to them that can be cut."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from socketserver import BaseRequestHandler, ThreadingTCPServer
from typing import Any
from urllib.parse import urlsplit

from gridfold.api.v1alpha1 import Storage
from gridfold_trainer.storage.downloads import Patience
from gridfold_trainer.storage.s3_store import Access, S3Store

#: Real servers on this machine answer at once; what is cut must not be waited for.
QUICK = Patience(connect_seconds=5, read_seconds=20, attempts=2, body_attempts=2, back_off_seconds=0.01)


@contextmanager
def s3_store(
    folder: Path, endpoint: str, keys: tuple[str, str], ca_bundle: Path | None = None, **storage: Any
) -> Iterator[S3Store]:
    """Open a store with these keys, as a pod has them: in files of their own, below `folder`."""
    secret = folder / "secret"
    secret.mkdir(exist_ok=True)
    for name, value in zip(("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"), keys, strict=True):
        (secret / name).write_text(value)
    described = Storage(endpoint=endpoint, region="us-east-1", credentials_secret_name="s3-keys", **storage)
    store = S3Store(described, Access(secret, ca_bundle, patience=QUICK))
    try:
        yield store
    finally:
        store.close()


@dataclass
class Wire:
    """A server between a client and another one; each connection ends after so many bytes of answers."""

    target: tuple[str, int]
    limits: list[int | None] = field(default_factory=list)  #: of the next connections; None, or none left: no limit
    on_cut: Callable[[], object] = lambda: None  #: is called before a connection is cut
    port: int = 0

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def carry(self, client: socket.socket) -> None:
        """Carry one connection until one side ends it, or its limit does."""
        limit = self.limits.pop(0) if self.limits else None
        with socket.create_connection(self.target) as server:
            threading.Thread(target=_pump, args=(client, server), daemon=True).start()
            while data := server.recv(65536):
                rest = len(data) if limit is None else min(limit, len(data))
                client.sendall(data[:rest])
                limit = None if limit is None else limit - rest
                if limit == 0:
                    self.on_cut()
                    client.shutdown(socket.SHUT_RDWR)
                    return


def _pump(source: socket.socket, target: socket.socket) -> None:
    try:
        while data := source.recv(65536):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)
    except OSError:
        return  # the other direction has ended the connection


@contextmanager
def wire_to(endpoint: str, host: str = "127.0.0.1", port: int = 0) -> Iterator[Wire]:
    """Listen on this machine (on a free port, unless one is given), and carry what comes to an endpoint's server."""
    parts = urlsplit(endpoint)
    wire = Wire((str(parts.hostname), int(parts.port or 80)))

    class Handler(BaseRequestHandler):
        def handle(self) -> None:
            wire.carry(self.request)

    class Server(ThreadingTCPServer):
        daemon_threads = True
        block_on_close = False  # clients keep connections that nobody needs
        allow_reuse_address = True

    with Server((host, port), Handler) as server:
        wire.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        try:
            yield wire
        finally:
            server.shutdown()
            thread.join()
