"""`gridfold run` from the outside, with the real trainer."""

import csv
import json
import re
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from gridfold.api.status import State, TrainingJobStatus
from gridfold.domain.plan import Event
from gridfold_cli.local.processes import TRAINER
from gridfold_cli.local.session import run_job
from gridfold_cli.reading.documents import load_training_job
from gridfold_cli.reading.locations import relocate
from tests.e2e.local_jobs import LocalJob
from tests.unit.cli.processes import wait_until
from tests.unit.trainer.platform_package import install

#: Cells that take long enough to be interrupted.
SLOW = {"className": "sklearn.ensemble.RandomForestClassifier", "parameters": {"random_state": 0}}
#: Along n_estimators one fit would serve all cells, which would end together.
SLOW_GRID = {"grid": [{"n_estimators": [10]}, {"n_estimators": [400], "min_samples_leaf": [1, 2, 3]}]}


@pytest.fixture
def job(tmp_path: Path) -> Iterator[LocalJob]:
    job = LocalJob(tmp_path)
    yield job
    job.close()


def table(job: LocalJob, output: str = "out") -> list[dict[str, str]]:
    with (job.results(output) / "results.csv").open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_a_run_leaves_scores_of_every_fold_a_model_and_a_summary(job: LocalJob) -> None:
    job.write()
    code, out, err = job.run()
    assert code == 0, err
    rows = table(job)
    assert [row["index"] for row in rows] == ["0", "1", "2"]
    assert all(0 < float(row[f"split{fold}_test_f1"]) <= 1 for row in rows for fold in range(3))
    status = json.loads((job.results() / "status.json").read_text())
    assert status["dataset"]["rows"] == 120
    assert (job.results() / "model.skops").stat().st_size > 0
    assert json.loads((job.folder / "out/latest.json").read_text())
    assert re.search(r"^Cells +3: 3 computed$", out, re.MULTILINE)
    assert str(job.results()) in out
    code, out, err = job.command("replay", "1")
    assert code == 0, f"{out}\n{err}"
    assert "every digit: 3 folds of " in out
    assert "Other " not in out


def test_a_second_run_computes_nothing_and_finds_the_same(job: LocalJob) -> None:
    job.write()
    _, first, _ = job.run()
    cells, rows = job.cells(), table(job)
    code, second, _ = job.run()
    assert (code, job.cells(), table(job)) == (0, cells, rows)
    assert re.search(r"^Cells +3: 3 from the cache; nothing had to be computed again$", second, re.MULTILINE)
    assert [line for line in first.splitlines() if not line.startswith(("Cells", " "))] == [
        line for line in second.splitlines() if not line.startswith(("Cells", " "))
    ]


def test_an_edited_grid_computes_only_what_is_new(job: LocalJob) -> None:
    job.write()
    job.run()
    before = job.cells()
    job.write(search={"grid": [{"C": [0.1, 1.0, 10.0, 100.0]}]})
    code, out, _ = job.run()
    assert code == 0
    assert re.search(r"^Cells +4: 3 from the cache, 1 computed$", out, re.MULTILINE)
    assert before.items() <= job.cells().items()


@pytest.mark.parametrize("number", [signal.SIGINT, pytest.param(signal.SIGTERM, marks=pytest.mark.long)])
def test_an_interrupted_run_leaves_nothing_and_the_next_one_continues(job: LocalJob, number: signal.Signals) -> None:
    job.write(estimator=SLOW, search=SLOW_GRID)
    process = job.start()
    wait_until(lambda: len(job.cells()) >= 1, seconds=60)
    process.send_signal(number)
    code, _, err = job.finish(process)
    assert code == 130
    assert "continues there" in err
    assert job.trainers() == {}
    assert list((job.folder / "tmp").iterdir()) == []
    assert list((job.folder / "out").rglob("*part*")) == []
    kept = job.cells()
    assert 1 <= len(kept) < 4
    code, out, _ = job.run()
    assert code == 0
    assert f"{len(kept)} from the cache, {4 - len(kept)} computed" in out
    assert kept.items() <= job.cells().items()


def prepare_is_there(job: LocalJob) -> bool:
    return len(job.trainers()) >= 2  # it, and the server that starts it


def two_cells_work(job: LocalJob) -> bool:
    """Tell whether the server has two cells, each with its supervisor."""
    commands = [" ".join(words) for words in job.trainers().values()]
    return len(commands) >= 5 and not any(" prepare " in command for command in commands)


@pytest.mark.parametrize("moment", [prepare_is_there, two_cells_work])
def test_when_the_command_line_is_killed_its_processes_end_and_its_folder_goes(
    job: LocalJob, moment: Callable[[LocalJob], bool]
) -> None:
    job.write(estimator=SLOW, search={"grid": [{"n_estimators": [20000], "min_samples_leaf": [1, 2]}]})
    process = job.start()
    wait_until(lambda: moment(job), seconds=60)
    process.kill()
    job.finish(process)
    wait_until(lambda: job.trainers() == {}, seconds=20)
    assert list((job.folder / "tmp").iterdir()) == []


