"""The API server behind a proxy that notes what is asked, and can hold an answer back."""

import contextlib
import http.client
import re
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from tests.testbed.kubectl import Kubectl

#: Headers that concern one connection, or another user.
OWN_HEADERS = {"host", "connection", "authorization", "transfer-encoding", "content-length"}


@dataclass
class Recorded:
    """What was asked through one proxy."""

    url: str
    requests: list[tuple[str, str]] = field(default_factory=list)  #: method and path, in their order
    held: threading.Event = field(default_factory=threading.Event)  #: set when an answer is held back
    cut_off: bool = False  #: whether nothing is passed on any more, nor answered
    _path: str = ""
    _released: threading.Event = field(default_factory=threading.Event)

    def writes(self) -> list[tuple[str, str]]:
        return [(method, path) for method, path in self.requests if method != "GET"]

    def hold(self, path: str) -> None:
        """Hold back the answers to reading a path, until they are released."""
        self._path = path

    def release(self) -> None:
        self._released.set()

    def pass_on(self, method: str, path: str) -> None:
        """Called with what was asked when the answer is there."""
        if method == "GET" and path == self._path:
            self.held.set()
            self._released.wait(120)


@contextmanager
def recorded(kubectl: Kubectl) -> Iterator[Recorded]:
    """Have a way to the API server, with the rights of the kubeconfig."""
    command = [kubectl.program, f"--kubeconfig={kubectl.kubeconfig}", "proxy", "--port=0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as upstream:
        assert upstream.stdout
        (port,) = re.findall(r":(\d+)$", upstream.stdout.readline().strip())
        try:
            with ThreadingHTTPServer(("127.0.0.1", 0), _Handler) as server:
                server.daemon_threads = True
                server.upstream = int(port)  # type: ignore[attr-defined]
                found = server.recorded = Recorded(f"http://127.0.0.1:{server.server_address[1]}")  # type: ignore[attr-defined]
                threading.Thread(target=server.serve_forever, daemon=True).start()
                try:
                    yield found
                finally:
                    found.release()
                    server.shutdown()
        finally:
            upstream.kill()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def _pass_on(self) -> None:
        found: Recorded = self.server.recorded  # type: ignore[attr-defined]
        asked = self.command, self.path.partition("?")[0]
        self.close_connection = True
        if found.cut_off:
            return
        found.requests.append(asked)
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        headers = {name: value for name, value in self.headers.items() if name.lower() not in OWN_HEADERS}
        with contextlib.closing(http.client.HTTPConnection("127.0.0.1", self.server.upstream)) as connection:  # type: ignore[attr-defined]
            connection.request(self.command, self.path, body, headers)
            answer = connection.getresponse()
            found.pass_on(*asked)
            # Either side may go while a watch is open.
            with contextlib.suppress(OSError, http.client.HTTPException):
                self._answer(answer)

    def _answer(self, answer: http.client.HTTPResponse) -> None:
        self.send_response(answer.status)
        for name, value in answer.getheaders():
            if name.lower() not in OWN_HEADERS:
                self.send_header(name, value)
        self.send_header("Connection", "close")
        self.end_headers()
        while chunk := answer.read1():
            self.wfile.write(chunk)
            self.wfile.flush()

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _pass_on  # noqa: N815 (names that the base class calls)

    def log_message(self, *_: object) -> None:
        """Say nothing."""
