"""`gridfold.open_run` on what `gridfold run` has left."""

import csv
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

import gridfold
from gridfold_notebook import Run, open_run
from gridfold_notebook.run import NoRunError
from tests.e2e.local_jobs import LocalJob


@pytest.fixture(scope="module")
def job(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalJob]:
    job = LocalJob(tmp_path_factory.mktemp("open"))
    job.write(search={"grid": [{"C": [0.1, 1.0]}, {"C": [10.0], "preprocessing.numeric.scale": ["Robust"]}]})
    code, _, err = job.run()
    assert code == 0, err
    yield job
    job.close()


@pytest.fixture
def run(job: LocalJob) -> Run:
    return open_run(job.folder / "out")


def rows(job: LocalJob) -> list[dict[str, str]]:
    with (job.results() / "results.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def test_every_number_is_that_of_the_table(job: LocalJob, run: Run) -> None:
    table, found = rows(job), run.cv_results_
    for name in ("mean_test_f1", "split2_test_accuracy", "std_test_recall", "mean_fit_time", "rank_test_f1"):
        assert [float(row[name]) for row in table] == found[name].tolist()
    assert found["params"][2] == {"C": 10.0, "preprocessing.numeric.scale": "Robust"}
    assert found["param_preprocessing.numeric.scale"].mask.tolist() == [True, True, False]
    best = run.best_index_
    assert found["rank_test_f1"][best] == 1
    assert run.best_score_ == float(table[best]["mean_test_f1"])
    assert run.best_params_ == json.loads(table[best]["params"])
    assert run.test_scores_ == json.loads((job.results() / "status.json").read_text())["test"]["scores"]


@pytest.mark.parametrize("form", ["output", "run", "text", "uri"])
def test_a_run_is_found_by_output_or_folder_as_path_text_or_uri(job: LocalJob, form: str) -> None:
    location = {
        "output": job.folder / "out",
        "run": job.results(),
        "text": f"{job.folder}/out/",
        "uri": f"file://{job.folder}/out",
    }[form]
    assert gridfold.open_run(location).status["job"]["name"] == "ill"


def test_the_model_says_what_the_model_card_says_it_does(job: LocalJob, run: Run) -> None:
    """In a process of its own: a cell's process never sees pandas, and a reader's has it."""
    program = (
        "import sys; sys.path.append(sys.argv[2])\n"
        "import gridfold, pandas\n"
        "run = gridfold.open_run(sys.argv[1])\n"
        "X = pandas.DataFrame({'age': [20.0, 80.0], 'dose': [9.0, 0.1], 'city': ['Rom', 'Oslo']})\n"
        "import warnings; warnings.simplefilter('error')\n"
        "print(run.load_model().predict(X).tolist(), run.table.shape, run.table.mean_test_f1.tolist())\n"
    )
    frames = Path(sys.prefix) / "gridfold-frames"
    done = subprocess.run(
        [sys.executable, "-c", program, str(job.folder / "out"), str(frames)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(f"['no', 'yes'] (3, {len(rows(job)[0])}) {run.cv_results_['mean_test_f1'].tolist()}")


def test_a_table_without_pandas_tells_what_to_do(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(ImportError, match="install pandas, or use cv_results_"):
        _ = run.table


def test_a_notebook_shows_the_report_in_a_frame_in_which_nothing_runs(job: LocalJob, run: Run) -> None:
    shown = run._repr_html_()
    assert re.match(r'<iframe title="Gridfold report" sandbox srcdoc="&lt;!doctype html', shown, re.IGNORECASE)
    assert shown.count('"') == 6 and "<script" not in shown
    assert str(job.results()) in repr(run)


def copy(job: LocalJob, to: Path) -> Path:
    subprocess.run(["cp", "-r", str(job.folder / "out"), str(to)], check=True)
    return to


def test_a_folder_that_was_moved_is_opened_where_it_is_now(job: LocalJob, tmp_path: Path) -> None:
    assert open_run(copy(job, tmp_path / "moved")).best_index_ == open_run(job.folder / "out").best_index_


@pytest.mark.parametrize("name", ["results.csv", "model.skops"])
def test_a_file_that_was_changed_is_not_believed(job: LocalJob, tmp_path: Path, name: str) -> None:
    out = copy(job, tmp_path / "out")
    (path,) = out.glob(f"runs/*/{name}")
    path.write_bytes(path.read_bytes() + b"\n")
    changed = open_run(out)
    with pytest.raises(NoRunError, match=f"{name} in .* is not the one that status.json names; run the job again"):
        _ = changed.cv_results_ if name == "results.csv" else changed.load_model()


def test_a_status_that_was_changed_is_not_believed(job: LocalJob, tmp_path: Path) -> None:
    out = copy(job, tmp_path / "out")
    (path,) = out.glob("runs/*/status.json")
    path.write_text(path.read_text().replace('"f1"', '"f2"', 1))
    with pytest.raises(NoRunError, match="not the one that latest.json names"):
        open_run(out)


def test_a_run_of_an_older_version_without_page_and_model_is_opened(job: LocalJob, tmp_path: Path) -> None:
    folder = copy(job, tmp_path / "out").joinpath("runs", job.results().name)
    status = json.loads((folder / "status.json").read_text())
    del status["files"]["model.skops"]
    status |= {"best": None, "summary": "<b>none</b>", "usage": "skops cannot store this model"}
    for name in ("report.html", "model.skops"):
        (folder / name).unlink()
    (folder / "status.json").write_text(json.dumps(status))
    old = open_run(folder)
    with pytest.raises(NoRunError, match="has no model.skops: skops cannot store this model"):
        old.load_model()
    with pytest.raises(NoRunError, match="has no winner: no cell has a score"):
        _ = old.best_params_
    assert "&lt;b&gt;none&lt;/b&gt;" in old._repr_html_()
    assert np.isfinite(old.cv_results_["mean_test_f1"]).all()


def test_what_is_no_run_tells_what_was_expected(tmp_path: Path) -> None:
    with pytest.raises(NoRunError, match="has no status.json; expected the output folder of a job that has ended"):
        open_run(tmp_path)
    with pytest.raises(NoRunError, match="has no status.json"):
        open_run(tmp_path / "nowhere")
    (tmp_path / "status.json").write_text("[]")
    with pytest.raises(NoRunError, match="is not one of Gridfold's"):
        open_run(tmp_path)
    (tmp_path / "latest.json").write_text("{}")
    with pytest.raises(NoRunError, match="damaged or not Gridfold's"):
        open_run(tmp_path)
    with pytest.raises(ValueError, match="expected a folder of this machine, a file: URI or an s3:// URI"):
        open_run("https://example.com/run")
    with pytest.raises(AttributeError, match="module 'gridfold' has no attribute 'open_runs'"):
        _ = gridfold.open_runs


def test_a_model_of_another_scikit_learn_warns_with_the_version_to_install(job: LocalJob, tmp_path: Path) -> None:
    folder = copy(job, tmp_path / "out").joinpath("runs", job.results().name)
    status = json.loads((folder / "status.json").read_text())
    status["versions"]["scikit-learn"] = "1.0"
    (folder / "status.json").write_text(json.dumps(status))
    with pytest.warns(UserWarning, match="install scikit-learn==1.0"):
        open_run(folder).load_model()
