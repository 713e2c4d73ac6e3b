"""An API server in memory, served over HTTP: lists, watches from a version, server-side apply, logs, and refusals."""

import copy
import json
import re
import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from gridfold.api.v1alpha1 import API_VERSION, GROUP, KIND, PLURAL

Document = dict[str, Any]
_OBJECT = re.compile(r"^(?P<list>/apis?/.*namespaces/[^/]+/(?P<plural>[a-z]+))/(?P<name>[^/]+)$")
_LIST = re.compile(r"^(?P<prefix>/apis?/.*?)(/namespaces/(?P<namespace>[^/]+))?/(?P<plural>[a-z]+)$")


@dataclass
class MemoryCluster:
    """What the API server knows, and what tests do to it behind the commands' back."""

    objects: dict[str, Document] = field(default_factory=dict)
    logs: dict[str, list[str]] = field(default_factory=dict)  #: by pod
    kinds: set[str] = field(default_factory=lambda: {PLURAL, "events", "jobs", "pods"})
    refused: dict[tuple[str, str], tuple[int, str]] = field(default_factory=dict)  #: by method and plural
    requests: list[tuple[str, str]] = field(default_factory=list)
    too_old: bool = False  #: the next watch is answered with 410
    on_apply: Callable[[str], None] = lambda _name: None
    on_request: Callable[[str], None] = lambda _path: None
    version: int = 100
    host: str = ""
    _changes: list[tuple[int, str, str, Document]] = field(default_factory=list)
    changed: threading.Condition = field(default_factory=threading.Condition)
    closed: bool = False

    def put(self, path: str, document: Document) -> Document:
        """Keep an object and tell those who watch."""
        with self.changed:
            self.version += 1
            kept = copy.deepcopy(document)
            before = self.objects.get(path)
            kept["metadata"]["resourceVersion"] = str(self.version)
            kept["metadata"].setdefault("uid", before["metadata"]["uid"] if before else str(uuid.uuid4()))
            kept["metadata"].setdefault("creationTimestamp", "2026-01-01T00:00:00Z")
            self.objects[path] = kept
            self._changes.append((self.version, "MODIFIED" if before else "ADDED", path, kept))
            self.changed.notify_all()
            return kept

    def remove(self, path: str) -> None:
        """Delete an object and tell those who watch."""
        with self.changed:
            self.version += 1
            gone = copy.deepcopy(self.objects.pop(path))
            gone["metadata"]["resourceVersion"] = str(self.version)
            self._changes.append((self.version, "DELETED", path, gone))
            self.changed.notify_all()

    def job(self, name: str = "small", status: Document | None = None, namespace: str = "team") -> Document:
        """Have a TrainingJob be there, with this status."""
        path = job_path(name, namespace)
        before = self.objects.get(path, {})
        metadata = {"name": name, "namespace": namespace, "generation": 1, **before.get("metadata", {})}
        base = {"apiVersion": API_VERSION, "kind": KIND, "metadata": metadata, "spec": before.get("spec") or {}}
        return self.put(path, {**base, "status": status or {}})

    def event(self, job: Document, reason: str, message: str, kind: str = "Normal") -> None:
        """Record an Event about a TrainingJob."""
        metadata = job["metadata"]
        name = f"{metadata['name']}.{self.version:x}"
        document = {
            "metadata": {"name": name, "namespace": metadata["namespace"]},
            "involvedObject": {"kind": KIND, "name": metadata["name"], "uid": metadata["uid"]},
            "type": kind,
            "reason": reason,
            "message": message,
            "lastTimestamp": "2026-01-01T00:00:00Z",
            "count": 1,
        }
        self.put(f"/api/v1/namespaces/{metadata['namespace']}/events/{name}", document)

    def pod(self, name: str, labels: dict[str, str], phase: str = "Running", **annotations: str) -> None:
        """Have a pod be there."""
        metadata = {"name": name, "namespace": "team", "labels": labels, "annotations": annotations}
        self.put(f"/api/v1/namespaces/team/pods/{name}", {"metadata": metadata, "status": {"phase": phase}})

    def matching(self, path: str, query: dict[str, str]) -> Callable[[str, Document], bool]:
        """Return what tells whether an object belongs to a list."""
        wanted = _LIST.match(path)
        assert wanted
        selector = _selector(query.get("fieldSelector", "")), _selector(query.get("labelSelector", ""))

        def matches(place: str, document: Document) -> bool:
            found = _OBJECT.match(place)
            if not found or found["plural"] != wanted["plural"]:
                return False
            if wanted["namespace"] and document["metadata"].get("namespace") != wanted["namespace"]:
                return False
            labels = document["metadata"].get("labels") or {}
            fields = all(_field(document, name) == value for name, value in selector[0].items())
            return fields and all(labels.get(name) == value for name, value in selector[1].items())

        return matches

    def changes_after(self, version: int) -> list[tuple[int, str, str, Document]]:
        return [change for change in self._changes if change[0] > version]


def job_path(name: str, namespace: str = "team") -> str:
    return f"/apis/{GROUP}/v1alpha1/namespaces/{namespace}/{PLURAL}/{name}"


def _selector(text: str) -> dict[str, str]:
    return dict(part.split("=", 1) for part in text.split(",") if part)


def _field(document: Document, path: str) -> Any:
    value: Any = document
    for name in path.split("."):
        value = value.get(name) or {}
    return value


