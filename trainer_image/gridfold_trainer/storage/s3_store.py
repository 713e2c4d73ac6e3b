"""Objects of S3 and of servers that speak its protocol."""

import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from blake3 import blake3

from gridfold.api.confidential import told_url
from gridfold.api.v1alpha1 import AddressingStyle, Storage
from gridfold_trainer.advice import here
from gridfold_trainer.errors import AccessDeniedError, ObjectTooLargeError, StorageUnreachableError
from gridfold_trainer.storage.addresses import LAPTOP, AddressRules, guarded_pools
from gridfold_trainer.storage.certificates import make_context
from gridfold_trainer.storage.downloads import Body, Patience, download_resumed
from gridfold_trainer.storage.local_files import hash_chunks
from gridfold_trainer.storage.s3_errors import translated
from gridfold_trainer.storage.stores import ANYTHING, CHUNK_BYTES, GET_LIMIT_BYTES, ObjectStat, Unfinished, Wanted

#: From here on an upload goes in parts: one PUT must end within the server's time, and 5 GiB is the protocol's end.
MULTIPART_BYTES = 64 * 1024 * 1024
_KEYS = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")
#: What a header of HTTP may hold of a key.
_SENT = re.compile(r"[!-~]+")

Result = TypeVar("Result")


@dataclass(frozen=True)
class Access:
    """How a server is reached, beside what `Storage` says."""

    credentials: Path | None = None  #: folder of the mounted Secret; None: boto3 looks where it always does
    ca_bundle: Path | None = None  #: certificates of the server's authorities, as PEM; None: the public ones
    rules: AddressRules = LAPTOP
    patience: Patience = Patience()  # noqa: RUF009 (frozen)


