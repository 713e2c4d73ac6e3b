"""An API server in memory with the verbs of KubernetesClient, which counts what is written and tells what changes."""

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from gridfold.domain.conditions import format_time
from gridfold_operator.adapters.kubernetes.client import JSON_PATCH, Document
from gridfold_operator.errors import ApiConflictError, ApiNotFoundError

#: Plural names that paths have.
KINDS = frozenset({"trainingjobs", "jobs", "pods", "configmaps", "events", "namespaces", "leases"})


def kind_of(path: str) -> str:
    """Return the plural name in a path."""
    return next(part for part in reversed(path.split("/")) if part in KINDS)


@dataclass
class MemoryApi:
    """See the module."""

    clock: Callable[[], datetime]
    writes: Counter[str] = field(default_factory=Counter)  #: by verb and kind: "PATCH jobs"; a status: "PATCH status"
    reads: Counter[str] = field(default_factory=Counter)  #: by verb and kind: "LIST jobs"
    documents: dict[str, Document] = field(default_factory=dict)  #: by path
    listeners: list[Callable[[str, str, Document], None]] = field(default_factory=list)  #: kind, type, document
    before: Callable[[str, str], None] = lambda _verb, _path: None  #: called before each write is done
    _version: int = 0
    _watches: dict[str, list[asyncio.Queue[tuple[str, Document]]]] = field(default_factory=dict)

    # ── as the operator sees it ──────────────────────────────────────────────────────────────────────────────────

    async def get(self, path: str, **query: str) -> Document:
        await asyncio.sleep(0)
        if path.rpartition("/")[2] in KINDS:
            self.reads[f"LIST {kind_of(path)}"] += 1
            return self._list(path, query)
        self.reads[f"GET {kind_of(path)}"] += 1
        return _copy(self._there(path))

    async def items(self, path: str, **query: str) -> list[Document]:
        found: list[Document] = (await self.get(path, **query))["items"]
        return found

    async def metadata(self, path: str) -> list[Document]:
        return [item["metadata"] for item in await self.items(path)]

    async def pages(self, path: str, **query: str) -> AsyncIterator[Document]:
        yield await self.get(path, **query)

    async def create(self, path: str, document: Document) -> Document:
        await asyncio.sleep(0)
        self.writes[f"POST {kind_of(path)}"] += 1
        return _copy(self.put(path, document))

    async def patch(self, path: str, patch: Any, content_type: str) -> Document:
        await asyncio.sleep(0)
        path = path.partition("/status")[0]
        self.writes[f"PATCH {'status' if content_type == JSON_PATCH else kind_of(path)}"] += 1
        self.before("PATCH", path)
        document = self._there(path)
        there = document["metadata"]["resourceVersion"]
        if content_type != JSON_PATCH:
            version, changed = patch.get("metadata", {}).get("resourceVersion", there), _merged(document, patch)
        else:
            version, written = (operation["value"] for operation in patch)
            changed = {**document, "status": _copy(written)}
        if version != there:
            raise ApiConflictError(f"{path}: 409: the object has been modified")
        kept = _copy(self.change(path, changed))
        if _may_go(kept):
            self.remove(path)
        return kept

    async def delete(self, path: str, *, uid: str = "") -> None:
        """Delete an object, if it has that uid; one with finalizers stays until they are gone."""
        await asyncio.sleep(0)
        self.writes[f"DELETE {kind_of(path)}"] += 1
        self.before("DELETE", path)
        document = self.documents.get(path)
        if document is None:
            return
        metadata = document["metadata"]
        if uid not in {"", metadata["uid"]}:
            raise ApiConflictError(f"{path}: 409: Precondition failed: UID in precondition: {uid}")
        if not metadata.get("finalizers"):
            self.remove(path)
        elif not metadata.get("deletionTimestamp"):
            self.change(path, {**document, "metadata": {**metadata, "deletionTimestamp": format_time(self.clock())}})

    async def watch(
        self, path: str, _version: str, seconds: float, **_query: str
    ) -> AsyncIterator[tuple[str, Document]]:
        """Yield what changes from now on: nothing is lost between a list and a watch that follow each other at once."""
        news: asyncio.Queue[tuple[str, Document]] = asyncio.Queue()
        self._watches.setdefault(kind_of(path), []).append(news)
        try:
            async with asyncio.timeout(seconds):
                while True:
                    yield await news.get()
        except TimeoutError:
            return
        finally:
            self._watches[kind_of(path)].remove(news)

    async def close(self) -> None:
        """Nothing is open."""

    # ── as everybody else sees it ────────────────────────────────────────────────────────────────────────────────

    def put(self, path: str, document: Mapping[str, Any]) -> Document:
        """Keep a new object of a collection."""
        place = f"{path}/{document['metadata']['name']}"
        if place in self.documents:
            raise ApiConflictError(f"{place}: 409: already exists")
        new = {"uid": f"uid-{self._version + 1}", "generation": 1, "creationTimestamp": format_time(self.clock())}
        return self._store("ADDED", place, {**document, "metadata": {**document["metadata"], **new}})

    def change(self, path: str, document: Document) -> Document:
        """Replace an object; where nothing is new, nothing happens."""
        return self._store("MODIFIED", path, document) if document != self.documents[path] else document

    def remove(self, path: str) -> None:
        """Remove an object, and whatever it owns."""
        document = self.documents.pop(path, None)
        if document is None:
            return
        self._tell("DELETED", path, document)
        uid = document["metadata"]["uid"]
        for other, owned in [*self.documents.items()]:
            if any(owner["uid"] == uid for owner in owned["metadata"].get("ownerReferences") or ()):
                self.remove(other)

    def _store(self, change: str, path: str, document: Document) -> Document:
        self._version += 1
        metadata = {**document["metadata"], "resourceVersion": str(self._version)}
        self.documents[path] = {**document, "metadata": metadata}
        self._tell(change, path, self.documents[path])
        return self.documents[path]

    def _tell(self, change: str, path: str, document: Document) -> None:
        kind = kind_of(path)
        for news in self._watches.get(kind, ()):
            news.put_nowait((change, document))
        for listener in self.listeners:
            listener(kind, change, document)

    def _there(self, path: str) -> Document:
        if path not in self.documents:
            raise ApiNotFoundError(f'{path}: 404: "{path.rpartition("/")[2]}" not found')
        return self.documents[path]

    def _list(self, path: str, query: Mapping[str, str]) -> Document:
        group, _, plural = path.rpartition("/")
        everywhere = "/namespaces/" not in path
        found = (
            document
            for place, document in self.documents.items()
            if place.startswith(f"{path}/")
            or (everywhere and place.startswith(f"{group}/namespaces/") and kind_of(place) == plural)
        )
        wanted = [part.split("=") for part in filter(None, query.get("labelSelector", "").split(",")) if "=" in part]
        fields = dict(part.split("=") for part in filter(None, query.get("fieldSelector", "").split(",")))
        items = [
            _copy(document)
            for document in found
            if all((document["metadata"].get("labels") or {}).get(key) == value for key, value in wanted)
            and fields.get("involvedObject.uid") in {None, (document.get("involvedObject") or {}).get("uid")}
        ]
        return {"metadata": {"resourceVersion": str(self._version)}, "items": items}


def _copy(document: Document) -> Document:
    copied: Document = json.loads(json.dumps(document))
    return copied


def _may_go(document: Document) -> bool:
    """Tell whether an object is being deleted, and nobody holds it any more."""
    return bool(document["metadata"].get("deletionTimestamp")) and not document["metadata"].get("finalizers")


def _merged(document: Document, patch: Mapping[str, Any]) -> Document:
    merged = dict(document)
    for key, value in patch.items():
        if value is None:
            merged.pop(key, None)
        else:
            merged[key] = _merged(merged.get(key) or {}, value) if isinstance(value, Mapping) else value
    return merged
