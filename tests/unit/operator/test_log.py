"""The operator's log: a line for each thing that happened, which says whose it is, whatever texts are in it."""

import json
import logging
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridfold.domain.visible_log import ENTRY_LIMIT
from gridfold.engine.ports import JobKey
from gridfold_operator.log import JsonFormatter, about, about_job, note_run
from tests.unit.operator.played_jobs import NAMESPACE, Played

HOSTILE = st.text(st.one_of(st.characters(), st.sampled_from('\x1b\x07\x00\n\u202e\u2066\ufeff\u2028\r\ud800"\\')))


class Lines(logging.Handler):
    """Keeps every line as it is written."""

    def __init__(self) -> None:
        super().__init__()
        self.setFormatter(JsonFormatter())
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(self.format(record))

    def read(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.lines]


@pytest.fixture
def log(caplog: pytest.LogCaptureFixture) -> Iterator[Lines]:
    handler = Lines()
    logging.getLogger().addHandler(handler)
    with caplog.at_level(logging.INFO):
        yield handler
    logging.getLogger().removeHandler(handler)


def line_of(text: str) -> str:
    """Return what a text becomes that is in a message and in an error."""
    try:
        raise ValueError(text)
    except ValueError as error:
        record = logging.LogRecord("n", 20, "p", 1, "column %s is odd", (text,), (ValueError, error, None))
    return JsonFormatter().format(record)


def test_every_line_about_a_job_says_namespace_job_and_run_and_those_about_a_wave_say_the_wave(
    monkeypatch: pytest.MonkeyPatch, log: Lines
) -> None:
    played, at_the_end = Played(), list[int]()

    async def story() -> None:
        played.create("job", 4, parallelism=2)
        await played.until(lambda: played.job("job").get("status", {}).get("state") == "Complete")
        await played.rest(10)
        at_the_end.append(len(log.lines))
        await played.rest(600)
        at_the_end.append(len(log.lines))

    played.run(monkeypatch, story)
    assert at_the_end[0] == at_the_end[1], "nothing happens, and nothing is told"
    told = [line for line in log.read() if "job" in line]
    run = played.job("job")["status"]["runDigest"]
    assert {(line["namespace"], line["job"], line["run"]) for line in told} == {(NAMESPACE, "job", run)}
    happened = [(line["message"].removeprefix(f"{NAMESPACE}/job: "), line.get("wave")) for line in told]
    wave = f"job-{run[:8]}-w0"
    assert [words for words, number in happened if number == 0] == [f"StartWave {wave}", f"SetTtl {wave}"]
    events = [event["reason"] for path, event in played.api.documents.items() if "/events/" in path]
    assert {"Preparing", "Prepared", "Completed"} <= {*events}
    kinds = [words.replace(":", "").split()[0] for words, _ in happened]
    actions = ["StartStage", "StartWave", "StartStage", "SetTtl", "SetTtl", "SetTtl"]
    assert sorted(kinds) == sorted([*events, *actions]), "each is told once"


def test_a_job_that_is_tried_again_is_told_with_its_run(monkeypatch: pytest.MonkeyPatch, log: Lines) -> None:
    played = Played()

    async def story() -> None:
        create = played.api.create

        async def fail(path: str, body: Any) -> Any:
            if path.endswith("/jobs"):
                raise ZeroDivisionError("of https://host/rows.csv?sig=hidden")
            return await create(path, body)

        monkeypatch.setattr(played.api, "create", fail)
        played.create("job", 1)
        await played.until(lambda: any("again in" in line for line in log.lines))

    played.run(monkeypatch, story)
    line = next(line for line in log.read() if "again in" in line["message"])
    assert (line["level"], line["namespace"], line["job"], len(line["run"])) == ("ERROR", NAMESPACE, "job", 64)
    assert line["exception"].startswith("Traceback (most recent call last):\n")
    assert line["exception"].endswith("\nZeroDivisionError: of https://host/rows.csv?…")


@given(HOSTILE)
def test_a_hostile_text_stays_in_its_one_line_where_nothing_of_it_is_seen_otherwise(text: str) -> None:
    line = line_of(text)
    assert not set(line) & set("\n\x00\x07\x1b\r\u202e\u2066\ufeff\u2028\ud800")
    found = json.loads(line)
    assert found.keys() == {"time", "level", "logger", "message", "exception"}
    assert found["message"].startswith("column ")


@pytest.mark.parametrize("text", ["x" * 10_000, "\n" * 10_000, '"' * 10_000, "\x00" * 10_000, "ü\n" * 10**6])
def test_a_line_is_bounded(text: str) -> None:
    line = line_of(text)
    found = json.loads(line)
    assert len(found["message"]) + len(found["exception"]) <= ENTRY_LIMIT
    assert len(line) <= 2 * ENTRY_LIMIT + 256  # a quotation mark, a backslash and a line break take two characters


def test_what_is_confidential_in_a_url_is_not_told() -> None:
    line = line_of("https://user:pass@host/rows.csv?X-Amz-Signature=abc failed; password=abc")
    assert not any(secret in line for secret in ("user", "pass@", "Amz", "abc"))
    assert line.count("https://…@host/rows.csv?… failed; password=…") == 2


def test_the_time_is_that_of_the_record_in_utc() -> None:
    record = logging.LogRecord("n", 20, "p", 1, "m", (), None)
    record.created = 0.25
    assert json.loads(JsonFormatter().format(record))["time"] == "1970-01-01T00:00:00.250Z"


def test_what_a_line_is_about_ends_with_its_block(log: Lines) -> None:
    note_run("of no block")
    with about(namespace="n"), about_job(JobKey("team", "pima")):
        note_run("r" * 64)
        with about(wave=0):
            logging.info("in")
        logging.info("out")
        with about_job(None), about(wave=None):
            logging.info("of nobody in particular")
    with about(namespace=""):
        logging.info("of all")
    known = [{name: line[name] for name in ("namespace", "job", "run", "wave") if name in line} for line in log.read()]
    job = {"namespace": "team", "job": "pima", "run": "r" * 64}
    assert known == [{**job, "wave": 0}, job, job, {}]


SCRIPT = """
import logging, warnings
from gridfold_operator.log import begin_log
begin_log()
begin_log("WARNING", "{}")
logging.getLogger("kopf.objects").warning("of\\nkopf")
logging.getLogger("gridfold_operator").info("untold")
warnings.warn("of\\nPython", stacklevel=1)
"""


def said(form: str) -> list[str]:
    script = [sys.executable, "-c", SCRIPT.format(form)]
    return subprocess.run(script, capture_output=True, text=True, timeout=60, check=True).stderr.splitlines()


def test_what_libraries_and_python_itself_tell_are_lines_as_well() -> None:
    kopf, python = map(json.loads, said("JSON"))
    assert (kopf["logger"], kopf["level"], kopf["message"]) == ("kopf.objects", "WARNING", "of\nkopf")
    assert (python["logger"], "UserWarning: of\nPython" in python["message"]) == ("py.warnings", True)


def test_as_text_a_line_is_for_people() -> None:
    first, second, *_ = said("Text")
    assert first.endswith(" WARNING kopf.objects of")
    assert second == "    kopf"
