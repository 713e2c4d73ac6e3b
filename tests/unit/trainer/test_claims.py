"""Whose an output folder is while its job runs: one job has it, also of two that begin at once."""

import math
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridfold.api.handoff import StageInput
from gridfold_trainer.errors import AccessDeniedError, DataError, ObjectMissingError, StorageUnreachableError
from gridfold_trainer.outcome import claims
from gridfold_trainer.outcome.ownership import LATEST, Latest, OutputInUseError, Owner
from gridfold_trainer.storage.context import Context
from gridfold_trainer.storage.stores import GET_LIMIT_BYTES, ObjectStat
from tests.unit.trainer.data_jobs import context, stage_input

URI = "s3://models/out/"
START = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass
class Server:
    """An S3 server that tells times in whole seconds, and what was there at a moment."""

    now: float = 0.0
    objects: dict[str, tuple[bytes, float]] = field(default_factory=dict)
    may_delete: bool = True

    def get(self, uri: str, limit_bytes: int = GET_LIMIT_BYTES) -> bytes:
        if uri not in self.objects or self.objects[uri][1] > self.now:
            raise ObjectMissingError(uri)
        return self.objects[uri][0]

    def put(self, uri: str, content: bytes) -> None:
        self.objects[uri] = (content, self.now)

    def delete(self, uri: str) -> None:
        if not self.may_delete:
            raise AccessDeniedError("no right to delete")
        self.objects.pop(uri, None)

    def list_objects(self, prefix: str) -> Iterator[tuple[str, ObjectStat]]:
        for uri, (content, written) in sorted(self.objects.items()):
            if uri.startswith(prefix) and written <= self.now:
                yield uri, ObjectStat(len(content), "", START + timedelta(seconds=math.floor(written)))

    def local_path(self, uri: str) -> None:
        return None


def named(name: str, uid: str = "") -> StageInput:
    job = stage_input()
    output = job.spec.output.model_copy(update={"uri": URI})
    return job.model_copy(update={"name": name, "uid": uid, "spec": job.spec.model_copy(update={"output": output})})


def on(server: Server, tmp: Path = Path()) -> Context:
    return Context(server, tmp)  # type: ignore[arg-type]


def hold(server: Server, job: StageInput) -> None:
    """Prepare a job's data at once, so that it has to wait for its claim to settle."""

    def sleep(seconds: float) -> None:
        server.now += seconds

    with claims.held(job, on(server), sleep):
        pass


@given(st.lists(st.tuples(st.floats(0, 5), st.floats(0, 3)), min_size=2, max_size=5))
def test_whenever_jobs_write_and_look_exactly_one_has_the_folder(moments: list[tuple[float, float]]) -> None:
    """Each looks at least as long after its own claim as it takes a server's clock to go on."""
    server = Server()
    jobs = [named(f"job-{number}") for number in range(len(moments))]
    for job, (written, _) in zip(jobs, moments, strict=True):
        server.now = written
        claims._claim(job, on(server))
    winners = []
    for job, (written, later) in zip(jobs, moments, strict=True):
        server.now = written + claims.SETTLED_SECONDS + later
        try:
            claims.check(job, on(server))
            winners.append(job.name)
        except OutputInUseError:
            continue
    assert len(winners) == 1


def test_a_second_job_is_told_who_has_the_folder_since_when_and_what_to_do() -> None:
    server = Server()
    hold(server, named("first", "u-1"))
    server.now = 3600
    with pytest.raises(OutputInUseError) as caught:
        hold(server, named("second"))
    assert str(caught.value) == (
        "spec.output.uri is s3://models/out/, which TrainingJob default/first (uid u-1) has claimed since "
        "2026-01-01 00:00:00 UTC and not finished; this is default/second. Name a folder of this job's own. If the "
        "other job is gone, remove s3://models/out/claims/default.first.json and change spec.retry."
    )
    assert list(server.objects) == ["s3://models/out/claims/default.first.json"], "who has lost leaves nothing"
    del server.objects["s3://models/out/claims/default.first.json"]
    hold(server, named("second"))  # the advice


