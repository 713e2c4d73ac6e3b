"""What `gridfold export` prints computes what the product computes: every float of every case, bit for bit."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.once import once, once_told
from tests.oracle.cases import CASES
from tests.oracle.compared import check_style, check_table, check_winner
from tests.oracle.conftest import absent, run
from tests.oracle.exported import DOCUMENT, SCRIPT
from tests.oracle.trainer_script import spec_of

every_case = pytest.mark.parametrize("case_name", sorted(CASES), indirect=True)


def document(case: dict[str, Any]) -> dict[str, Any]:
    """Return a case as its user would write it."""
    return {
        "apiVersion": "gridfold.dev/v1alpha1",
        "kind": "TrainingJob",
        "metadata": {"name": "case", "namespace": "oracle"},
        "spec": spec_of(case),
    }


@pytest.fixture(scope="session")
def scripts(folder: Path, installed: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The exported script of every case, in the folder of its data."""
    found = {name: folder / name / SCRIPT for name in CASES if not absent(name)}

    def export(_: Path) -> None:
        for name in found:
            (folder / name / DOCUMENT).write_text(json.dumps(document(CASES[name][1])), encoding="utf-8")
        run("exported.py", str(folder), frames=False, site=installed)

    once(tmp_path_factory, "oracle-exported", export)
    return found


@pytest.fixture(scope="session")
def reports(scripts: dict[str, Path], folder: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What the exported scripts print, by case."""

    def compute() -> Any:
        return json.loads(run("export_runner.py", str(folder), SCRIPT, frames=True))

    found: dict[str, Any] = once_told(tmp_path_factory, "oracle-reports", compute)
    return found


@every_case
def test_the_script_gives_every_fold_score_mean_std_and_rank_of_the_table(
    case_name: str, reports: dict[str, Any], product: dict[str, Any], folder: Path
) -> None:
    check_table(reports[case_name], folder / case_name)


@every_case
def test_the_script_gives_the_winner_and_its_validation_and_test_scores(
    case_name: str, reports: dict[str, Any], product: dict[str, Any], folder: Path
) -> None:
    check_winner(reports[case_name], folder / case_name)


def test_every_script_is_formatted_and_has_neither_unused_nor_missing_names(scripts: dict[str, Path]) -> None:
    check_style(scripts.values())
