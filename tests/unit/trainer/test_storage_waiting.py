"""Storage that is away: how long a process waits for it, what it loses, and what it says meanwhile."""

import hashlib
import os
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from subprocess import Popen
from typing import Any

import pytest

from gridfold.api.handoff import FailureReport, decode_report
from gridfold.api.v1alpha1 import Storage
from gridfold_trainer import termination
from gridfold_trainer.errors import (
    AccessDeniedError,
    HostUnknownError,
    SourceChangedError,
    StorageRefusedError,
    StorageUnreachableError,
)
from gridfold_trainer.storage.addresses import LAPTOP
from gridfold_trainer.storage.downloads import Patience
from gridfold_trainer.storage.patient_store import PatientStore
from gridfold_trainer.storage.s3_store import Access, S3Store
from gridfold_trainer.storage.waiting import Outage, Waiting
from tests.unit.trainer.data_jobs import stage_input
from tests.unit.trainer.scripted_s3 import Answer, free_port, refusal, serving

URI = "s3://data/a.csv"
BODY = bytes(range(256)) * 8192
HALF = len(BODY) // 2
REST = Answer(206, BODY[HALF:], headers={"Content-Range": f"bytes {HALF}-{len(BODY) - 1}/{len(BODY)}"})
PAGE = (
    "<ListBucketResult><EncodingType>url</EncodingType><IsTruncated>{more}</IsTruncated>"
    "<Contents><Key>{key}</Key><Size>1</Size></Contents>{token}</ListBucketResult>"
)


@dataclass
class Time:
    """A clock that goes on when somebody sleeps."""

    now: float = 0.0
    pauses: list[float] = field(default_factory=list)
    notices: list[StorageUnreachableError | None] = field(default_factory=list)

    def sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self.now += seconds

    def waiting(self, most: float = 600, least: float = 20) -> Waiting:
        return Waiting(most, least, self.notices.append, lambda: self.now, self.sleep, began=0.0)


def waited(worked: float, most: float = 600) -> float:
    """Return how long a process that has worked for some seconds waits for storage that never answers."""
    clock = Time(now=worked)
    outage = Outage(clock.waiting(most))
    with pytest.raises(StorageUnreachableError, match=r"away\. It was tried for \d+ s"):
        while True:
            outage.wait(StorageUnreachableError("away."))
    return clock.now - worked


@pytest.mark.parametrize(("worked", "waits"), [(0, 20), (5, 20), (90, 90), (600, 600), (36000, 600)])
def test_a_process_waits_as_long_as_it_has_worked_within_bounds(worked: float, waits: float) -> None:
    assert waited(worked) == pytest.approx(waits)


def test_pauses_grow_up_to_a_quarter_of_a_minute_and_are_spread() -> None:
    clock = Time(now=1000)
    outage = Outage(clock.waiting())
    for _ in range(10):
        outage.wait(StorageUnreachableError("away."))
    limits = [1, 2, 4, 8, 15, 15, 15, 15, 15, 15]
    assert all(limit / 2 <= pause <= limit for pause, limit in zip(clock.pauses, limits, strict=True))
    assert len(set(clock.pauses)) == len(clock.pauses)
    assert len(clock.notices) == 1, "one word about it is enough"
    outage.over()
    assert clock.notices[-1] is None


@pytest.mark.parametrize("error", [SourceChangedError("changed"), HostUnknownError("who?")])
def test_what_waiting_does_not_help_is_raised_at_once_and_another_error_stays_what_it_is(
    error: StorageUnreachableError,
) -> None:
    outage = Outage(Time().waiting())
    with pytest.raises(type(error)):
        for _ in range(100):
            outage.wait(error)
    with pytest.raises(StorageUnreachableError, match="^away$"):
        Outage(Waiting()).wait(StorageUnreachableError("away"))


@pytest.fixture
def keys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("NO_PROXY", "*")
    (tmp_path / "AWS_ACCESS_KEY_ID").write_text("AKIDEXAMPLE")
    (tmp_path / "AWS_SECRET_ACCESS_KEY").write_text("secret")
    return tmp_path


@dataclass
class Patient:
    """A patient store, and the server that it asks."""

    store: PatientStore
    time: Time


@pytest.fixture
def patient(keys: Path) -> Iterator[Callable[[str], Patient]]:
    made: list[S3Store] = []

    def make(endpoint: str) -> Patient:
        clock = Time(now=100)
        waiting = clock.waiting()
        quick = Patience(2, 20, attempts=1, body_attempts=1, back_off_seconds=0.01, waiting=waiting)
        storage = Storage(endpoint=endpoint, region="us-east-1", credentials_secret_name="keys")
        made.append(S3Store(storage, Access(keys, None, LAPTOP, quick)))
        return Patient(PatientStore(made[-1], waiting), clock)

    yield make
    for store in made:
        store.close()


AWAY = [refusal(503, "SlowDown")] * 3
REQUESTS: dict[str, tuple[Callable[[PatientStore, Path], Any], Answer]] = {
    "get": (lambda store, folder: store.get(URI), Answer(body=b"x")),
    "put": (lambda store, folder: store.put(URI, b"x"), Answer()),
    "upload": (lambda store, folder: store.upload(URI, folder / "AWS_ACCESS_KEY_ID"), Answer()),
    "stat": (lambda store, folder: store.stat(URI), Answer(body=b"x")),
    "sha256": (lambda store, folder: store.sha256(URI), Answer(body=b"x")),
    "blake3": (lambda store, folder: store.blake3(URI), Answer(body=b"x")),
    "download": (lambda store, folder: store.download(URI, folder / "file"), Answer(body=b"x")),
    "list_uris": (
        lambda store, folder: list(store.list_uris(URI)),
        Answer(body=PAGE.format(more="false", key="a.csv", token="").encode()),
    ),
}


