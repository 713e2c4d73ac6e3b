"""An API server in memory, behind the operator's own client: versions, conflicts, finalizers, and calls that fail."""

import copy
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

from gridfold_operator.adapters.kubernetes.client import JSON_PATCH
from gridfold_operator.errors import ApiConflictError, ApiNotFoundError, ApiRefusedError

Document = dict[str, Any]


@dataclass
class MemoryApi:
    """Implements what KubernetesClient offers, as far as nodes need it. Every object lives at its path."""

    objects: dict[str, Document] = field(default_factory=dict)
    kinds: set[str] = field(
        default_factory=lambda: {"trainingjobs", "leases", "nodepools", "nodeclaims", "events", "pods"}
    )
    forbidden: set[tuple[str, str]] = field(default_factory=set)  #: verb and kind
    before: Callable[[str, str], None] = lambda _verb, _path: None  #: called before each call; may raise
    after: Callable[[str, str], None] = lambda _verb, _path: None  #: called when a call is done; may raise
    now: Callable[[], str] = lambda: "2026-01-01T00:00:00Z"
    writes: list[tuple[str, str]] = field(default_factory=list)
    _version: int = 100

    async def get(self, path: str, **_: str) -> Document:
        return self._call("get", path, lambda: copy.deepcopy(self._object(path)))

    async def items(self, path: str, **query: str) -> list[Document]:
        return self._call("list", path, lambda: self._list(path, query.get("labelSelector", "")))

    async def create(self, path: str, document: Document) -> Document:
        return self._call("create", path, lambda: self._create(path, document))

    async def replace(self, path: str, document: Document) -> Document:
        return self._call("update", path, lambda: self._replace(path, document))

    async def patch(self, path: str, patch: Any, content_type: str) -> Document:
        return self._call("patch", path, lambda: self._patch(path, patch, content_type))

    async def delete(self, path: str, version: str = "", *, uid: str = "") -> None:
        with suppress(ApiNotFoundError):
            self._call("delete", path, lambda: self.remove(path, version, uid))

    # ── what happens at the server ───────────────────────────────────────────────────────────────────────────────

    def put(self, path: str, document: Document) -> Document:
        """Keep an object as it is, with a new version."""
        self._version += 1
        kept = copy.deepcopy(document)
        kept["metadata"]["resourceVersion"] = str(self._version)
        self.objects[path] = kept
        return kept

    def remove(self, path: str, version: str = "", uid: str = "") -> None:
        """Delete an object; one with finalizers stays until they are gone."""
        found = self.objects.get(path)
        if found is None:
            return
        if version and found["metadata"]["resourceVersion"] != version:
            raise ApiConflictError(f"DELETE {path}: 409: the object has been modified")
        if uid and found["metadata"].get("uid") != uid:
            raise ApiConflictError(f"DELETE {path}: 409: Precondition failed: UID in precondition: {uid}")
        if found["metadata"].get("finalizers"):
            if not found["metadata"].get("deletionTimestamp"):
                self.put(path, {**found, "metadata": {**found["metadata"], "deletionTimestamp": self.now()}})
        else:
            del self.objects[path]

    def of_kind(self, plural: str) -> dict[str, Document]:
        """Return all objects of a kind, by path."""
        return {path: found for path, found in self.objects.items() if _kind(path) == plural}

    def _call(self, verb: str, path: str, act: Callable[[], Any]) -> Any:
        self.before(verb, path)
        kind = _kind(path)
        if kind not in self.kinds:
            raise ApiNotFoundError(f"{verb} {path}: 404: the server could not find the requested resource")
        if (verb, kind) in self.forbidden:
            raise ApiRefusedError(f"{verb} {path}: 403", 403, f'{kind} is forbidden: User "gridfold" cannot {verb} it')
        answer = act()
        if verb not in {"get", "list"}:
            self.writes.append((verb, path))
        self.after(verb, path)
        return answer

    def _object(self, path: str) -> Document:
        if path not in self.objects:
            raise ApiNotFoundError(f'{path}: 404: {_kind(path)} "{unquote(path.rpartition("/")[2])}" not found')
        return self.objects[path]

    def _list(self, path: str, selector: str) -> list[Document]:
        wanted = [term.partition("=") for term in selector.split(",") if term]
        found = []
        for at, document in self.objects.items():
            marks = document["metadata"].get("labels") or {}
            fits = all(marks.get(key) == value if equal else key in marks for key, equal, value in wanted)
            if at.rpartition("/")[0] == path and fits:
                found.append(copy.deepcopy(document))
        return found

    def _create(self, path: str, document: Document) -> Document:
        at = f"{path}/{document['metadata']['name']}"
        if at in self.objects:
            raise ApiConflictError(f"POST {path}: 409: already exists")
        metadata = {**document["metadata"], "uid": f"uid-{self._version + 1}", "creationTimestamp": self.now()}
        return copy.deepcopy(self.put(at, {**document, "metadata": metadata}))

    def _replace(self, path: str, document: Document) -> Document:
        before = self._object(path)
        if document["metadata"].get("resourceVersion") != before["metadata"]["resourceVersion"]:
            raise ApiConflictError(f"PUT {path}: 409: the object has been modified")
        return copy.deepcopy(self.put(path, document))

    def _patch(self, path: str, patch: Any, content_type: str) -> Document:
        before = copy.deepcopy(self._object(path))
        if content_type != JSON_PATCH:
            expected = patch.get("metadata", {}).get("resourceVersion", before["metadata"]["resourceVersion"])
            if expected != before["metadata"]["resourceVersion"]:
                raise ApiConflictError(f"PATCH {path}: 409: the object has been modified")
            return copy.deepcopy(self.put(path, _merge(before, patch)))
        for step in patch:
            *parents, last = step["path"].strip("/").split("/")
            target = before
            for name in parents:
                target = target[name]
            if last == "resourceVersion":
                if target[last] != step["value"]:
                    raise ApiConflictError(f"PATCH {path}: 409: the object has been modified")
            else:
                target[last] = step["value"]
        kept = self.put(path, before)
        if kept["metadata"].get("deletionTimestamp") and not kept["metadata"].get("finalizers"):
            del self.objects[path]
        return copy.deepcopy(kept)


def _merge(before: Document, patch: Document) -> Document:
    for name, value in patch.items():
        if value is None:
            before.pop(name, None)
        elif isinstance(value, dict):
            before[name] = _merge(before.get(name) or {}, value)
        else:
            before[name] = value
    return before


def _kind(path: str) -> str:
    """Return the plural name of a path's kind, whether it names an object or all of them."""
    parts = path.strip("/").split("/")[2 if path.startswith("/api/") else 3 :]
    return parts[2] if parts[0] == "namespaces" and len(parts) > 2 else parts[0]
