"""Both sides of the oracle, each computed once, in processes of their own.

pandas and polars are on the path of those processes only: scikit-learn imports pandas wherever it sees it, and the
cells of the product never have it.
"""

import csv
import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from gridfold.api.handoff import ESTIMATOR_PREFIXES_VARIABLE
from tests.once import once, once_told
from tests.oracle.cases import CASES
from tests.oracle.site_check import SITE_VARIABLE
from tests.real_data import require, why_absent

HERE = Path(__file__).parent
FRAMES = Path(sys.prefix) / "gridfold-frames"
BOOSTERS = Path(sys.prefix) / "gridfold-boosters"
SECONDS = 600
STAGES = ("prepare", "cell", "together", "twins", "refit")
PARTS = 2  #: of the cases, computed at the same time

Computed = dict[str, Any]


def absent(name: str) -> str | None:
    """Return why a case cannot be run here: one of real data is named like its file."""
    package = CASES[name][1]["estimator"].partition(".")[0]
    if package != "sklearn" and not (BOOSTERS / package).exists():
        return f"{package} is not in {BOOSTERS}; `make test` installs it, on Linux"
    return why_absent(name) if name.endswith(".csv") else None


@pytest.fixture
def case_name(request: pytest.FixtureRequest) -> str:
    """The name of a case; the test is skipped where its data is not on this machine."""
    name: str = request.param
    reason = absent(name)
    if reason and name.endswith(".csv"):
        require(name)
    elif reason:
        pytest.skip(reason)
    return name


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with all cases, each with its table, for both sides to read."""
    return once(tmp_path_factory, "oracle", _write_cases)


def _write_cases(folder: Path) -> None:
    cases = {}
    for name, (table, case) in CASES.items():
        if absent(name):
            continue
        names, rows = table()
        path = folder / name / "data.csv"
        path.parent.mkdir()
        with path.open("w", newline="", encoding="utf-8") as lines:
            csv.writer(lines).writerows([names, *rows])
        cases[name] = {**case, "csv": str(path)}
    (folder / "cases.json").write_text(json.dumps(cases), encoding="utf-8")


def run(script: str, *arguments: str, frames: bool, site: Path | None = None) -> str:
    """Run a script in a process with one thread and return its standard output.

    `site` is where the product is installed; a script that has none must not need the product.
    """
    environment = dict(os.environ, OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1", PYTHONWARNINGS="ignore")
    environment[ESTIMATOR_PREFIXES_VARIABLE] = "lightgbm,xgboost"
    folders = [str(site or ""), os.environ.get("PYTHONPATH", ""), str(FRAMES) if frames else "", str(BOOSTERS)]
    environment[SITE_VARIABLE] = str(site)
    environment["PYTHONPATH"] = os.pathsep.join(filter(None, folders))
    command = [sys.executable, str(HERE / script), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=SECONDS, check=False)
    assert done.returncode == 0, done.stderr[-4000:]
    return done.stdout


@pytest.fixture(scope="session")
def sides(folder: Path, installed: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Computed, Computed]:
    """What the protocol's script and the installed product give, computed side by side."""
    script, product = once_told(tmp_path_factory, "oracle-sides", lambda: _compute(folder, installed))
    return script, product


def _compute(folder: Path, installed: Path) -> tuple[Computed, Computed]:
    with ThreadPoolExecutor() as pool:
        script = pool.submit(run, "protocol_script.py", str(folder / "cases.json"), frames=True)
        parts = list(pool.map(lambda part: _stages(folder, installed, part), range(PARTS)))
        product: Computed = {stage: {} for stage in STAGES}
        for part in parts:
            for stage, reports in part.items():
                product[stage].update(reports)
        return json.loads(script.result()), product


def _stages(folder: Path, installed: Path, part: int) -> Computed:
    """Run all stages of every PARTS-th case, from the part-th on."""
    reports = {}
    for stage in STAGES:
        run(
            "trainer_script.py",
            stage,
            str(folder),
            str(part),
            str(PARTS),
            frames=stage not in {"cell", "together"},
            site=installed,
        )
        reports[stage] = json.loads((folder / f"{stage}-{part}.json").read_text(encoding="utf-8"))
    return reports


@pytest.fixture(scope="session")
def script(sides: tuple[Computed, Computed]) -> Computed:
    """What the protocol's script gives, by case."""
    return sides[0]


@pytest.fixture(scope="session")
def product(sides: tuple[Computed, Computed]) -> Computed:
    """What the installed product's stages report, by stage and case; their files are in the cases' folders."""
    return sides[1]
