"""The operator as a process: how it starts, what it says while it cannot, and how it stops."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any, ClassVar

import pytest

from tests.cluster.kind import ensure_kind
from tests.testbed.kubectl import Kubectl
from tests.testbed.shell import environment
from tests.testbed.waiting import wait_until

KUBECONFIG = """
apiVersion: v1
kind: Config
clusters: [{name: c, cluster: {server: "http://127.0.0.1:1"}}]
users: [{name: u, user: {token: t}}]
contexts: [{name: c, context: {cluster: c, user: u}}]
current-context: c
"""


@contextmanager
def started(
    folder: Path, kubeconfig: str, namespace: str, **changes: Any
) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Start an operator of one namespace and give it with the address of its probes."""
    settings = {"trainer": {"image": "never-pulled:1"}, "watchNamespaces": [namespace], "probePort": 0, **changes}
    (folder / "settings.yaml").write_text(json.dumps(settings))
    log = folder / "log"
    with log.open("w") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "gridfold_operator", "--settings", str(folder / "settings.yaml")],
            env=environment(KUBECONFIG=kubeconfig),
            stderr=output,
            text=True,
        )
    try:
        wait_until(
            lambda: None if "probes on port" in log.read_text() else "It has not said its port.",
            timeout_seconds=30,
            what="The operator starts",
            explain=log.read_text,
        )
        port = re.findall(r"probes on port (\d+)", log.read_text())[0]
        yield process, f"http://127.0.0.1:{port}"
    finally:
        process.kill()
        process.wait()


def fetch(url: str) -> tuple[int, str]:
    try:
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(url, timeout=5) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()


def wait_until_ready(address: str) -> None:
    wait_until(
        lambda: None if fetch(f"{address}/readyz")[0] == 200 else fetch(f"{address}/readyz")[1],
        timeout_seconds=30,
        what="The operator is ready",
    )


@pytest.mark.cluster
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_soon_and_well(
    tmp_path: Path, kubectl: Kubectl, namespace: str, number: signal.Signals
) -> None:
    ensure_kind(kubectl)
    with started(tmp_path, str(kubectl.kubeconfig), namespace) as (process, address):
        wait_until_ready(address)
        before = time.monotonic()
        process.send_signal(number)
        assert process.wait(timeout=20) == 0
        assert time.monotonic() - before < 10, "a pod has 30 s, and a rollout should not take them"
    assert "Traceback" not in (tmp_path / "log").read_text()


def test_without_an_api_server_it_lives_waits_says_so_and_can_be_ended(tmp_path: Path) -> None:
    (tmp_path / "kubeconfig").write_text(KUBECONFIG)
    with started(tmp_path, str(tmp_path / "kubeconfig"), "nowhere") as (process, address):
        assert fetch(f"{address}/healthz") == (200, "ok\n")
        status, words = fetch(f"{address}/readyz")
        assert status == 503
        assert "the kind TrainingJob is not there yet" in words
        assert "\ngridfold_queue_depth 0.0\n" in fetch(f"{address}/metrics")[1]
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=20) == 0


class Forbidding(BaseHTTPRequestHandler):
    """An API server that allows nothing."""

    asked: ClassVar[Counter[str]] = Counter()

    def do_GET(self) -> None:
        self.asked[self.path] += 1
        body = json.dumps({"kind": "Status", "code": 403, "message": "trainingjobs is forbidden"}).encode()
        self.send_response(403)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def test_rights_that_are_missing_are_told_in_one_line_and_asked_for_again(tmp_path: Path) -> None:
    with ThreadingHTTPServer(("127.0.0.1", 0), Forbidding) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_address[1]}"
        (tmp_path / "kubeconfig").write_text(KUBECONFIG.replace("http://127.0.0.1:1", url))
        with started(tmp_path, str(tmp_path / "kubeconfig"), "nowhere") as (process, address):
            wait_until(
                lambda: None if max(Forbidding.asked.values(), default=0) >= 3 else "It has not asked again.",
                timeout_seconds=30,
                what="The operator tries again",
            )
            status, words = fetch(f"{address}/readyz")
            assert status == 503
            assert "namespace nowhere is not served: GET /apis/" in words
            assert "403: trainingjobs is forbidden" in words
            assert process.poll() is None
        server.shutdown()
    log = (tmp_path / "log").read_text()
    assert log.count("403: trainingjobs is forbidden") == 1
    assert "Traceback" not in log
    lines = [json.loads(line) for line in log.splitlines()]
    assert {line["namespace"] for line in lines if "forbidden" in line["message"]} == {"nowhere"}


BAD_STARTS = [
    ("resyncSeconds: 0\nworkers: many\n", ("trainer", "resyncSeconds", "workers")),
    ("trainer: {image: t}\nprobePort: 0\n", ("no cluster", "kubeconfig")),
]


@pytest.mark.parametrize(("settings", "words"), BAD_STARTS)
def test_what_it_cannot_start_with_ends_it_in_words(tmp_path: Path, settings: str, words: tuple[str, ...]) -> None:
    (tmp_path / "settings.yaml").write_text(settings)
    done = subprocess.run(
        [sys.executable, "-m", "gridfold_operator", "--settings", str(tmp_path / "settings.yaml")],
        env={**os.environ, "KUBECONFIG": "/nowhere"},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 2
    told = [json.loads(line) for line in done.stderr.splitlines()]
    assert told[-1]["level"] == "CRITICAL"
    for word in words:
        assert word in told[-1]["message"]
    assert "Traceback" not in done.stderr


def test_a_fault_that_ends_it_is_one_line_with_its_traceback(tmp_path: Path) -> None:
    (tmp_path / "kubeconfig").write_text(KUBECONFIG)
    with socket.create_server(("", 0)) as taken:
        settings = {"trainer": {"image": "never-pulled:1"}, "probePort": taken.getsockname()[1]}
        (tmp_path / "settings.yaml").write_text(json.dumps(settings))
        done = subprocess.run(
            [sys.executable, "-m", "gridfold_operator", "--settings", str(tmp_path / "settings.yaml")],
            env=environment(KUBECONFIG=str(tmp_path / "kubeconfig")),
            capture_output=True,
            text=True,
            timeout=60,
        )
    assert done.returncode == 1
    told = [json.loads(line) for line in done.stderr.splitlines()]
    assert (told[-1]["level"], told[-1]["message"].startswith("the operator ends by a fault")) == ("CRITICAL", True)
    assert "OSError: " in told[-1]["exception"]
