"""An MLflow server in memory, served over HTTP: as much of its REST interface as is used, as strict as the real one."""

import json
import re
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

Document = dict[str, Any]
API, ARTIFACTS = "/api/2.0/mlflow/", "/api/2.0/mlflow-artifacts/artifacts/"
_NAME = re.compile(r"[/\w.\- ]{1,250}")  # of a server on Windows: the strictest
_FILTER = re.compile(r"(?:tags\.`(?P<tag>[^`]+)`|run_id) = '(?P<text>[^']*)'")


class RefusalError(Exception):
    """An answer that is none of the 200s."""

    def __init__(self, status: int, code: str, message: str) -> None:
        self.status, self.code, self.message = status, code, message


@dataclass
class MemoryMlflow:
    """What the server knows, and how it is made to refuse."""

    experiments: dict[str, Document] = field(default_factory=dict)  #: by name
    runs: dict[str, Document] = field(default_factory=dict)  #: by ID
    files: dict[str, bytes] = field(default_factory=dict)
    models: dict[str, list[Document]] = field(default_factory=dict)
    aliases: dict[tuple[str, str], str] = field(default_factory=dict)
    requests: list[tuple[str, str, dict[str, str]]] = field(default_factory=list)  #: method, path, headers
    #: what is answered in place of the truth, or None: (number of the request) -> (status, body, headers)
    instead: Callable[[int], tuple[int, bytes, dict[str, str]] | None] = lambda _number: None
    after: bool = False  #: whether that is only after the request was carried out
    location: str = "mlflow-artifacts:"
    url: str = ""

    def answer(self, method: str, path: str, query: Document, content: bytes) -> Document:
        if path.startswith(ARTIFACTS):
            self.files[path.removeprefix(ARTIFACTS)] = content
            return {}
        asked = query if method == "GET" else json.loads(content)
        operation = path.removeprefix(API).replace("/", "_").replace("-", "_")
        found = getattr(self, operation, None)
        if found is None:
            raise RefusalError(404, "ENDPOINT_NOT_FOUND", path)
        return found(**asked) or {}

    def experiments_get_by_name(self, experiment_name: str) -> Document:
        if experiment_name not in self.experiments:
            raise RefusalError(
                404, "RESOURCE_DOES_NOT_EXIST", f"Could not find experiment with name '{experiment_name}'"
            )
        return {"experiment": self.experiments[experiment_name]}

    def experiments_create(self, name: str) -> Document:
        if name in self.experiments:
            raise RefusalError(400, "RESOURCE_ALREADY_EXISTS", name)
        number = str(len(self.experiments) + 1)
        self.experiments[name] = {
            "experiment_id": number,
            "name": name,
            "artifact_location": f"{self.location}/{number}",
            "lifecycle_stage": "active",
        }
        return {"experiment_id": number}

    def runs_create(self, experiment_id: str, run_name: str, start_time: int, tags: list[Document]) -> Document:
        run_id = f"run{len(self.runs)}"
        info = {
            "run_id": run_id,
            "run_name": run_name,
            "experiment_id": experiment_id,
            "start_time": start_time + len(self.runs),  # so that what has another time is seen
            "status": "RUNNING",
            "artifact_uri": f"{self.location}/{experiment_id}/{run_id}/artifacts",
        }
        self.runs[run_id] = {"info": info, "data": {"tags": [], "params": [], "metrics": []}}
        self.runs_log_batch(run_id, tags=tags)
        return {"run": self.runs[run_id]}

    def runs_update(self, run_id: str, status: str, end_time: int) -> None:
        self.runs[run_id]["info"] |= {"status": status, "end_time": end_time}

    def runs_search(self, experiment_ids: list[str], max_results: int, **query: str) -> Document:
        wanted = _FILTER.fullmatch(query["filter"])
        assert wanted
        return {
            "runs": [
                run
                for run in self.runs.values()
                if run["info"]["experiment_id"] in experiment_ids
                and {"key": wanted["tag"], "value": wanted["text"]} in run["data"]["tags"]
            ][:max_results]
        }

    def runs_log_batch(
        self,
        run_id: str,
        params: list[Document] | None = None,
        tags: list[Document] | None = None,
        metrics: list[Document] | None = None,
    ) -> None:
        data = self.runs[run_id]["data"]
        for kind, items, most, characters in (
            ("params", params or [], 100, 6000),
            ("tags", tags or [], 100, 5000),
            ("metrics", metrics or [], 1000, 0),
        ):
            _refuse_if(len(items) > most, f"at most {most} {kind}")
            _refuse_if(len(json.dumps(items)) > 1_000_000, "at most a million bytes")
            for item in items:
                _refuse_if(not _NAME.fullmatch(item["key"]), f"bad name {item['key']!r}")
                _refuse_if(str(PurePosixPath(item["key"])) != item["key"], f"bad name {item['key']!r}")
                _refuse_if(kind != "metrics" and len(item["value"]) > characters, f"{item['key']} is too long")
                self._keep(data[kind], kind, item)

    @staticmethod
    def _keep(there: list[Document], kind: str, item: Document) -> None:
        same = [other for other in there if other["key"] == item["key"]]
        if kind == "params":
            _refuse_if(any(other["value"] != item["value"] for other in same), "Changing param values is not allowed")
        if kind == "tags":
            there[:] = [other for other in there if other["key"] != item["key"]]
        if item not in there:
            there.append(item)

    def runs_log_inputs(self, run_id: str, datasets: list[Document]) -> None:
        there = self.runs[run_id]["data"].setdefault("datasets", [])
        for item in datasets:
            _refuse_if(len(item["dataset"]["digest"]) > 36, "the digest is too long")
            if item not in there:
                there.append(item)

    def artifacts_list(self, run_id: str, path: str = "") -> Document:
        _, _, root = self.runs[run_id]["info"]["artifact_uri"].partition(":/")
        inside = f"{root}/{path}".strip("/")
        found = {name.removeprefix(f"{root.strip('/')}/"): len(content) for name, content in self.files.items()}
        here = {name for name in found if f"{root}/{name}".strip("/").rpartition("/")[0] == inside}
        return {"files": [{"path": name, "is_dir": False, "file_size": found[name]} for name in sorted(here)]}

    def registered_models_create(self, name: str) -> None:
        if name in self.models:
            raise RefusalError(400, "RESOURCE_ALREADY_EXISTS", name)
        self.models[name] = []

    def model_versions_search(self, **query: str) -> Document:
        wanted = _FILTER.fullmatch(query["filter"])
        assert wanted
        versions = [version for found in self.models.values() for version in found]
        return {"model_versions": [version for version in versions if version["run_id"] == wanted["text"]]}

    def model_versions_create(self, name: str, source: str, run_id: str, tags: list[Document]) -> Document:
        version = {"name": name, "source": source, "run_id": run_id, "version": str(len(self.models[name]) + 1)}
        self.models[name].append(version)
        return {"model_version": version}

    def registered_models_alias(self, name: str, alias: str, version: str) -> None:
        self.aliases[name, alias] = version

    def whole(self) -> list[Any]:
        """Return all that it knows but when, in the order in which it came to know it."""
        runs = [
            {
                "info": {name: value for name, value in run["info"].items() if not name.endswith("_time")},
                "data": {kind: sorted(map(str, map(_timeless, items))) for kind, items in run["data"].items()},
            }
            for run in self.runs.values()
        ]
        return [self.experiments, runs, self.files, self.models, self.aliases]


