"""`gridfold report`: where the page goes, what is said of it, and what happens where it cannot go there."""

import webbrowser
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from gridfold.api.inspection import ResultsReport
from gridfold_cli.commands import report as command
from gridfold_cli.errors import InvalidInputError
from tests.unit.cli.api_server import job_path
from tests.unit.cli.cluster_cli import Cli, complete, failed, running, s3_job
from tests.unit.cli.jobs import document, with_spec

Write = Callable[[dict[str, Any]], Path]
Run = Callable[..., Result]


@pytest.fixture
def run(write_job: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs the command on a job of whose run the trainer makes a page."""

    def made(_job: object, _base: object, question: tuple[str, ...], _answer: object) -> ResultsReport:
        Path(question[question.index("--html") + 1]).write_text("<page>")
        return ResultsReport(run=f"{place}runs/1-a/", status={"summary": "it went well"})

    place = "file:results/"
    monkeypatch.setattr(command, "inspect", made)
    monkeypatch.chdir(tmp_path)

    def start(*options: str, uri: str = "file:results/") -> Result:
        nonlocal place
        place = uri
        path = write_job(with_spec(document(), output={"uri": uri}))
        (path.parent / "results/runs/1-a").mkdir(parents=True, exist_ok=True)
        return CliRunner().invoke(command.report, [str(path), *options], catch_exceptions=False)

    return start


@pytest.mark.parametrize(
    ("uri", "options", "where"),
    [
        ("file:results/", (), "results/runs/1-a/report.html"),
        ("file:results/", ("--html", "mine.html"), "mine.html"),
        ("s3://bucket/results/", (), "{name}-report.html"),
    ],
)
def test_the_page_lies_beside_the_results_or_where_it_is_wanted(
    run: Run, tmp_path: Path, uri: str, options: tuple[str, ...], where: str
) -> None:
    done = run(*options, uri=uri)
    path = tmp_path / where.format(name=document()["metadata"]["name"])
    assert done.exit_code == 0
    assert path.read_text() == "<page>"
    assert [line.rpartition("/")[2] for line in done.stdout.splitlines()] == [path.name, "it went well"]


def test_a_place_that_cannot_be_written_is_told_with_what_to_do(run: Run) -> None:
    with pytest.raises(InvalidInputError, match=r"none/x.html cannot be written: .*; name another file with --html"):
        run("--html", "none/x.html")


@pytest.mark.parametrize(("opened", "code"), [(True, 0), (False, 1)])
def test_a_browser_is_given_the_page(run: Run, monkeypatch: pytest.MonkeyPatch, opened: bool, code: int) -> None:
    asked: list[str] = []
    monkeypatch.setattr(webbrowser, "open", lambda address: asked.append(address) or opened)
    done = run("--open")
    assert done.exit_code == code
    assert [address.startswith("file:///") and address.endswith("/report.html") for address in asked] == [True]
    assert ("no browser could be started here" in done.stderr) is not opened


def stored(cli: Cli, status: dict[str, Any]) -> None:
    """Have the cluster know a job with a spec."""
    known = cli.cluster.job("small")
    cli.cluster.put(job_path("small"), {**known, "spec": s3_job()["spec"]})
    cli.cluster.job("small", status)


def of_trainer(monkeypatch: pytest.MonkeyPatch, run: str = "s3://models/small/runs/1-a/") -> list[tuple[Any, Path]]:
    """Have the trainer make a page of whatever it is asked about, and return what that was."""
    asked: list[tuple[Any, Path]] = []

    def made(job: Any, base: Path, question: tuple[str, ...], _answer: object) -> ResultsReport:
        asked.append((job, base))
        Path(question[question.index("--html") + 1]).write_text("<page>")
        return ResultsReport(run=run, status={"summary": "it went well"})

    monkeypatch.setattr(command, "inspect", made)
    return asked


@pytest.mark.parametrize("run", ["s3://models/small/runs/1-a/", "file:small/runs/1-a/"])
def test_the_page_of_a_job_of_the_cluster_is_made_from_its_storage_into_the_current_folder(
    cli: Cli, monkeypatch: pytest.MonkeyPatch, run: str
) -> None:
    stored(cli, complete(3))
    asked = of_trainer(monkeypatch, run)
    done = cli("report", "tj/small")
    assert (done.code, done.out) == (0, "small-report.html\nit went well\n")
    assert (cli.folder / "small-report.html").read_text() == "<page>"
    assert "AWS_ACCESS_KEY_ID" in done.err
    (job, _), *more = asked
    assert (job.metadata.name, job.spec.output.uri, more) == ("small", "s3://models/small/", [])


def test_a_failed_job_may_have_a_run_to_report_on_and_one_that_runs_has_none_yet(
    cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = of_trainer(monkeypatch)
    stored(cli, failed("TooManyFailedCells", "no luck"))
    assert cli("report", "small").code == 0
    stored(cli, running(1, 3))
    done = cli("report", "small", "-n", "team")
    assert (done.code, len(asked)) == (1, 1)
    assert done.err == (
        "small has no results yet: it is Running; `gridfold watch small -n team` follows it to its end\n"
    )


def test_an_edit_that_the_operator_has_not_seen_is_told(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    of_trainer(monkeypatch)
    stored(cli, {**complete(3), "observedGeneration": 0})
    assert "small was edited a moment ago" in cli("report", "small").err


def test_without_rights_no_storage_is_read_and_it_is_said_what_to_ask_for(
    cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = of_trainer(monkeypatch)
    cli.cluster.refused["GET", "trainingjobs"] = (403, 'trainingjobs is forbidden: User "me" cannot get')
    done = cli("report", "small")
    assert (done.code, asked) == (1, [])
    assert 'User "me" cannot get' in done.err
    assert "the ClusterRoles edit and view" in done.err


def test_another_output_folder_is_for_files(cli: Cli) -> None:
    done = cli("report", "small", "--output", "elsewhere")
    assert done.code == 2
    assert "--output is for files, and small is a name" in done.err