class S3Store:
    """`s3://bucket/key` URIs."""

    def __init__(self, storage: Storage, access: Access | None = None) -> None:
        """Open the store; nothing is sent yet.

        Raises:
            AccessDeniedError: the mounted Secret lacks a key.
            StorageRefusedError: the bundle of authorities holds no certificate.
        """
        access = access or Access()
        self._patience = access.patience
        self._server = told_url(storage.endpoint or "") or f"S3 of region {storage.region or 'the default'}"
        self._credentials, keys = _credentials(storage, access.credentials)
        self._client = _make_client(storage, keys, access)

    def get(self, uri: str, limit_bytes: int = GET_LIMIT_BYTES) -> bytes:
        """Return an object's content."""

        def read(chunks: Iterator[bytes]) -> bytes:
            content = bytearray()
            for chunk in chunks:
                content += chunk
                if len(content) > limit_bytes:
                    raise ObjectTooLargeError(f"{uri} has more than {limit_bytes} bytes, which is no file of Gridfold.")
            return bytes(content)

        return self._read(uri, read)

    def download(self, uri: str, path: Path, wanted: Wanted = ANYTHING) -> str:
        """Write an object's content to a file and return its digest."""

        def open_body(start: int, etag: str) -> Any:
            return self._open(uri, start, etag)

        return download_resumed(uri, open_body, path, wanted, self._patience)

    def sha256(self, uri: str) -> str:
        """Return the SHA-256 of an object's content."""
        return self._read(uri, hash_chunks)

    def blake3(self, uri: str) -> str:
        """Return the BLAKE3 digest of an object's content."""
        return self._read(uri, lambda chunks: hash_chunks(chunks, blake3))

    def put(self, uri: str, content: bytes) -> None:
        """Write an object."""
        bucket, key = _split(uri)
        with self._translated(uri):
            self._client.put_object(Bucket=bucket, Key=key, Body=content)

    def upload(self, uri: str, path: Path) -> None:
        """Write an object from a file, in parts where it is large."""
        bucket, key = _split(uri)
        with self._translated(uri), path.open("rb") as file:
            if path.stat().st_size < MULTIPART_BYTES:
                self._client.put_object(Bucket=bucket, Key=key, Body=file)
                return
            from boto3.s3.transfer import TransferConfig

            config = TransferConfig(multipart_threshold=MULTIPART_BYTES, multipart_chunksize=MULTIPART_BYTES // 2)
            config.use_threads = False
            self._client.upload_fileobj(file, bucket, key, Config=config)

    def delete(self, uri: str) -> None:
        """Remove an object; one that is not there is fine."""
        bucket, key = _split(uri)
        with self._translated(uri):
            self._client.delete_object(Bucket=bucket, Key=key)

    def stat(self, uri: str) -> ObjectStat | None:
        """Return size and ETag, or None where there is no such object."""
        from botocore.exceptions import ClientError

        bucket, key = _split(uri)
        with self._translated(uri):
            try:
                found = self._client.head_object(Bucket=bucket, Key=key)
            except ClientError as error:
                status = error.response["ResponseMetadata"]["HTTPStatusCode"]
                if status == 404:
                    return None
                if status == 403:  # an answer to HEAD has no body; one to GET says which right or key is wrong
                    self._client.get_object(Bucket=bucket, Key=key, Range="bytes=0-0")
                raise
        return ObjectStat(int(found["ContentLength"]), str(found["ETag"]))

    def list_uris(self, prefix: str) -> Iterator[str]:
        """Yield the URIs that start with `prefix`, in byte order, a thousand per request."""
        return (uri for uri, _ in self.list_objects(prefix))

    def list_objects(self, prefix: str) -> Iterator[tuple[str, ObjectStat]]:
        """Yield the objects whose URIs start with `prefix`, in byte order, a thousand per request."""
        for bucket, page in self._pages("list_objects_v2", prefix):
            for found in page.get("Contents", ()):
                mark, modified = str(found.get("ETag", "")), found.get("LastModified")
                yield f"s3://{bucket}/{found['Key']}", ObjectStat(int(found["Size"]), mark, modified)

    def list_unfinished(self, prefix: str) -> Iterator[Unfinished]:
        """Yield the uploads in parts whose URIs start with `prefix` and that were not completed; of no known size."""
        for bucket, page in self._pages("list_multipart_uploads", prefix):
            for found in page.get("Uploads", ()):
                yield Unfinished(f"s3://{bucket}/{found['Key']}", found.get("Initiated"), 0, str(found["UploadId"]))

    def discard(self, unfinished: Unfinished) -> None:
        """Abort an upload in parts; one that is not there is fine."""
        from botocore.exceptions import ClientError

        bucket, key = _split(unfinished.uri)
        with self._translated(unfinished.uri):
            try:
                self._client.abort_multipart_upload(Bucket=bucket, Key=key, UploadId=unfinished.mark)
            except ClientError as error:
                if error.response.get("Error", {}).get("Code") != "NoSuchUpload":
                    raise

    def local_path(self, uri: str) -> None:
        """Return None: an object of S3 is no file."""

    def close(self) -> None:
        """Close the connections; a process that ends need not."""
        self._client.close()

    @contextmanager
    def _open(self, uri: str, start: int, etag: str) -> Iterator[Body]:
        bucket, key = _split(uri)
        asked = {"Range": f"bytes={start}-"} if start else {}
        asked |= {"IfMatch": etag} if etag else {}
        with self._translated(uri):
            found = self._client.get_object(Bucket=bucket, Key=key, **asked)
            try:
                extent = str(found.get("ContentRange", "")).removeprefix("bytes ")
                first = int(extent.partition("-")[0]) if extent else 0
                size = first + int(found["ContentLength"])
                yield Body(found["Body"].iter_chunks(CHUNK_BYTES), first, str(found.get("ETag", "")), size)
            finally:
                found["Body"].close()

    def _pages(self, operation: str, prefix: str) -> Iterator[tuple[str, dict[str, Any]]]:
        """Yield the bucket with each page of a listing."""
        bucket, key = _split(prefix)
        pages = iter(self._client.get_paginator(operation).paginate(Bucket=bucket, Prefix=key))
        while True:
            with self._translated(prefix):
                page = next(pages, None)
            if page is None:
                return
            yield bucket, page

    def _read(self, uri: str, consume: Callable[[Iterator[bytes]], Result]) -> Result:
        """Hand an object's content over in chunks; from the start again where it breaks off."""
        bucket, key = _split(uri)
        for attempt in range(1, self._patience.body_attempts + 1):
            with self._translated(uri):
                body = self._client.get_object(Bucket=bucket, Key=key)["Body"]
            try:
                with self._translated(uri):
                    return consume(body.iter_chunks(CHUNK_BYTES))
            except StorageUnreachableError:
                if attempt == self._patience.body_attempts:
                    raise
                time.sleep(self._patience.back_off_seconds * 2 ** (attempt - 1))
            finally:
                body.close()
        raise AssertionError("unreachable: the last attempt returns or raises")

    def _translated(self, uri: str) -> Any:
        return translated(uri, self._server, self._credentials)


def _split(uri: str) -> tuple[str, str]:
    """Return bucket and key."""
    bucket, _, key = uri.removeprefix("s3://").partition("/")
    return bucket, key


def _credentials(storage: Storage, folder: Path | None) -> tuple[str, dict[str, str]]:
    """Return where credentials come from, in words, and the mounted ones (none: boto3 looks where it always does)."""
    if folder is None:
        return here(
            cluster="the environment (no Secret is named in storage.credentialsSecretName)",
            laptop="the environment (AWS_ACCESS_KEY_ID, AWS_PROFILE, ~/.aws)",
        ), {}
    origin = f"Secret {storage.credentials_secret_name}"
    found = {key: (folder / key).read_text().strip() for key in _KEYS if (folder / key).is_file()}
    missing = [key for key in _KEYS[:2] if not found.get(key)]
    if missing:
        raise AccessDeniedError(
            f"{origin} has no {' and no '.join(missing)}; expected the keys {_KEYS[0]}, {_KEYS[1]} and, optionally, "
            f"{_KEYS[2]}."
        )
    broken = [key for key, value in found.items() if not _SENT.fullmatch(value)]
    if broken:  # http.client would refuse the header that it stands in, and tell all of it
        raise AccessDeniedError(
            f"{origin}: {' and '.join(broken)} cannot be sent to a server, having white space, control characters or "
            "others than ASCII in it; write what the storage's owner gave you, in one line and without quotation marks."
        )
    return origin, found


def _make_client(storage: Storage, keys: dict[str, str], access: Access) -> Any:
    """Return a client of boto3 that checks no optional checksums: not every server knows them."""
    import boto3
    from botocore.config import Config

    if access.ca_bundle is not None:
        make_context(access.ca_bundle)  # botocore notices a bad one at the first request, in OpenSSL's words
    patience = access.patience
    style = storage.addressing_style
    path = style is AddressingStyle.PATH or (style is AddressingStyle.AUTO and storage.endpoint is not None)
    config = Config(
        s3={"addressing_style": "path" if path else ("virtual" if style is AddressingStyle.VIRTUAL else "auto")},
        connect_timeout=patience.connect_seconds,
        read_timeout=patience.read_seconds,
        retries={"mode": "standard", "total_max_attempts": patience.attempts},
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
        max_pool_connections=16,
    )
    with translated("s3:", told_url(storage.endpoint or "S3"), "the environment"):
        session = boto3.session.Session(
            aws_access_key_id=keys.get("AWS_ACCESS_KEY_ID"),
            aws_secret_access_key=keys.get("AWS_SECRET_ACCESS_KEY"),
            aws_session_token=keys.get("AWS_SESSION_TOKEN"),
            region_name=storage.region,
        )
        client = session.client(
            "s3",
            endpoint_url=storage.endpoint,
            region_name=storage.region or session.region_name or "us-east-1",
            config=config,
            verify=None if access.ca_bundle is None else str(access.ca_bundle),
        )
    client.meta.events.register("before-call.s3.HeadBucket", _ask_once)
    _guard(client, access.rules)
    return client


def _ask_once(context: dict[str, Any], **_: Any) -> None:
    """Keep botocore from asking for a bucket's region because the question for it was redirected, and so for ever.

    A web server's page for signing in redirects whatever comes.
    """
    context["s3_redirect"] = {**context.get("s3_redirect", {}), "redirected": True}


def _guard(client: Any, rules: AddressRules) -> None:
    """Let a client connect to permitted addresses only.

    botocore has no door for this: its session's pool manager is urllib3's, whose pool classes may be set, but it lies
    behind underscores. The client for credentials (metadata, STS) is another one, and is not touched.
    """
    from botocore.awsrequest import AWSHTTPConnectionPool, AWSHTTPSConnectionPool

    if rules != LAPTOP:
        manager = client._endpoint.http_session._manager
        manager.pool_classes_by_scheme = guarded_pools(AWSHTTPConnectionPool, AWSHTTPSConnectionPool, rules)