def _timeless(item: Document) -> Document:
    return {name: value for name, value in item.items() if name != "timestamp"}


def _refuse_if(wrong: bool, message: str) -> None:
    if wrong:
        raise RefusalError(400, "INVALID_PARAMETER_VALUE", message)


class _Handler(BaseHTTPRequestHandler):
    mlflow: MemoryMlflow
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, *_: Any) -> None:
        """Say nothing."""

    def do_GET(self) -> None:
        self._handle("GET")

    def do_POST(self) -> None:
        self._handle("POST")

    def do_PUT(self) -> None:
        self._handle("PUT")

    def _handle(self, method: str) -> None:
        address = urlsplit(self.path)
        path = unquote(address.path)
        query = {name: values[0] for name, values in parse_qs(address.query).items()}
        content = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        number = len(self.mlflow.requests)
        self.mlflow.requests.append((method, path, dict(self.headers)))
        instead = self.mlflow.instead(number)
        status, body, headers = 200, b"", {}
        if instead is None or self.mlflow.after:
            try:
                body = json.dumps(self.mlflow.answer(method, path, query, content)).encode()
            except RefusalError as error:
                status = error.status
                body = json.dumps({"error_code": error.code, "message": error.message}).encode()
        if instead is not None:
            status, body, headers = instead
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)


@contextmanager
def served(tls: ssl.SSLContext | None = None) -> Iterator[MemoryMlflow]:
    """Serve an MLflow that knows nothing yet."""
    mlflow = MemoryMlflow()
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"mlflow": mlflow}))
    server.daemon_threads = True
    if tls:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    mlflow.url = f"http{'s' if tls else ''}://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield mlflow
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