@pytest.mark.long
def test_prepared_data_that_is_damaged_while_cells_run_is_prepared_again_and_every_score_is_right(
    job: LocalJob,
) -> None:
    # Rows that are prepared otherwise are another process's, which starts when the one before has ended.
    scales = ["Standard", "Robust", "MinMax", "None"]
    grid = {"n_estimators": [200], "min_samples_leaf": [1, 2], "preprocessing.numeric.scale": scales}
    job.write(estimator=SLOW, search={"grid": [grid]}, execution={"parallelism": 1})
    process = job.start()
    wait_until(lambda: job.cells() != {})
    (matrix,) = (job.folder / "out/cache/prepared").glob("*/X.npy")
    whole = matrix.read_bytes()
    other = matrix.with_name("damaged")
    other.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    other.replace(matrix)  # a cell that has the file mapped keeps what it has
    code, out, err = job.finish(process)
    assert code == 0, err
    assert re.search(
        r"^PreparedCorrupt: prepared again: cell [0-7] found it damaged: .*X.npy has the BLAKE3", err, re.M
    )
    assert re.search(r"^Cells +8: 8 computed$", out, re.MULTILINE)
    assert matrix.read_bytes() == whole
    assert job.run("--output", "untouched")[0] == 0
    assert scores(job, "out") == scores(job, "untouched")


def test_a_cell_that_runs_out_of_time_fails_alone(job: LocalJob) -> None:
    job.write(
        estimator=SLOW,
        search={"grid": [{"n_estimators": [5, 100000]}]},
        execution={"cellTimeoutSeconds": 10},
    )
    code, out, _ = job.run()
    assert code == 0
    assert re.search(r"^Cells +2: 1 computed, 1 failed$", out, re.MULTILINE)
    assert "cellTimeoutSeconds" in table(job)[1]["error"]


def test_a_combination_that_the_estimator_refuses_is_infeasible_and_no_failure(job: LocalJob) -> None:
    job.write(search={"grid": [{"solver": ["lbfgs", "liblinear"], "dual": [True]}]})
    code, out, _ = job.run()
    assert code == 0
    assert re.search(r"^Cells +2: 1 computed, 1 infeasible$", out, re.MULTILINE)


@pytest.mark.long
@pytest.mark.parametrize(("target", "options", "expected"), [("0.01", ["--require-targets"], 0), ("0.999", [], 0)])
def test_targets_decide_the_exit_code_only_where_they_are_required(
    job: LocalJob, target: str, options: list[str], expected: int
) -> None:
    job.write(scoring={"targets": {"f1": target}})
    assert job.run(*options)[0] == expected


def test_missed_targets_that_are_required_end_with_3(job: LocalJob) -> None:
    job.write(scoring={"targets": {"f1": "0.999"}})
    code, out, _ = job.run("--require-targets")
    assert code == 3
    assert re.search(r"^Targets +missed: f1", out, re.MULTILINE)


def test_the_output_option_moves_results_and_cache(job: LocalJob) -> None:
    job.write()
    assert job.run("--output", "elsewhere/here")[0] == 0
    assert len(job.cells("elsewhere/here")) == 3
    assert not (job.folder / "out").exists()


def test_missing_data_ends_with_1_and_says_what_is_missing(job: LocalJob) -> None:
    job.write(dataset={"sources": [{"uri": "file:nowhere.csv"}], "target": "ill"})
    code, out, err = job.run()
    assert (code, out) == (1, "")
    assert "nowhere.csv" in err
    assert "Traceback" not in err


def test_all_problems_of_data_and_grid_come_at_once(job: LocalJob) -> None:
    job.write(
        dataset={"sources": [{"uri": "file:rows.csv"}], "target": "ill", "excludeColumns": ["missing_1", "missing_2"]}
    )
    code, _, err = job.run()
    assert code == 1
    assert "missing_1" in err
    assert "missing_2" in err
    assert job.cells() == {}


class NoDisplay:
    def show_event(self, event: Event) -> None:
        """Nobody looks."""

    def show_status(self, status: TrainingJobStatus) -> None:
        """Nobody looks."""


def scores(job: LocalJob, output: str) -> list[dict[str, str]]:
    """Return every digit of the results, times, and who shared work, left out."""
    return [
        {name: text for name, text in row.items() if "time" not in name and name != "shared"}
        for row in table(job, output)
    ]


def test_a_forked_cell_has_the_scores_of_a_fresh_process_bit_for_bit(job: LocalJob) -> None:
    grid = {"grid": [{"n_estimators": [3, 8], "max_features": [{"float": 1.0}, "sqrt"]}]}
    path = job.write(estimator={"className": SLOW["className"]}, search=grid)
    fresh = (sys.executable, "-B", "-m", "gridfold_trainer")
    for output, command in (("forked/", TRAINER), ("fresh/", fresh)):
        moved = relocate(load_training_job(path), f"file:{output}")
        assert run_job(moved, job.folder, NoDisplay(), command).state is State.COMPLETE
    assert scores(job, "forked") == scores(job, "fresh")
    assert sorted(job.cells("forked")) == sorted(job.cells("fresh"))


@pytest.mark.long
def test_an_estimator_of_a_package_that_the_platform_allows_is_tuned_and_a_new_version_of_it_computes_anew(
    job: LocalJob, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(job.folder / "site", version="1.2")
    monkeypatch.setenv("PYTHONPATH", str(job.folder / "site"))
    job.write(estimator={"className": "acme_models.Stump"}, search={"grid": [{"criterion": ["gini", "entropy"]}]})
    code, _, err = job.run()
    assert code == 2
    assert "spec.estimator.className is" in err
    assert "trainer.estimatorPrefixes" in err

    monkeypatch.setenv("GRIDFOLD_ESTIMATOR_PREFIXES", "acme_models")
    code, _, err = job.run()
    assert code == 0, err
    status = json.loads((job.results() / "status.json").read_text())
    assert status["versions"]["Acme-Models"] == "1.2"
    assert "acme_models.Stump" in status["trustedTypes"]
    cells = job.cells()
    assert (job.run()[0], job.cells()) == (0, cells)
    install(job.folder / "site", version="1.3")
    assert job.run()[0] == 0
    assert len(job.cells()) == 2 * len(cells)
