"""An output folder that is another job's is told before any cell runs."""

from pathlib import Path
from typing import Any

import pytest

from gridfold_trainer import prepare
from gridfold_trainer.errors import DataError
from gridfold_trainer.outcome.ownership import Latest, OutputInUseError, Owner
from tests.unit.trainer.data_jobs import TABLE, context, stage_input

pytestmark = pytest.mark.usefixtures("frames")


def run(folder: Path, owner: str | bytes, **changes: Any) -> object:
    content = owner
    if isinstance(owner, str):
        latest = Latest(owner=Owner(namespace="default", name=owner), run="file:out/runs/1/", status_sha256="0" * 64)
        content = latest.model_dump_json().encode()
    (folder / "data.csv").write_text(TABLE)
    (folder / "out").mkdir()
    (folder / "out/latest.json").write_bytes(content)
    return prepare.run(stage_input(**changes), context(folder))


def test_the_results_of_another_job_are_told_by_prepare_with_both_names(tmp_path: Path) -> None:
    words = r"output.uri is file:out/, which holds the results of TrainingJob default/other; this is default/job"
    with pytest.raises(OutputInUseError, match=words):
        run(tmp_path, "other")
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["latest.json"]


def test_a_folder_with_a_foreign_file_is_told_as_well(tmp_path: Path) -> None:
    with pytest.raises(OutputInUseError, match="not Gridfold's; name a folder of this job's own"):
        run(tmp_path, b"{}")


def test_it_is_told_together_with_everything_else(tmp_path: Path) -> None:
    with pytest.raises(DataError) as caught:
        run(tmp_path, "other", estimator={"parameters": {"c": 1}}, dataset={"positiveClass": "maybe"})
    assert [problem.split()[0] for problem in caught.value.problems] == [
        "spec.output.uri",
        "spec.estimator.parameters.c:",
        "spec.dataset.positiveClass",
    ]


def test_the_folder_of_this_job_and_a_folder_of_its_own_are_used(tmp_path: Path) -> None:
    assert run(tmp_path, "job")
    other = tmp_path / "elsewhere"
    other.mkdir()
    assert run(other, "other", output={"uri": "file:mine/"})  # the advice
