"""A data set is prepared once; whatever could make it another one is noticed."""

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from gridfold.api.handoff import PrepareReport
from gridfold.domain.keys import digest
from gridfold_trainer import prepare
from gridfold_trainer.data import assemble, reuse
from gridfold_trainer.data.sources import Located
from gridfold_trainer.errors import ChecksumMismatchError, SourceChangedError
from gridfold_trainer.storage.stores import ObjectStat
from tests.unit.trainer.data_jobs import TABLE, context, run_prepare, stage_input


@pytest.fixture
def readings(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What is read as a table, in order."""
    seen: list[str] = []
    read = assemble.read_tables

    def note(files: Any, *arguments: Any, **options: Any) -> Any:
        seen.extend(file.uri for file in files)
        return read(files, *arguments, **options)

    monkeypatch.setattr(assemble, "read_tables", note)
    return seen


def index_of(folder: Path) -> Path:
    [found] = (folder / "out/cache/sources").iterdir()
    return found


def test_the_same_sources_are_read_once_and_give_the_same_report(tmp_path: Path, readings: list[str]) -> None:
    cleaning = {"dropDuplicateRows": True, "dropConstantColumns": True}
    table = TABLE + TABLE.partition("\n")[2]
    first = run_prepare(tmp_path, table, cleaning=cleaning)
    assert run_prepare(tmp_path, table, cleaning=cleaning) == first
    assert readings == ["file:data.csv"]


def test_jobs_that_differ_in_what_comes_after_cleaning_share_the_data(tmp_path: Path, readings: list[str]) -> None:
    first = run_prepare(tmp_path)
    other = run_prepare(tmp_path, split={"seed": 9}, search={"grid": [{"C": [7.5]}]}, crossValidation={"folds": 3})
    assert readings == ["file:data.csv"]
    assert other.digest == first.digest
    assert other.dataset.split_digest != first.dataset.split_digest


@pytest.mark.parametrize(
    "changes",
    [
        {"dataset": {"excludeColumns": ["age"]}},
        {"dataset": {"csv": {"missingValues": ["20"]}}},
        {"dataset": {"columnTypes": {"age": "Categorical"}}},
        {"dataset": {"groupColumn": "age"}, "crossValidation": {"folds": 2}},
        {"cleaning": {"dropDuplicateRows": True}},
        {"cleaning": {"trimText": False}},
    ],
)
def test_another_reading_or_cleaning_reads_again(
    tmp_path: Path, readings: list[str], changes: dict[str, dict[str, Any]]
) -> None:
    run_prepare(tmp_path)
    run_prepare(tmp_path, **changes)
    assert len(readings) == 2


def test_a_source_that_changed_is_noticed_whatever_its_size_and_time_say(tmp_path: Path) -> None:
    import os

    first = run_prepare(tmp_path)
    path = tmp_path / "data.csv"
    before = path.stat()
    second = TABLE.replace("20,1.5,red", "20,1.5,rot", 1)
    path.write_text(second)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert path.stat().st_size == before.st_size
    assert prepare.run(stage_input(), context(tmp_path)).digest != first.digest


def test_an_object_of_another_place_size_or_mark_is_another_source(tmp_path: Path) -> None:
    store = context(tmp_path).store

    def uri(key: str = "a.csv", size: int = 7, etag: str = '"1"', **storage: str) -> str | None:
        source = {"uri": f"s3://b/{key}", "storage": {"endpoint": "http://one", **storage}}
        located = Located(0, source["uri"], store, ObjectStat(size, etag))
        return reuse.index_uri(stage_input(dataset={"sources": [source]}).spec, [located], classifier=True)

    found = [uri(), uri("b.csv"), uri(size=8), uri(etag='"2"'), uri(endpoint="http://two"), uri(region="eu")]
    assert None not in found
    assert len(set(found)) == len(found)
    assert uri() == uri(caBundleConfigMapName="authorities", credentialsSecretName="other")
    assert uri(etag="") is None  # nothing tells whether it has changed


def test_a_pin_is_compared_with_what_was_read_even_where_nothing_is_read_again(tmp_path: Path) -> None:
    def pinned(sha256: str) -> PrepareReport:
        return run_prepare(tmp_path, dataset={"sources": [{"uri": "file:data.csv", "sha256": sha256}], "target": "y"})

    run_prepare(tmp_path)
    pinned(hashlib.sha256(TABLE.encode()).hexdigest())
    with pytest.raises(ChecksumMismatchError):
        pinned("0" * 64)


@pytest.mark.parametrize("part", ["X.npy", "y.npy", "manifest.json"])
@pytest.mark.parametrize("how", ["gone", "cut off", "another"])
def test_a_stored_data_set_that_is_not_whole_is_made_again(
    tmp_path: Path, readings: list[str], part: str, how: str
) -> None:
    first = run_prepare(tmp_path)
    path = tmp_path / "out/cache/prepared" / first.digest.removeprefix("sha256:") / part
    whole = path.read_bytes()
    if how == "gone":
        path.unlink()
    else:
        path.write_bytes(whole[:-1] if how == "cut off" else whole[:-1] + bytes([whole[-1] ^ 1]))
    assert run_prepare(tmp_path) == first
    assert readings == ["file:data.csv"] * 2
    assert path.read_bytes() == whole


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[]", b'{"format": 2}', b'{"__reduce__": 1}', b"\x80\x04\x95", b'{"format": 1, "prepared": "../x"}'],
)
def test_an_index_that_is_none_is_written_again(tmp_path: Path, readings: list[str], content: bytes) -> None:
    first = run_prepare(tmp_path)
    index = index_of(tmp_path)
    whole = index.read_bytes()
    index.write_bytes(content)
    assert run_prepare(tmp_path) == first
    assert len(readings) == 2
    assert index.read_bytes() == whole


def test_an_index_that_names_another_data_set_of_other_sources_is_only_as_good_as_the_cache(tmp_path: Path) -> None:
    """Who can write to the cache can change results (api.md); what is not there or not whole is still not believed."""
    first = run_prepare(tmp_path)
    index = index_of(tmp_path)
    forged = {**json.loads(index.read_bytes()), "prepared": f"sha256:{'0' * 64}"}
    del forged["digest"]
    index.write_text(json.dumps({**forged, "digest": digest(forged)}))
    assert run_prepare(tmp_path) == first


def test_an_index_that_was_changed_by_hand_or_copied_from_other_sources_is_written_again(
    tmp_path: Path, readings: list[str]
) -> None:
    first = run_prepare(tmp_path)
    index = index_of(tmp_path)
    whole = index.read_bytes()
    other = run_prepare(tmp_path, dataset={"excludeColumns": ["age"]})
    [others] = [path for path in index.parent.iterdir() if path != index]
    changed = whole.replace(first.digest.encode(), other.digest.encode())
    for content in (others.read_bytes(), changed, whole.replace(b'"missingTarget":0', b'"missingTarget":7')):
        assert content != whole
        index.write_bytes(content)
        assert run_prepare(tmp_path) == first
        assert index.read_bytes() == whole
    assert len(readings) == 5


def test_a_job_that_is_refused_leaves_no_index(tmp_path: Path) -> None:
    with pytest.raises(Exception, match="at most"):
        run_prepare(tmp_path, crossValidation={"folds": 50})
    assert not (tmp_path / "out").exists()


def test_a_file_that_is_written_while_it_is_read_is_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read = assemble.read_tables

    def write_meanwhile(*arguments: Any, **options: Any) -> Any:
        yield from read(*arguments, **options)
        with (tmp_path / "data.csv").open("a") as file:
            file.write("1,2,red,no\n")

    monkeypatch.setattr(assemble, "read_tables", write_meanwhile)
    with pytest.raises(SourceChangedError):
        run_prepare(tmp_path)
    assert not (tmp_path / "out").exists()
