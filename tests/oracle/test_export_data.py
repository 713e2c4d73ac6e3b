"""What `gridfold export` prints reads, cleans and types every form of data as the product does."""

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from gridfold.api.validation import parse_training_job
from tests.once import once, once_told
from tests.oracle.compared import check_style, check_table, check_winner
from tests.oracle.conftest import FRAMES, run
from tests.oracle.export_data import CASES
from tests.oracle.exported import DOCUMENT, SCRIPT, script_of

every_case = pytest.mark.parametrize("name", sorted(CASES))


@pytest.fixture(scope="module")
def jobs(tmp_path_factory: pytest.TempPathFactory, installed: Path) -> Path:
    """A folder with a folder for each job: its files, its spec, its exported script; every stage has been run."""
    return once(tmp_path_factory, "export-data", lambda folder: _run_all(folder, installed))


def _run_all(folder: Path, installed: Path) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "path", [*sys.path, str(FRAMES)])
        for name, case in CASES.items():
            (folder / name).mkdir()
            case.write(folder / name)
    for name, case in CASES.items():
        document = {
            "apiVersion": "gridfold.dev/v1alpha1",
            "kind": "TrainingJob",
            "metadata": {"name": name},
            "spec": case.spec(),
        }
        (folder / name / DOCUMENT).write_text(json.dumps(document), encoding="utf-8")
    run("exported.py", str(folder), frames=False, site=installed)
    run("stages_runner.py", str(folder), frames=True, site=installed)


@pytest.fixture(scope="module")
def reports(jobs: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What the exported scripts print, by job."""

    def compute() -> Any:
        return json.loads(run("export_runner.py", str(jobs), SCRIPT, frames=True))

    found: dict[str, Any] = once_told(tmp_path_factory, "export-data-reports", compute)
    return found


@every_case
def test_the_script_gives_every_number_of_the_product(name: str, reports: dict[str, Any], jobs: Path) -> None:
    assert "winner" in reports[name]
    check_table(reports[name], jobs / name)
    check_winner(reports[name], jobs / name)


BUCKETS = """
import os
from pathlib import Path

PAGES, ROOT = 2, Path(os.environ["BUCKETS"])


class Body:
    def __init__(self, path):
        self.read = path.read_bytes


class Client:
    def __init__(self, endpoint_url=None, region_name=None, config=None):
        self.root = ROOT / endpoint_url.rpartition("/")[2]
        assert config.s3 == {"addressing_style": "path"}

    def get_object(self, Bucket, Key):
        return {"Body": Body(self.root / Bucket / Key)}

    def get_paginator(self, operation):
        assert operation == "list_objects_v2"
        return self

    def paginate(self, Bucket, Prefix):
        top = self.root / Bucket
        paths = sorted(path for path in top.rglob("*") if path.is_file())
        items = [{"Key": str(path.relative_to(top)), "Size": path.stat().st_size} for path in paths]
        items = [item for item in items if item["Key"].startswith(Prefix)][::-1]
        yield from ({"Contents": items[at : at + PAGES]} for at in range(0, len(items), PAGES))
        yield {}


def client(service, **options):
    assert service == "s3"
    return Client(**options)
"""
CONFIG = """
class Config:
    def __init__(self, s3):
        self.s3 = s3
"""


def test_a_script_reads_buckets_as_it_reads_folders(
    jobs: Path, reports: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = CASES["pattern-and-folder"]
    case.write(tmp_path / "buckets/one/data")
    case.write(tmp_path / "buckets/two/more")
    (tmp_path / "fake/botocore").mkdir(parents=True)
    (tmp_path / "fake/boto3.py").write_text(BUCKETS)
    (tmp_path / "fake/botocore/config.py").write_text(CONFIG)
    spec = case.spec()
    spec["storage"] = {"endpoint": "http://one"}
    spec["dataset"]["sources"] = [
        {"uri": "s3://data/p/b-*.csv"},
        {"uri": "s3://more/q/**/*.csv", "storage": {"endpoint": "https://two"}},
    ]
    document = {
        "apiVersion": "gridfold.dev/v1alpha1",
        "kind": "TrainingJob",
        "metadata": {"name": "buckets"},
        "spec": spec,
    }
    script = tmp_path / "job" / SCRIPT
    script.parent.mkdir()
    script.write_text(script_of(parse_training_job(document)))
    check_style([script])
    monkeypatch.setenv("BUCKETS", str(tmp_path / "buckets"))
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "fake"))
    found = json.loads(run("export_runner.py", str(tmp_path), SCRIPT, frames=True))
    assert found["job"] == reports["pattern-and-folder"]


def test_every_script_is_formatted_and_names_nothing_in_vain(jobs: Path) -> None:
    check_style(jobs.glob(f"*/{SCRIPT}"))


def test_a_script_notices_that_a_pinned_source_has_changed(jobs: Path, tmp_path: Path) -> None:
    changed = tmp_path / "pinned"
    changed.mkdir()
    for path in (jobs / "pinned").iterdir():
        if path.is_file():
            (changed / path.name).write_bytes(path.read_bytes())
    with (changed / "a.csv").open("a") as lines:
        lines.write("1,1,x,1,,same,2024-01-01,row,1\n")
    (report,) = json.loads(run("export_runner.py", str(tmp_path), SCRIPT, frames=True)).values()
    assert report.startswith("The data has changed: SHA-256 is ")