def test_a_retry_an_edit_and_a_job_that_was_made_again_have_the_claim_of_their_name_with_its_age() -> None:
    server = Server()
    hold(server, named("job", "u-1"))
    server.now = 100
    server.put("s3://models/out/claims/default.later.json", claims._content(named("later")))
    server.now = 200
    for job in (named("job", "u-1"), named("job", "u-2")):
        hold(server, job)
    assert server.objects[claims.claim_uri(named("job"))][1] == 0.0


@pytest.mark.parametrize(("days", "taken"), [(6.9, False), (7.1, True)])
def test_a_job_that_has_not_finished_for_a_week_is_taken_for_gone(days: float, taken: bool) -> None:
    server = Server()
    hold(server, named("old"))
    server.now = timedelta(days=days).total_seconds()
    if taken:
        hold(server, named("new"))
        hold(server, named("new"))
    else:
        with pytest.raises(OutputInUseError):
            hold(server, named("new"))


@pytest.mark.parametrize(
    ("error", "stays"), [(DataError("no such column"), False), (StorageUnreachableError("away"), True)]
)
@pytest.mark.parametrize("may_delete", [True, False])
def test_a_job_that_cannot_run_gives_the_folder_up_and_one_that_is_tried_again_keeps_it(
    error: Exception, stays: bool, may_delete: bool
) -> None:
    server = Server(may_delete=may_delete)
    with pytest.raises(type(error)), claims.held(named("first"), on(server)):
        raise error
    server.now = 60
    if stays:
        with pytest.raises(OutputInUseError):
            hold(server, named("second"))
    else:
        hold(server, named("second"))
        hold(server, named("second"))


def test_who_has_results_in_the_folder_needs_no_claim_and_gives_its_own_up_at_the_end() -> None:
    server = Server()
    job = named("first")
    hold(server, job)
    latest = Latest(owner=Owner(namespace="default", name="first"), run=URI, status_sha256="0" * 64)
    server.put(f"{URI}{LATEST}", latest.model_dump_json().encode())
    claims.release(job, on(server))
    hold(server, job)
    assert list(server.objects) == [f"{URI}{LATEST}"]


def test_a_job_that_lost_its_claim_to_another_is_told_before_it_writes() -> None:
    server = Server()
    claims.check(named("alone"), on(server))
    hold(server, named("other"))
    with pytest.raises(OutputInUseError, match="default/other"):
        claims.check(named("alone"), on(server))


def begin(folder: Path, together: threading.Barrier, name: str) -> str:
    """Claim the folder when all others do; return the name, or "" where another has it."""
    job, around = stage_input().model_copy(update={"name": name}), context(folder)
    together.wait()
    try:
        with claims.held(job, around):
            return name
    except OutputInUseError:
        return ""


def test_files_of_one_machine_have_one_owner_too_and_nothing_stays_of_who_cannot_run(tmp_path: Path) -> None:
    for round_ in range(10):
        folder, together = tmp_path / str(round_), threading.Barrier(3)
        folder.mkdir()

        with ThreadPoolExecutor(3) as pool:
            won = [*filter(None, pool.map(partial(begin, folder, together), "abc"))]
        assert len(won) == 1
        assert [path.name for path in (folder / "out/claims").iterdir()] == [f"default.{won[0]}.json"]
        claims.release(stage_input().model_copy(update={"name": won[0]}), context(folder))
        assert not (folder / "out").exists()


def test_a_claim_is_a_file_however_long_the_names_are() -> None:
    long = [named("job" + ".a" * 125 + last) for last in "bc"]
    files = {claims.claim_uri(job).rpartition("/")[2] for job in (*long, named("job"))}
    assert len(files) == 3
    assert all(len(name) <= 255 - 63 for name in files)
    assert f"{named('job').namespace}.job.json" in files
