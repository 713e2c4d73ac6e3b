"""S3 in the script: a client for each object storage, and what reads its objects."""

from collections.abc import Iterator
from typing import Any

from gridfold.api.v1alpha1 import AddressingStyle, Source, Storage, TrainingJobSpec
from gridfold.domain.hidden import hidden_names
from gridfold_export.fragments import Fragment, load
from gridfold_export.literals import Call, Name, assign
from gridfold_export.patterns import literal_prefix, to_regex

#: Name of an object in a loop, and what gives the names; None: there is one object.
Loop = tuple[str, Call] | None


class Buckets:
    """The clients that a script needs, and the expressions that use them."""

    def __init__(self, spec: TrainingJobSpec) -> None:
        self._default = spec.storage
        self._storages: list[Storage] = []
        self._lists = False
        for source in spec.dataset.sources:
            storage = source.storage or spec.storage
            if source.uri.startswith("s3:") and storage not in self._storages:
                self._storages.append(storage)

    def opened(self, source: Source, *, many: bool) -> tuple[Any, Loop]:
        """Return the call that gives an object's bytes, and the loop over the objects of a prefix or glob."""
        bucket, _, key = source.uri.removeprefix("s3://").partition("/")
        client = Name(self._name(source.storage or self._default))
        if not many:
            return Call("read_object", (client, bucket, key)), None
        self._lists = True
        pattern, hidden = to_regex(key or "**"), hidden_names(key)
        keys = Call("list_keys", (client, bucket, literal_prefix(key), pattern, hidden))
        return Call("read_object", (client, bucket, Name("key"))), ("key", keys)

    def fragments(self) -> Iterator[Fragment]:
        """Yield what makes the clients, and the functions that the expressions call."""
        for storage in self._storages:
            call, imports = _client(storage)
            yield Fragment(assign(self._name(storage), call), ("import boto3", *imports))
        if self._storages:
            yield load("read_object")
        if self._lists:
            yield load("list_keys")

    def _name(self, storage: Storage) -> str:
        """Return the name of the client of an object storage: s3, then s3_2 and so on."""
        number = self._storages.index(storage) + 1
        return "s3" if number == 1 else f"s3_{number}"


def _client(storage: Storage) -> tuple[Call, list[str]]:
    options: dict[str, Any] = {}
    imports = []
    if storage.endpoint is not None:
        options["endpoint_url"] = storage.endpoint
    if storage.region is not None:
        options["region_name"] = storage.region
    by_path = storage.addressing_style is AddressingStyle.AUTO and storage.endpoint is not None
    if by_path or storage.addressing_style is not AddressingStyle.AUTO:
        virtual = storage.addressing_style is AddressingStyle.VIRTUAL
        imports = ["from botocore.config import Config"]
        options["config"] = Call("Config", (), {"s3": {"addressing_style": "virtual" if virtual else "path"}})
    return Call("boto3.client", ("s3",), options), imports
