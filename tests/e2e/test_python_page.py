"""What docs/python.md shows runs as it stands there, where neither a cluster nor an MLflow server is needed."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.local_jobs import LIMIT_SECONDS, LocalJob
from tests.unit.pages.fences import FENCES

FRAMES = Path(sys.prefix) / "gridfold-frames"
BLOCKS = [fence for fence in FENCES if fence.page.name == "python.md" and fence.language == "python"]
#: What a reader of the section about a Pipeline has: the names that scikit-learn and pandas give, and a table.
BEFORE_PIPELINE = """
import gridfold
import pandas
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import MinMaxScaler, OneHotEncoder, StandardScaler
table = pandas.read_csv("rows.csv")
X, y = table.drop(columns="ill"), table.ill
"""


@pytest.fixture(scope="module")
def job(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalJob]:
    job = LocalJob(tmp_path_factory.mktemp("page"))
    job.write()
    code, _, err = job.run()
    assert code == 0, err
    yield job
    job.close()


def only(*words: str) -> str:
    """Return the one block that has these words, however the page is ordered."""
    (found,) = [block.text for block in BLOCKS if all(word in block.text for word in words)]
    return found


def execute(program: str, folder: Path) -> None:
    """Run a program in a process of its own: cells never see pandas, and a reader's has it."""
    start = f"import sys; sys.path.append({str(FRAMES)!r})\n"
    words = [sys.executable, "-W", "error", "-c", f"{start}{program}"]
    done = subprocess.run(words, cwd=folder, capture_output=True, text=True, timeout=LIMIT_SECONDS)
    assert done.returncode == 0, done.stderr


def test_a_run_is_opened_as_the_page_does(job: LocalJob) -> None:
    execute(only('open_run("out")'), job.folder)


def test_an_estimator_is_searched_as_the_page_does(tmp_path: Path) -> None:
    execute(only("load_breast_cancer"), tmp_path)


def test_a_pipeline_is_searched_as_the_page_does(job: LocalJob) -> None:
    execute(BEFORE_PIPELINE + only("ColumnTransformer("), job.folder)


def test_a_cluster_is_named_as_the_page_does(tmp_path: Path) -> None:
    first, *_ = ast.parse(only("gridfold.Cluster(")).body
    execute(f"import gridfold\n{ast.unparse(first)}", tmp_path)
