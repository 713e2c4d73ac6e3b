"""What every object store does, over each adapter: files of this machine and a real S3 server."""

import errno
import hashlib
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from gridfold_trainer.errors import AccessDeniedError, ObjectMissingError, StorageRefusedError
from gridfold_trainer.storage.file_store import FileStore
from gridfold_trainer.storage.stores import ObjectStore, RoutedStore
from tests.contract.s3_servers import s3_store

AWKWARD = ["plain", "with space", "plus+and&and=", "100%", "ünïcode-日本", "a//b", "deep/er/still", "q?x#y", "(1)~!'"]
#: A process that ends before what it has written is put in place.
KILLED = """
import os, sys
from pathlib import Path
from gridfold_trainer.storage.file_store import FileStore
Path.replace = lambda *_: os._exit(0)
FileStore(Path(sys.argv[1])).put(sys.argv[2], b"half of it")
raise SystemExit("it was put in place")
"""


@dataclass(frozen=True)
class Place:
    """A store and an empty folder in it."""

    store: ObjectStore
    folder: str
    break_off: Callable[[str], object]  #: leaves what a process leaves that is killed while it writes an object


def _file(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    def break_off(uri: str) -> None:
        subprocess.run([sys.executable, "-c", KILLED, str(tmp_path / "base"), uri], check=True)

    yield Place(FileStore(tmp_path / "base"), "file:bucket/", break_off)


def _s3(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    cluster, bucket = request.getfixturevalue("testbed"), request.getfixturevalue("bucket")
    with s3_store(tmp_path, cluster.s3_endpoint, (cluster.s3_access_key, cluster.s3_secret_key)) as store:

        def break_off(uri: str) -> None:
            key = uri.removeprefix(f"{bucket.uri}/")
            begun = bucket.client.create_multipart_upload(Bucket=bucket.name, Key=key)
            part = {"Bucket": bucket.name, "Key": key, "UploadId": begun["UploadId"], "PartNumber": 1}
            bucket.client.upload_part(**part, Body=b"half of it")

        yield Place(store, f"{bucket.uri}/", break_off)


@pytest.fixture(params=[pytest.param(_file, id="file"), pytest.param(_s3, id="s3", marks=pytest.mark.cluster)])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    yield from request.param(request, tmp_path)


@pytest.mark.parametrize("content", [b"", b"x", bytes(range(256)) * 12_000], ids=["empty", "one byte", "3 MB"])
def test_what_is_put_is_got(place: Place, content: bytes) -> None:
    uri = f"{place.folder}key"
    place.store.put(uri, content)
    assert place.store.get(uri) == content
    assert place.store.sha256(uri) == hashlib.sha256(content).hexdigest()
    found = place.store.stat(uri)
    assert found is not None
    assert found.size == len(content)


def test_what_is_deleted_is_gone_and_deleting_it_again_is_fine(place: Place) -> None:
    for name in ("a/b", "a/c"):
        place.store.put(f"{place.folder}{name}", b"x")
    for _ in range(2):
        place.store.delete(f"{place.folder}a/b")
    assert list(place.store.list_uris(place.folder)) == [f"{place.folder}a/c"]


def test_a_listing_tells_when_an_object_was_written_and_what_was_written_later_is_not_older(place: Place) -> None:
    for name in ("z", "a"):
        place.store.put(f"{place.folder}{name}", b"x")
    times = {uri[-1]: stat.modified for uri, stat in place.store.list_objects(place.folder)}
    assert times["z"] is not None
    assert times["a"] is not None
    assert times["z"] <= times["a"]
    assert abs(times["a"].timestamp() - time.time()) < 60


def test_a_write_that_was_broken_off_is_no_object_is_told_and_can_be_discarded(place: Place) -> None:
    whole, broken, elsewhere = (f"{place.folder}{name}" for name in ("a/whole", "a/broken", "b/broken"))
    place.store.put(whole, b"x")
    place.break_off(broken)
    place.break_off(elsewhere)
    assert place.store.stat(broken) is None
    assert list(place.store.list_uris(place.folder)) == [whole]
    (found,) = place.store.list_unfinished(f"{place.folder}a/")
    assert found.uri == broken
    assert found.began is not None
    assert abs(found.began.timestamp() - time.time()) < 60
    for _ in range(2):
        place.store.discard(found)
    assert list(place.store.list_unfinished(f"{place.folder}a/")) == []
    assert [left.uri for left in place.store.list_unfinished(place.folder)] == [elsewhere]
    assert list(place.store.list_uris(place.folder)) == [whole]
    assert list(place.store.list_unfinished(f"{place.folder}nothing/here/")) == []


def test_discarding_a_write_leaves_the_object_that_another_write_has_made(place: Place) -> None:
    uri = f"{place.folder}key"
    place.break_off(uri)
    place.store.put(uri, b"x")
    (found,) = place.store.list_unfinished(place.folder)
    place.store.discard(found)
    assert place.store.get(uri) == b"x"


@pytest.mark.parametrize("key", [key for key in AWKWARD if "//" not in key])
def test_a_key_is_taken_as_it_stands(place: Place, key: str) -> None:
    place.store.put(f"{place.folder}{key}", key.encode())
    assert place.store.get(f"{place.folder}{key}") == key.encode()
    assert list(place.store.list_uris(place.folder)) == [f"{place.folder}{key}"]


def test_a_file_goes_up_and_comes_down_as_it_is(place: Place, tmp_path: Path) -> None:
    source, target = tmp_path / "source", tmp_path / "target"
    source.write_bytes(bytes(range(256)) * 12_000)
    place.store.upload(f"{place.folder}a/b", source)
    assert place.store.download(f"{place.folder}a/b", target) == hashlib.sha256(source.read_bytes()).hexdigest()
    assert target.read_bytes() == source.read_bytes()


def test_a_large_file_goes_up_in_parts_and_is_one_object(
    place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gridfold_trainer.storage.s3_store.MULTIPART_BYTES", 10 * 1024 * 1024)
    source = tmp_path / "source"
    source.write_bytes(bytes(range(256)) * 45_000)
    place.store.upload(f"{place.folder}large", source)
    assert place.store.sha256(f"{place.folder}large") == hashlib.sha256(source.read_bytes()).hexdigest()


def test_the_last_write_wins_and_the_mark_changes(place: Place) -> None:
    uri = f"{place.folder}key"
    place.store.put(uri, b"first")
    before = place.store.stat(uri)
    place.store.put(uri, b"other")
    assert place.store.get(uri) == b"other"
    assert place.store.stat(uri) != before


def test_the_same_write_may_be_done_twice(place: Place) -> None:
    for _ in range(2):
        place.store.put(f"{place.folder}key", b"same")
    assert list(place.store.list_uris(place.folder)) == [f"{place.folder}key"]


def test_an_object_that_is_not_there_is_missing_in_every_way(place: Place, tmp_path: Path) -> None:
    uri = f"{place.folder}none"
    assert place.store.stat(uri) is None
    for read in (place.store.get, place.store.sha256, lambda uri: place.store.download(uri, tmp_path / "x")):
        with pytest.raises(ObjectMissingError, match="none"):
            read(uri)


def test_a_folder_is_no_object(place: Place) -> None:
    place.store.put(f"{place.folder}a/b", b"x")
    with pytest.raises(ObjectMissingError):
        place.store.get(f"{place.folder}a")


def test_a_listing_has_what_starts_with_the_prefix_in_byte_order(place: Place) -> None:
    for key in ("b/2", "b/10", "b!", "b/Z", "b/é", "bb", "a", "c"):
        place.store.put(f"{place.folder}{key}", b"x")
    assert list(place.store.list_uris(f"{place.folder}b")) == [
        f"{place.folder}{key}" for key in ("b!", "b/10", "b/2", "b/Z", "b/é", "bb")
    ]
    assert list(place.store.list_uris(f"{place.folder}b/")) == [
        f"{place.folder}{key}" for key in ("b/10", "b/2", "b/Z", "b/é")
    ]
    assert list(place.store.list_uris(f"{place.folder}nothing/here/")) == []


def test_an_object_above_the_limit_is_refused(place: Place) -> None:
    place.store.put(f"{place.folder}key", b"12345")
    assert place.store.get(f"{place.folder}key", 5) == b"12345"
    with pytest.raises(StorageRefusedError, match="more than 4 bytes"):
        place.store.get(f"{place.folder}key", 4)


def test_only_a_store_of_files_gives_paths(place: Place) -> None:
    place.store.put(f"{place.folder}key", b"x")
    path = place.store.local_path(f"{place.folder}key")
    assert path is None if place.folder.startswith("s3:") else path is not None and path.read_bytes() == b"x"


def test_a_write_that_fails_leaves_neither_a_part_nor_a_change(tmp_path: Path) -> None:
    store = FileStore(tmp_path)
    store.put("file:key", b"before")
    with pytest.raises(ObjectMissingError):
        store.upload("file:key", tmp_path / "none")
    assert store.get("file:key") == b"before"
    assert [path.name for path in tmp_path.iterdir()] == ["key"]


def test_a_file_that_may_not_be_removed_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def unlink(*_: object, **_more: object) -> None:
        raise PermissionError(errno.EACCES, "Permission denied")

    store = FileStore(tmp_path)
    store.put("file:a/key", b"x")
    monkeypatch.setattr(Path, "unlink", unlink)  # root may remove what it likes
    with pytest.raises(AccessDeniedError, match="file:a/key may not be removed by this user .*Permission denied"):
        store.delete("file:a/key")


def test_absolute_and_relative_file_uris_name_the_same_file(tmp_path: Path) -> None:
    store = FileStore(tmp_path)
    store.put("file:a/key", b"x")
    for uri in ("file:a/key", "file:./a/key", f"file:{tmp_path}/a/key", f"file://{tmp_path}/a/key"):
        assert store.get(uri) == b"x"


def test_without_a_base_folder_no_file_of_this_machine_is_touched(tmp_path: Path) -> None:
    store = FileStore(None)
    for touch in (store.get, store.sha256, store.stat, store.local_path, lambda uri: store.put(uri, b"x")):
        with pytest.raises(StorageRefusedError, match="`gridfold run`"):
            touch(f"file:{tmp_path}/key")
    assert list(tmp_path.iterdir()) == []


def test_a_uri_goes_to_the_store_of_its_scheme_which_is_made_when_it_is_needed(tmp_path: Path) -> None:
    made: list[str] = []

    def make() -> ObjectStore:
        made.append("file")
        return FileStore(tmp_path)

    store = RoutedStore({"file": make})
    assert made == []
    store.put("file:key", b"x")
    assert store.get("file:key") == b"x"
    assert made == ["file"]
    with pytest.raises(StorageRefusedError, match=r"ftp://host/key has the scheme 'ftp'; expected one of file:"):
        store.get("ftp://host/key")
