"""Which objects a job reads: one, those below a folder, those of a pattern; and with whose credentials."""

import contextlib
import hashlib
from pathlib import Path
from typing import Any

import pytest

from gridfold.api.v1alpha1 import Source, Storage
from gridfold.domain.hidden import hidden_names
from gridfold_export.fragments import load
from gridfold_trainer.data.sources import fetch, locate
from gridfold_trainer.errors import (
    AccessDeniedError,
    ChecksumMismatchError,
    ObjectMissingError,
    SourceTooLargeError,
    StorageRefusedError,
)
from gridfold_trainer.storage import globs
from gridfold_trainer.storage.file_store import FileStore
from gridfold_trainer.storage.opening import SourceStores, StoreAccess, open_store
from gridfold_trainer.storage.stores import Wanted
from tests.unit.trainer.data_jobs import TABLE, context, run_prepare

FILES = ("a/1.csv", "a/10.csv", "a/2.csv", "a/B.csv", "a/b/3.csv", "a/b/c/4.csv", "a/[x].csv", "ab.csv", "é.csv")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in (*FILES, "a/_SUCCESS", "a/.hidden"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(f"{name}\n" if name in FILES else "")
    return tmp_path


@pytest.mark.parametrize(
    ("uri", "names"),
    [
        ("file:a/", ["1.csv", "10.csv", "2.csv", "B.csv", "[x].csv", "b/3.csv", "b/c/4.csv"]),
        ("file:a/*.csv", ["1.csv", "10.csv", "2.csv", "B.csv", "[x].csv"]),
        ("file:a/?.csv", ["1.csv", "2.csv", "B.csv"]),
        ("file:a/[12].csv", ["1.csv", "2.csv"]),
        ("file:a/[!12].csv", ["B.csv"]),
        ("file:a/[A-Z].csv", ["B.csv"]),
        ("file:a/[[]x].csv", ["[x].csv"]),
        ("file:a/**/*.csv", ["1.csv", "10.csv", "2.csv", "B.csv", "[x].csv", "b/3.csv", "b/c/4.csv"]),
        ("file:a/**", ["1.csv", "10.csv", "2.csv", "B.csv", "[x].csv", "b/3.csv", "b/c/4.csv"]),
        ("file:a/*/*.csv", ["b/3.csv"]),
        ("file:a/b*/**/4.csv", ["b/c/4.csv"]),
    ],
)
def test_a_folder_or_pattern_stands_for_its_objects_in_byte_order(folder: Path, uri: str, names: list[str]) -> None:
    found = locate([Source(uri=uri)], context(folder))
    assert [item.uri for item in found] == [f"file:a/{name}" for name in names]


HIDDEN = ("p/.DS_Store", "p/_SUCCESS", "p/.1.csv.crc", "p/1.csv.crc", "p/.ipynb_checkpoints/1.csv", "p/_tmp/0/2.csv",
          "p/_metadata", "p/__MACOSX/._1.csv", "p/q/.hid/3.csv", "p/Thumbs.db", "p/q/_rest.csv")  # fmt: skip


@pytest.mark.parametrize(
    ("uri", "names"),
    [
        ("file:p/", ["p/1.csv", "p/q/3.csv"]),
        ("file:p/**", ["p/1.csv", "p/q/3.csv"]),
        ("file:p/**/*.csv", ["p/1.csv", "p/q/3.csv"]),
        ("file:p/q/*.csv", ["p/q/3.csv"]),
        ("file:p/q/_*.csv", ["p/q/_rest.csv"]),
        ("file:p/_tmp/", ["p/_tmp/0/2.csv"]),
        ("file:p/*/.hid/*.csv", ["p/q/.hid/3.csv"]),
        ("file:p/*.crc", ["p/1.csv.crc"]),
        ("file:*.csv", ["top.csv"]),
        ("file:_*.csv", ["_top.csv"]),
    ],
)
def test_hidden_objects_and_marks_of_other_tools_are_read_only_where_they_are_named(
    tmp_path: Path, uri: str, names: list[str]
) -> None:
    for name in ("p/1.csv", "p/q/3.csv", "top.csv", "_top.csv", ".top.csv", *HIDDEN):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("content")
    assert [item.uri for item in locate([Source(uri=uri)], context(tmp_path))] == [f"file:{name}" for name in names]
    pattern, functions = uri.removeprefix("file:"), dict[str, Any]()
    exec("\n".join(["import glob", "import os", "import re", load("list_files").code]), functions)
    with contextlib.chdir(tmp_path):
        found = functions["list_files"](pattern + ("**" if uri.endswith("/") else ""), hidden_names(pattern))
    assert found == names


def test_what_is_not_read_is_counted_and_told(tmp_path: Path) -> None:
    (tmp_path / "p").mkdir()
    rows = TABLE.splitlines(keepends=True)
    (tmp_path / "p/a.csv").write_text(TABLE)
    (tmp_path / "p/.b.csv.crc").write_text("crc")
    (tmp_path / "p/_SUCCESS").write_text("")
    report = run_prepare(tmp_path, dataset={"sources": [{"uri": "file:p/"}]})
    assert report.dataset.rows == len(rows) - 1
    words = "2 of 3 objects (file:p/.b.csv.crc, file:p/_SUCCESS)"
    assert [words in warning for warning in report.warnings] == [True]
    again = run_prepare(tmp_path, dataset={"sources": [{"uri": "file:p/"}]})
    assert again.warnings == report.warnings
    (tmp_path / "p/a.csv").unlink()
    with pytest.raises(
        ObjectMissingError, match=r"only hidden objects and marks of other tools \(file:p/\.b\.csv\.crc"
    ):
        run_prepare(tmp_path, dataset={"sources": [{"uri": "file:p/"}]})


def test_the_pin_of_a_folder_is_of_the_objects_that_are_read(tmp_path: Path) -> None:
    (tmp_path / "p").mkdir()
    (tmp_path / "p/a.csv").write_text(TABLE)
    (tmp_path / "p/.DS_Store").write_text("mark")
    line = f"p/a.csv\t{hashlib.sha256(TABLE.encode()).hexdigest()}\n"
    sources = [{"uri": "file:p/", "sha256": hashlib.sha256(line.encode()).hexdigest()}]
    assert run_prepare(tmp_path, dataset={"sources": sources}).dataset.rows == 60


def test_sources_stay_in_the_order_of_the_spec(folder: Path) -> None:
    sources = [Source(uri="file:ab.csv"), Source(uri="file:a/b/"), Source(uri="file:a/1.csv")]
    found = locate(sources, context(folder))
    assert [(item.source, item.uri) for item in found] == [
        (0, "file:ab.csv"),
        (1, "file:a/b/3.csv"),
        (1, "file:a/b/c/4.csv"),
        (2, "file:a/1.csv"),
    ]


@pytest.mark.parametrize(
    ("uri", "words"),
    [
        ("file:a/*.parquet", 'keys near it: "file:a/1.csv"'),
        ("file:a/x*.csv", "looked for keys that begin with file:a/x; keys near it"),
        ("file:none/", "nothing at all is below file:none/"),
        ("file:a/[9-0].csv", "no pattern that can be matched"),
    ],
)
def test_what_matches_nothing_is_told_with_what_is_near(folder: Path, uri: str, words: str) -> None:
    with pytest.raises(ObjectMissingError) as caught:
        locate([Source(uri=uri)], context(folder))
    assert words in str(caught.value)


def test_more_objects_than_one_source_may_have_are_refused(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(globs, "OBJECT_LIMIT", 3)
    with pytest.raises(
        SourceTooLargeError, match=r"spec\.dataset\.sources\[0\]\.uri is file:a/, .* more than 3 objects"
    ):
        locate([Source(uri="file:a/")], context(folder))


def test_on_the_web_every_url_is_one_object() -> None:
    assert not globs.names_several("https://example.org/data.csv?part=1")
    assert not globs.names_several("https://example.org/")
    assert globs.names_several("s3://bucket/part-?.csv")


def test_the_pin_of_a_folder_is_the_digest_of_its_list(folder: Path) -> None:
    digests = {name: hashlib.sha256(f"{name}\n".encode()).hexdigest() for name in ("a/b/3.csv", "a/b/c/4.csv")}
    pin = hashlib.sha256("".join(f"{name}\t{sha256}\n" for name, sha256 in digests.items()).encode()).hexdigest()
    where = context(folder)
    source = Source(uri="file:a/b/", sha256=pin)
    located = locate([source], where)
    assert [file.sha256 for file in fetch([source], located, where)] == list(digests.values())
    (folder / "a/b/5.csv").write_text("more")
    with pytest.raises(ChecksumMismatchError, match="3 objects, whose list of keys and SHA-256 has"):
        fetch([source], locate([source], where), where)


def test_every_source_that_is_not_what_its_pin_says_is_named(folder: Path) -> None:
    sources = [Source(uri="file:ab.csv", sha256="0" * 64), Source(uri="file:a/1.csv", sha256="1" * 64)]
    where = context(folder)
    with pytest.raises(ChecksumMismatchError) as caught:
        fetch(sources, locate(sources, where), where)
    assert [problem.split(":")[0] for problem in caught.value.problems] == [
        "spec.dataset.sources[0]",
        "spec.dataset.sources[1]",
    ]


def test_the_limit_of_a_source_counts_all_of_its_objects(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRIDFOLD_SOURCE_BYTES", "20")  # the two files have 10 and 12 bytes
    where = context(folder)
    source = Source(uri="file:a/b/")
    with pytest.raises(SourceTooLargeError, match=r"file:a/b/c/4\.csv has more than 10 bytes"):
        fetch([source], locate([source], where), where)


def test_a_download_of_a_file_is_refused_above_the_limit(folder: Path) -> None:
    with pytest.raises(SourceTooLargeError):
        FileStore(folder).download("file:ab.csv", folder / "copy", Wanted(limit_bytes=3))


@pytest.mark.parametrize("text", ["many", "0", "-1", "1.5"])
def test_a_limit_that_is_no_number_is_told(text: str) -> None:
    with pytest.raises(StorageRefusedError, match="GRIDFOLD_SOURCE_BYTES"):
        StoreAccess.of_environment({"GRIDFOLD_SOURCE_BYTES": text}, None)


def credentials_of(access: StoreAccess, storage: Storage, source: Storage | None) -> object:
    """Return where the store of a source looks for credentials."""
    stores = SourceStores(storage, open_store(storage, access), access)
    return stores._credentials(source or storage)


def test_a_source_never_gets_the_credentials_of_another_storage(tmp_path: Path) -> None:
    (tmp_path / "own").mkdir()
    access = StoreAccess(None, credentials=tmp_path / "jobs", source_credentials=tmp_path)
    job = Storage(credentials_secret_name="jobs")
    assert credentials_of(access, job, Storage(endpoint="http://other")) is None
    assert credentials_of(access, job, Storage(credentials_secret_name="own")) == tmp_path / "own"
    assert credentials_of(access, job, Storage(credentials_secret_name="jobs")) == tmp_path / "jobs"
    with pytest.raises(AccessDeniedError, match="Secret absent of a source is not mounted"):
        credentials_of(access, job, Storage(credentials_secret_name="absent"))
    laptop = StoreAccess(tmp_path)
    assert credentials_of(laptop, job, Storage(credentials_secret_name="absent")) is None


def test_a_source_has_the_certificates_of_its_own_storage_and_no_others(tmp_path: Path) -> None:
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "ca.crt").write_text("x")
    access = StoreAccess(None, ca_bundle=tmp_path / "jobs.crt", source_ca_bundles=tmp_path)
    job = Storage(ca_bundle_config_map_name="jobs")
    stores = SourceStores(job, open_store(job, access), access)
    assert stores._ca_bundle(Storage()) is None
    assert stores._ca_bundle(Storage(ca_bundle_config_map_name="jobs")) == tmp_path / "jobs.crt"
    assert stores._ca_bundle(Storage(ca_bundle_config_map_name="own")) == tmp_path / "own" / "ca.crt"
    with pytest.raises(StorageRefusedError, match="ConfigMap absent of a source is not mounted"):
        stores._ca_bundle(Storage(ca_bundle_config_map_name="absent"))


def test_sources_of_one_storage_share_a_store(tmp_path: Path) -> None:
    access = StoreAccess(tmp_path)
    job_store = open_store(Storage(), access)
    stores = SourceStores(Storage(), job_store, access)
    other = Storage(endpoint="http://other:9000", region="eu-central-1")
    assert stores(Source(uri="s3://a/b")) is job_store
    first = stores(Source(uri="s3://a/b", storage=other))
    assert first is not job_store
    assert stores(Source(uri="s3://c/d", storage=other)) is first
