"""Where --output leads, and where a file: URI leads."""

from pathlib import Path

import pytest

from gridfold.api.v1alpha1 import Output
from gridfold_cli.errors import InvalidInputError
from gridfold_cli.reading.locations import local_path, relocate
from tests.unit.cli.jobs import training_job


@pytest.mark.parametrize(
    ("given", "uri"),
    [
        ("s3://bucket/folder/", "s3://bucket/folder/"),
        ("s3://bucket/folder", "s3://bucket/folder/"),
        ("s3://bucket", "s3://bucket/"),
        ("file:out/", "file:out/"),
        ("file:out", "file:out/"),
        ("file:///srv/out", "file:///srv/out/"),
        ("/srv/out", "file:/srv/out/"),
    ],
)
def test_a_location_becomes_the_uri_of_a_folder(given: str, uri: str) -> None:
    assert relocate(training_job(), given).spec.output == Output(uri=uri)


def test_a_plain_path_starts_at_the_current_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert relocate(training_job(), "out").spec.output.uri == f"file:{tmp_path}/out/"


def test_results_and_cache_move_together() -> None:
    job = training_job()
    job = job.model_copy(
        update={"spec": job.spec.model_copy(update={"output": Output(uri="s3://a/b/", cache_uri="s3://c/d/")})}
    )
    moved = relocate(job, "s3://x/y/")
    assert (moved.spec.output.uri, moved.spec.cache_uri) == ("s3://x/y/", "s3://x/y/cache/")
    assert moved.spec.dataset == job.spec.dataset


@pytest.mark.parametrize("given", ["ftp://host/x", "s3:///x", "https://host/x", "s3:bucket", "file:", ""])
def test_any_other_location_is_refused(given: str) -> None:
    with pytest.raises(InvalidInputError, match="--output is .*; expected s3://BUCKET/FOLDER/, file:FOLDER/ or a path"):
        relocate(training_job(), given)


@pytest.mark.parametrize(
    ("uri", "path"),
    [("file:a/b/", "/base/a/b"), ("file:/a/b", "/a/b"), ("file:///a/b", "/a/b"), ("file:../a", "/a")],
)
def test_a_file_uri_leads_from_the_folder_of_the_yaml_file(uri: str, path: str) -> None:
    assert local_path(uri, Path("/base")) == Path(path)


def test_other_uris_lead_nowhere_on_this_machine() -> None:
    assert local_path("s3://a/b", Path("/base")) is None
