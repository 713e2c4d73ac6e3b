"""A whole run whose processes have several cells each, with the real trainer; one cell takes its process down."""

import csv
from collections import Counter
from pathlib import Path

import pytest

from gridfold.api.status import State
from gridfold_cli.local.session import run_job
from gridfold_cli.reading.documents import load_training_job
from tests.e2e.local_jobs import LocalJob
from tests.e2e.test_local_run import NoDisplay
from tests.unit.trainer.platform_package import install

DEADLY = """
import os, signal
from sklearn.tree import DecisionTreeClassifier


class Deadly(DecisionTreeClassifier):
    def fit(self, X, y):
        with open(os.environ["FITS"], "a") as fits:
            fits.write(f"{self.max_depth}\\n")
        if self.max_depth == 5:
            os.kill(os.getpid(), signal.SIGSEGV)
        return super().fit(X, y)
"""

DEPTHS = [2, 5, 3, 4]


def test_only_the_cell_that_takes_its_process_down_has_failed_and_no_other_is_fitted_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(tmp_path / "site")
    (tmp_path / "site/acme_models/deadly.py").write_text(DEADLY)
    for name, value in (("PYTHONPATH", "site"), ("FITS", "fits"), ("TMPDIR", "tmp")):
        monkeypatch.setenv(name, str(tmp_path / value))
    (tmp_path / "tmp").mkdir()
    monkeypatch.setenv("GRIDFOLD_ESTIMATOR_PREFIXES", "acme_models")
    job = LocalJob(tmp_path)
    search = {"grid": [{"max_depth": DEPTHS}]}
    path = job.write(
        estimator={"className": "acme_models.deadly.Deadly"}, search=search, execution={"retries": 0, "parallelism": 1}
    )
    status = run_job(load_training_job(path), tmp_path, NoDisplay())
    assert status.state is State.COMPLETE
    assert status.cells is not None
    assert status.best is not None
    assert (status.cells.succeeded, status.cells.failed, status.cells.cached) == (3, 1, 0)
    with (job.results() / "results.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [row["outcome"] for row in rows] == ["succeeded", "failed", "succeeded", "succeeded"]
    assert "SIGSEGV" in rows[1]["error"]
    fits = Counter((tmp_path / "fits").read_text().split())
    fits[str(DEPTHS[0])] -= 1  # prepare looks whether its model can be stored
    del fits[str(DEPTHS[status.best.cell])]  # refit fits it again
    assert fits.pop("5") == 3, "with all others, with one half of them, then alone"
    assert set(fits.values()) == {3}, "a fit of each fold"