class _Handler(BaseHTTPRequestHandler):
    cluster: MemoryCluster

    def log_message(self, *_: Any) -> None:
        """Say nothing."""

    def do_GET(self) -> None:
        self._handle("GET")

    def do_PATCH(self) -> None:
        self._handle("PATCH")

    def do_DELETE(self) -> None:
        self._handle("DELETE")

    def _handle(self, method: str) -> None:
        address = urlsplit(self.path)
        path = unquote(address.path)
        query = {name: values[0] for name, values in parse_qs(address.query).items()}
        body = json.loads(self.rfile.read(int(self.headers.get("Content-Length") or 0)) or "{}")
        self.cluster.requests.append((method, self.path))
        self.cluster.on_request(path)
        with suppress(BrokenPipeError, ConnectionResetError):
            self._answer(method, path, query, body)

    def _answer(self, method: str, path: str, query: dict[str, str], body: Document) -> None:
        cluster, pod_log = self.cluster, path.endswith("/log")
        found = None if pod_log else _OBJECT.match(path)
        plural = "pods" if pod_log else (found or _LIST.match(path) or {"plural": ""})["plural"]
        if refused := cluster.refused.get((method, plural)):
            self._say(refused[0], {"kind": "Status", "code": refused[0], "message": refused[1]})
        elif plural not in cluster.kinds:
            self._say(404, {"kind": "Status", "message": "the server could not find the requested resource"})
        elif pod_log:
            self._log(path.split("/")[-2], follow=query.get("follow") == "true")
        elif found is None:
            self._watch(path, query) if query.get("watch") else self._list(path, query)
        elif method == "PATCH":
            self._apply(path, query, body)
        elif path not in cluster.objects:
            details = {"name": found["name"], "kind": plural}
            self._say(404, {"kind": "Status", "message": f'{plural} "{found["name"]}" not found', "details": details})
        elif method == "DELETE":
            cluster.remove(path)
            self._say(200, {"kind": "Status", "status": "Success"})
        else:
            self._say(200, cluster.objects[path])

    def _list(self, path: str, query: dict[str, str]) -> None:
        matches = self.cluster.matching(path, query)
        items = [found for place, found in self.cluster.objects.items() if matches(place, found)]
        first = int(query.get("continue") or 0)
        last = first + int(query.get("limit") or len(items) or 1)
        metadata = {"resourceVersion": str(self.cluster.version)}
        if last < len(items):
            metadata["continue"] = str(last)
        self._say(200, {"metadata": metadata, "items": items[first:last]})

    def _apply(self, path: str, query: dict[str, str], body: Document) -> None:
        assert self.headers["Content-Type"] == "application/apply-patch+yaml"
        assert query["fieldManager"] == "gridfold"
        before = self.cluster.objects.get(path)
        if before and before.get("spec") == body["spec"]:
            self._say(200, before)
            return
        generation = before["metadata"]["generation"] + 1 if before else 1
        kept = {**body, "metadata": {**body["metadata"], "generation": generation}}
        if before:
            kept["metadata"]["uid"] = before["metadata"]["uid"]
            kept["status"] = before.get("status", {})
        now = self.cluster.put(path, kept)
        self._say(200 if before else 201, now)
        self.cluster.on_apply(body["metadata"]["name"])

    def _watch(self, path: str, query: dict[str, str]) -> None:
        cluster, matches, version = self.cluster, self.cluster.matching(path, query), int(query["resourceVersion"])
        self._say(200, None)
        if cluster.too_old:
            cluster.too_old = False
            self._line({"type": "ERROR", "object": {"code": 410, "message": "too old resource version"}})
            return
        while not cluster.closed:
            with cluster.changed:
                changes = cluster.changes_after(version)
                if not changes:
                    cluster.changed.wait(0.2)
                    continue
            for number, kind, place, document in changes:
                version = number
                if matches(place, document):
                    self._line({"type": kind, "object": document})

    def _log(self, pod: str, *, follow: bool) -> None:
        lines = self.cluster.logs.get(pod)
        if lines is None:
            self._say(404, {"message": f'pods "{pod}" not found', "details": {"name": pod, "kind": "pods"}})
            return
        self._say(200, None)
        for line in list(lines):
            self.wfile.write(line.encode() + b"\n")
        while follow and not self.cluster.closed:
            with self.cluster.changed:
                self.cluster.changed.wait(0.2)

    def _line(self, document: Document) -> None:
        self.wfile.write(json.dumps(document).encode() + b"\n")
        self.wfile.flush()

    def _say(self, status: int, document: Document | None) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        if document is not None:
            self.wfile.write(json.dumps(document).encode())
        self.wfile.flush()


@contextmanager
def serving(cluster: MemoryCluster) -> Iterator[MemoryCluster]:
    """Serve a cluster on a port of this machine."""
    handler = type("Handler", (_Handler,), {"cluster": cluster})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    cluster.host = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield cluster
    finally:
        cluster.closed = True
        server.shutdown()
        server.server_close()
        thread.join()


def kubeconfig(path: Path, host: str, *contexts: str, namespace: str = "team") -> Path:
    """Write a kubeconfig whose contexts, the first of them current, lead to a host."""
    names = contexts or ("here",)
    path.write_text(
        json.dumps(
            {
                "apiVersion": "v1",
                "kind": "Config",
                "current-context": names[0],
                "clusters": [{"name": "memory", "cluster": {"server": host}}],
                "users": [{"name": "me", "user": {"token": "t"}}],
                "contexts": [
                    {"name": name, "context": {"cluster": "memory", "user": "me", "namespace": namespace}}
                    for name in names
                ],
            }
        )
    )
    return path
