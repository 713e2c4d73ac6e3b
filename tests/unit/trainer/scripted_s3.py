"""A server on a port of this machine that answers as a test has written down."""

import socket
import ssl
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Answer:
    """One answer. `sent` says how much of the body is sent before the connection breaks, or hangs."""

    status: int = 200
    body: bytes = b""
    sent: int | None = None
    hangs: bool = False
    headers: dict[str, str] = field(default_factory=dict)


def refusal(status: int, code: str) -> Answer:
    return Answer(status, f"<Error><Code>{code}</Code><Message>no: {code}</Message></Error>".encode())


@dataclass
class Script:
    """The answers to give, the last one for ever, and the requests that came."""

    answers: list[Answer]
    requests: list[tuple[str, str, dict[str, str]]] = field(default_factory=list)
    port: int = 0
    released: threading.Event = field(default_factory=threading.Event)

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def restart(self, *answers: Answer) -> None:
        """Answer so from now on, and forget the requests that came."""
        self.answers, self.requests = list(answers), []

    def next_answer(self) -> Answer:
        return self.answers[min(len(self.requests), len(self.answers)) - 1]


def make_certificate(folder: Path, names: str = "DNS:localhost,IP:127.0.0.1") -> tuple[Path, Path]:
    """Return key and certificate of a server on this machine, signed by itself."""
    key, certificate = folder / "server.key", folder / "server.crt"
    names = f"subjectAltName={names}"
    new = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    place = ["-days", "2", "-subj", "/CN=localhost", "-addext", names, "-keyout", str(key), "-out", str(certificate)]
    subprocess.run([*new, *place], check=True, capture_output=True)
    return key, certificate


def make_expired_certificate(folder: Path) -> tuple[Path, Path]:
    """Return key and certificate of localhost, valid until a day ago."""
    key, certificate, request, names = (folder / f"expired.{end}" for end in ("key", "crt", "csr", "names"))
    names.write_text("subjectAltName=DNS:localhost")
    new = ["openssl", "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    place = ["-subj", "/CN=localhost", "-keyout", str(key), "-out", str(request)]
    subprocess.run([*new, *place], check=True, capture_output=True)
    sign = ["openssl", "x509", "-req", "-in", str(request), "-signkey", str(key), "-days", "-1"]
    subprocess.run([*sign, "-extfile", str(names), "-out", str(certificate)], check=True, capture_output=True)
    return key, certificate


def _secured(plain: socket.socket, certificate: tuple[Path, Path] | None) -> socket.socket:
    if certificate is None:
        return plain
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate[1], certificate[0])
    return context.wrap_socket(plain, server_side=True, do_handshake_on_connect=False)


def _send(handler: BaseHTTPRequestHandler, answer: Answer) -> None:
    handler.send_response(answer.status)
    usual = {"Content-Length": str(len(answer.body)), "ETag": '"mark"'}
    for name, value in {**usual, **answer.headers}.items():
        if value:
            handler.send_header(name, value)
    handler.end_headers()
    if handler.command != "HEAD":
        handler.wfile.write(answer.body[: answer.sent])


def _handler_of(script: Script) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def handle_any(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            script.requests.append((self.command, self.path, dict(self.headers)))
            answer = script.next_answer()
            if answer.hangs and answer.sent is None:
                self._hang()
                return
            _send(self, answer)
            if answer.hangs:
                self.wfile.flush()
                self._hang()
            elif answer.sent is not None or "Content-Length" in answer.headers:
                self.close_connection = True

        do_GET = do_PUT = do_HEAD = do_POST = do_DELETE = handle_any  # noqa: N815 (http.server looks for these names)

        def _hang(self) -> None:
            script.released.wait()
            self.close_connection = True

        def log_message(self, *arguments: object) -> None:
            """Say nothing."""

    return Handler


class _QuietServer(ThreadingHTTPServer):
    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of clients that go away, as those do that do not accept the certificate."""
        if not isinstance(sys.exception(), ConnectionError | ssl.SSLError):
            super().handle_error(request, client_address)


@contextmanager
def serving(*answers: Answer, certificate: tuple[Path, Path] | None = None) -> Iterator[Script]:
    """Serve on a free port until the block ends; with key and certificate, by TLS."""
    script = Script(list(answers))

    with _QuietServer(("127.0.0.1", 0), _handler_of(script)) as server:
        script.port = server.server_address[1]
        server.socket = _secured(server.socket, certificate)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield script
        finally:
            script.released.set()
            server.shutdown()
            thread.join()


def free_port() -> int:
    """Return a port on which nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