@pytest.mark.parametrize("name", REQUESTS)
def test_every_request_waits_until_storage_answers_again(
    name: str, patient: Callable[[str], Patient], keys: Path
) -> None:
    ask, good = REQUESTS[name]
    with serving(*AWAY, good) as script:
        made = patient(script.endpoint)
        ask(made.store, keys)
    assert len(script.requests) == 4
    assert len(made.time.pauses) == 3
    assert [type(notice) for notice in made.time.notices] == [StorageUnreachableError, type(None)]


@pytest.mark.parametrize("name", REQUESTS)
def test_what_does_not_pass_ends_a_request_at_once(name: str, patient: Callable[[str], Patient], keys: Path) -> None:
    with serving(refusal(403, "AccessDenied")) as script:
        made = patient(script.endpoint)
        with pytest.raises(AccessDeniedError):
            REQUESTS[name][0](made.store, keys)
    assert made.time.pauses == []


def test_a_download_that_waited_goes_on_where_it_was(patient: Callable[[str], Patient], keys: Path) -> None:
    with serving(Answer(body=BODY, sent=HALF), *AWAY, REST) as script:
        made = patient(script.endpoint)
        assert made.store.download(URI, keys / "file") == hashlib.sha256(BODY).hexdigest()
    assert script.requests[-1][2]["Range"] == f"bytes={HALF}-"


def test_a_listing_that_broke_off_yields_every_name_once(patient: Callable[[str], Patient]) -> None:
    first = PAGE.format(more="true", key="a", token="<NextContinuationToken>t</NextContinuationToken>").encode()
    last = PAGE.format(more="false", key="b", token="").encode()
    with serving(Answer(body=first), *AWAY, Answer(body=first), Answer(body=last)) as script:
        assert list(patient(script.endpoint).store.list_uris("s3://data/")) == ["s3://data/a", "s3://data/b"]


def test_a_server_that_never_comes_is_told_with_the_time_that_was_waited(patient: Callable[[str], Patient]) -> None:
    port = free_port()
    made = patient(f"http://127.0.0.1:{port}")
    with pytest.raises(StorageUnreachableError, match=r"refuses the connection.* It was tried for 100 s"):
        made.store.get(URI)


@pytest.mark.parametrize(("value", "most"), [("", 600), ("0", 0), ("30", 30)])
def test_the_environment_says_how_long(value: str, most: float) -> None:
    assert Waiting.of_environment({"GRIDFOLD_STORAGE_PATIENCE": value}, on_laptop=False).most_seconds == most
    with pytest.raises(StorageRefusedError, match="GRIDFOLD_STORAGE_PATIENCE is 'ten'"):
        Waiting.of_environment({"GRIDFOLD_STORAGE_PATIENCE": "ten"}, on_laptop=False)


def test_who_is_ended_while_waiting_has_left_word_and_who_goes_on_has_taken_it_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GRIDFOLD_TERMINATION_LOG", str(tmp_path / "message"))
    report = FailureReport(reason="StorageUnreachable", message="away")
    termination.leave_note(report)
    assert decode_report((tmp_path / "message").read_text()) == report
    termination.leave_note(None)
    assert termination.found_report() is None


def test_a_cell_whose_time_ends_while_it_waits_for_storage_has_not_taken_too_long(tmp_path: Path) -> None:
    """Exit 15 would end the cell for good. Its time is enough to come to the store, and below the patience there."""
    job = stage_input(execution={"cellTimeoutSeconds": 8})
    storage = Storage(endpoint=f"http://127.0.0.1:{free_port()}", region="us-east-1")
    output = job.spec.output.model_copy(update={"uri": "s3://data/out/", "cache_uri": "s3://data/cache/"})
    prepared = {
        "digest": "d",
        "environment": "e",
        "splitDigest": "s",
        "resolved": {"objective": "accuracy", "metrics": ["accuracy"]},
    }
    document = job.model_copy(update={"spec": job.spec.model_copy(update={"storage": storage, "output": output})})
    (tmp_path / "job.json").write_text(
        document.model_validate({**document.document(), "prepared": prepared, "cells": "0"}).model_dump_json(
            by_alias=True
        )
    )
    environment = {
        **os.environ,
        "GRIDFOLD_TERMINATION_LOG": str(tmp_path / "message"),
        "GRIDFOLD_BASE_FOLDER": str(tmp_path),
        "AWS_ACCESS_KEY_ID": "a",
        "AWS_SECRET_ACCESS_KEY": "b",
        "NO_PROXY": "*",
    }
    command = [sys.executable, "-m", "gridfold_trainer", "cell", "--job", str(tmp_path / "job.json")]
    with (tmp_path / "log").open("wb") as log:
        process = Popen(command, env=environment, stdout=log, stderr=log)
        assert process.wait(60) == 14, (tmp_path / "log").read_text()
    report = decode_report((tmp_path / "message").read_text())
    assert isinstance(report, FailureReport)
    assert (report.reason, "refuses the connection" in report.message) == ("StorageUnreachable", True)
