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
