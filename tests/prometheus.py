"""A real Prometheus, of Debian's package, that scrapes one pod through the API server."""

import base64
import contextlib
import json
import socket
import subprocess
import urllib.parse
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.testbed import machine
from tests.testbed.errors import UnavailableError
from tests.testbed.kubectl import Kubectl
from tests.testbed.waiting import wait_until

_direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))


@dataclass(frozen=True)
class Prometheus:
    """One that runs."""

    url: str
    log: Path

    def ask(self, path: str, **query: str) -> Any:
        """Return the data of an answer of its API."""
        with _direct.open(f"{self.url}{path}?{urllib.parse.urlencode(query)}", timeout=10) as answer:
            return json.load(answer)["data"]

    def query(self, text: str) -> list[dict[str, Any]]:
        """Return the series that a query finds now."""
        found: list[dict[str, Any]] = self.ask("/api/v1/query", query=text)["result"]
        return found

    def value(self, text: str) -> float | None:
        """Return the value of the one series that a query finds."""
        found = self.query(text)
        return float(found[0]["value"][1]) if found else None

    def firing(self) -> set[str]:
        """Return the names of the alerts that fire."""
        alerts = self.ask("/api/v1/alerts")["alerts"]
        return {found["labels"]["alertname"] for found in alerts if found["state"] == "firing"}

    def wait_for_alerts(self, *names: str) -> None:
        """Wait until these alerts fire; none: until all is quiet."""

        def missing() -> str | None:
            found = self.firing()
            return None if found >= {*names} and (names or not found) else f"{sorted(found)} fire."

        what = f"{names} fire" if names else "No alert fires"
        wait_until(missing, timeout_seconds=120, what=what, every_seconds=0.3, explain=self.log.read_text)

    def wait(self, what: str, query: str, least: float = 1) -> None:
        """Wait until a query finds at least so much."""

        def missing() -> str | None:
            try:
                found = self.value(query)
            except OSError as error:
                return f"It does not answer: {error}."
            return None if found is not None and found >= least else f"{query} is {found}."

        wait_until(missing, timeout_seconds=120, what=what, every_seconds=0.3, explain=self.log.read_text)


@contextlib.contextmanager
def scraping(kubectl: Kubectl, namespace: str, pod: str, rules: Path, folder: Path) -> Iterator[Prometheus]:
    """Have a Prometheus scrape a pod once a second and evaluate rules."""
    try:
        program = machine.command("prometheus", "prometheus")
    except UnavailableError as error:
        pytest.skip(str(error))
    config = {
        "global": {"scrape_interval": "1s", "scrape_timeout": "1s", "evaluation_interval": "1s"},
        "rule_files": [str(rules)],
        "scrape_configs": [_scrape_config(kubectl, namespace, pod, folder)],
    }
    (folder / "prometheus.yaml").write_text(yaml.safe_dump(config), "utf-8")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{probe.getsockname()[1]}"
    words = [f"--config.file={folder}/prometheus.yaml", f"--storage.tsdb.path={folder}/data"]
    log = folder / "prometheus.log"
    with log.open("wb") as out:
        process = subprocess.Popen([program, *words, f"--web.listen-address={address}"], stdout=out, stderr=out)
        try:
            yield Prometheus(f"http://{address}", log)
        finally:
            process.terminate()
            process.wait(timeout=30)


def _scrape_config(kubectl: Kubectl, namespace: str, pod: str, folder: Path) -> dict[str, Any]:
    """Return how to reach a pod's /metrics through the API server, as whoever the kubeconfig is."""
    view = json.loads(kubectl("config", "view", "--raw", "--minify", "--output=json"))
    cluster, user = view["clusters"][0]["cluster"], view["users"][0]["user"]
    tls = {"ca_file": _file(cluster, "certificate-authority", folder)}
    if "token" in user:
        access: dict[str, Any] = {"authorization": {"credentials": user["token"]}}
    else:
        tls |= {"cert_file": _file(user, "client-certificate", folder), "key_file": _file(user, "client-key", folder)}
        access = {}
    return {
        "job_name": "gridfold",
        "scheme": "https",
        "metrics_path": f"/api/v1/namespaces/{namespace}/pods/{pod}:8080/proxy/metrics",
        "static_configs": [{"targets": [urllib.parse.urlsplit(cluster["server"]).netloc]}],
        "tls_config": tls,
        **access,
    }


def _file(part: dict[str, str], name: str, folder: Path) -> str:
    if name in part:
        return part[name]
    if f"{name}-data" not in part:
        pytest.skip(f"The kubeconfig has no {name}, with which Prometheus could ask the API server.")
    path = folder / name
    path.write_bytes(base64.b64decode(part[f"{name}-data"]))
    return str(path)
