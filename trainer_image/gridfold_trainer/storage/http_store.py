"""Sources on the web: https:// URLs, read only."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit

from gridfold.api.confidential import told_url
from gridfold.domain.visible import excerpt
from gridfold_trainer.errors import (
    AccessDeniedError,
    ObjectMissingError,
    SourceChangedError,
    StorageRefusedError,
    StorageUnreachableError,
    TrainerError,
)
from gridfold_trainer.storage.addresses import LAPTOP, AddressRules, guarded_pools
from gridfold_trainer.storage.causes import Server, connection_error, one_line
from gridfold_trainer.storage.certificates import make_context
from gridfold_trainer.storage.downloads import Body, Patience, changed, download_resumed
from gridfold_trainer.storage.local_files import hash_chunks
from gridfold_trainer.storage.stores import ANYTHING, CHUNK_BYTES, ObjectStat, Wanted

_REDIRECTS = 5
_REDIRECTING = {301, 302, 303, 307, 308}
_GONE = {404, 410}
_DENIED = {401, 403, 407}
_PARTIAL, _PRECONDITION_FAILED, _RANGE = 206, 412, 416
_FIRST_ERROR, _FIRST_SERVER_ERROR, _LATER = 400, 500, {408, 425, 429}
#: What leaves a body as it is. Servers of S3's protocol keep the second where AWS does not: it is about the upload.
_NO_CODINGS = {"", "identity", "aws-chunked"}
#: Servers that know a file's compression by its name tell it as a coding (Apache's mod_mime does).
_CODINGS_OF_FILES = {"gzip": ".gz", "x-gzip": ".gz", "zstd": ".zst"}
#: A modification time is a mark of the content only this long after it (RFC 9110, 8.8.2.2).
_SETTLED_SECONDS = 60


@dataclass(frozen=True)
class Web:
    """How the web is reached."""

    rules: AddressRules = LAPTOP
    ca_bundle: Path | None = None  #: certificates of further authorities, as PEM
    patience: Patience = Patience()  # noqa: RUF009 (frozen)


class HttpStore:
    """`https://` URLs. No credentials are ever sent, so that no redirect can carry them away."""

    def __init__(self, web: Web | None = None) -> None:
        """Open the store; nothing is sent yet.

        Raises:
            StorageRefusedError: the certificates of the authorities cannot be read.
        """
        self._web = web or Web()
        self._pool = _make_pool(self._web)

    def download(self, uri: str, path: Path, wanted: Wanted = ANYTHING) -> str:
        """Write the content to a file and return its SHA-256."""

        def open_body(start: int, etag: str) -> Any:
            return self._open(uri, start, etag)

        return download_resumed(told_url(uri), open_body, path, wanted, self._web.patience)

    def sha256(self, uri: str) -> str:
        """Return the SHA-256 of the content."""
        with self._open(uri, 0, "") as body:
            return hash_chunks(body.chunks)

    def stat(self, uri: str) -> ObjectStat | None:
        """Return size and mark of the content; None where the server does not tell (a download tells why)."""
        try:
            with self._answer("HEAD", uri, {}) as answer:
                size = answer.headers.get("Content-Length", "")
                return ObjectStat(int(size), _mark(answer.headers)) if size.isdecimal() else None
        except TrainerError:
            return None

    def list_objects(self, prefix: str) -> Iterator[tuple[str, ObjectStat]]:
        """Refuse: the web has no list."""
        raise StorageRefusedError(f"{told_url(prefix)} cannot be listed; name one object of the web by its URL.")

    def local_path(self, uri: str) -> None:
        """Return None: a page is no file."""

    @contextmanager
    def _open(self, uri: str, start: int, etag: str) -> Iterator[Body]:
        headers = {"Range": f"bytes={start}-", "If-Range": etag} if start else {}
        with self._answer("GET", uri, headers) as answer:
            _check_coding(answer.headers.get("Content-Encoding", ""), uri)
            first, size = _extent(answer, told_url(uri))
            mark = _mark(answer.headers)
            if start and answer.status != _PARTIAL and mark != etag:
                raise SourceChangedError(changed(told_url(uri)))
            yield Body(answer.stream(CHUNK_BYTES, decode_content=False), first, mark, size)

    @contextmanager
    def _answer(self, method: str, uri: str, headers: dict[str, str]) -> Iterator[Any]:
        """Send a request, follow redirects, and give the answer, whose body is not read yet."""
        place = uri
        for _ in range(_REDIRECTS + 1):
            with _translated(told_url(uri), told_url(place)):
                answer = self._pool.request(
                    method,
                    place,
                    headers={"Accept-Encoding": "identity", "User-Agent": "gridfold", **headers},
                    redirect=False,
                    retries=False,
                    preload_content=False,
                    enforce_content_length=True,
                )
                try:
                    if answer.status not in _REDIRECTING:
                        _check_status(answer.status, told_url(uri), told_url(place))
                        yield answer
                        return
                    place = _next_place(place, answer.headers.get("Location", ""), told_url(uri))
                finally:
                    answer.close()
        raise StorageRefusedError(f"{told_url(uri)} is redirected more than {_REDIRECTS} times.")


def _make_pool(web: Web) -> Any:
    import urllib3
    from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

    timeout = urllib3.Timeout(connect=web.patience.connect_seconds, read=web.patience.read_seconds)
    pool = urllib3.PoolManager(ssl_context=make_context(web.ca_bundle), timeout=timeout)
    pool.pool_classes_by_scheme = guarded_pools(HTTPConnectionPool, HTTPSConnectionPool, web.rules)
    return pool


def _next_place(place: str, location: str, shown: str) -> str:
    """Return where a redirect leads to."""
    target = urljoin(place, location)
    parts = urlsplit(target)
    if not location or parts.scheme != "https" or not parts.hostname or "@" in parts.netloc:
        raise StorageRefusedError(
            f"{shown} is redirected to {excerpt(told_url(target))}; only https:// without user name is followed."
        )
    return target


def _check_status(status: int, uri: str, place: str) -> None:
    where = uri if place == uri else f"{uri} (redirected to {excerpt(place)})"
    if status in _GONE:
        raise ObjectMissingError(f"{where} does not exist: the server answers {status}; correct the URL.")
    if status in _DENIED:
        raise AccessDeniedError(
            f"{where} may not be read: the server answers {status}; https:// sources are read without credentials."
        )
    if status >= _FIRST_SERVER_ERROR or status in _LATER:
        raise StorageUnreachableError(
            f"{where}: the server answers {status}, so it is busy or has a trouble of its own."
        )
    if status in {_PRECONDITION_FAILED, _RANGE}:
        raise SourceChangedError(changed(uri))
    if status >= _FIRST_ERROR or status not in {200, _PARTIAL}:
        raise StorageRefusedError(f"{where}: the server answers {status}; expected 200 with the file.")


def _extent(answer: Any, uri: str) -> tuple[int, int | None]:
    """Return the first byte's position and the size of the whole object.

    Raises:
        StorageRefusedError: the answer does not say where it ends, so that half of it could pass for the whole.
    """
    length = answer.headers.get("Content-Length", "")
    if answer.status == _PARTIAL:
        unit, _, extent = answer.headers.get("Content-Range", "").partition(" ")
        first, _, size = extent.replace("-", "/", 1).partition("/")
        size = size.rpartition("/")[2]
        if unit == "bytes" and first.isdecimal():
            return int(first), int(size) if size.isdecimal() else None
        raise StorageRefusedError(f"{uri}: the server sends a part without saying which.")
    if length.isdecimal():
        return 0, int(length)
    if "chunked" in answer.headers.get("Transfer-Encoding", "").lower():
        return 0, None
    raise StorageRefusedError(
        f"{uri}: the server does not say how long the file is, so half of it could not be told from all of it."
    )


def _check_coding(coding: str, uri: str) -> None:
    """Refuse a body that was encoded on its way; one that lies there compressed, as its name says, comes as it is."""
    codings = {word.strip().lower() for word in coding.split(",")} - _NO_CODINGS
    path = uri.partition("?")[0].lower()
    if codings and not any(codings == {name} and path.endswith(end) for name, end in _CODINGS_OF_FILES.items()):
        raise StorageRefusedError(
            f"{told_url(uri)} is sent with Content-Encoding {excerpt(coding, 64)} although none was "
            f"asked for; let the server send the file as it is."
        )


def _mark(headers: Any) -> str:
    """Return what changes with the content: a strong ETag, or a modification time that has settled; else ""."""
    etag = str(headers.get("ETag", ""))
    if etag.startswith('"'):
        return etag
    modified, date = headers.get("Last-Modified"), headers.get("Date")
    try:
        age = (parsedate_to_datetime(date) - parsedate_to_datetime(modified)).total_seconds()
    except (TypeError, ValueError):
        return ""
    return str(modified) if age >= _SETTLED_SECONDS else ""


@contextmanager
def _translated(uri: str, place: str) -> Iterator[None]:
    """Let nothing of urllib3 out of the block."""
    from urllib3 import exceptions

    where = uri if place == uri else f"{uri} (redirected to {excerpt(place)})"
    try:
        yield
    except (exceptions.LocationValueError, UnicodeError) as error:
        raise StorageRefusedError(f"{where} is not a valid address: {one_line(error)}.") from error
    except exceptions.HTTPError as error:
        raise connection_error(error, where, Server(_host(place), "the URL")) from error


def _host(uri: str) -> str:
    return urlsplit(told_url(uri)).netloc
