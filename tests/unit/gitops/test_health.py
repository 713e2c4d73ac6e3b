"""What Argo CD and Flux make of a TrainingJob in every state, by the files of examples/gitops."""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from gridfold.api.status import State
from gridfold_cli.reading.kubectl_yaml import read_documents
from tests.testbed import build, machine
from tests.testbed.errors import UnavailableError
from tests.unit.gitops.states import every_state, recorded

FOLDER = Path(__file__).parents[3] / "examples/gitops"
STATES, RECORDED = every_state(), recorded()
JOBS = STATES | RECORDED
#: What Argo CD's health is, and what Flux says.
EXPECTED = {
    "New": ("Progressing", "InProgress"),
    "Preparing": ("Progressing", "InProgress"),
    "Running": ("Progressing", "InProgress"),
    "Edited": ("Progressing", "InProgress"),
    "Suspended": ("Suspended", "Current"),
    "Refitting": ("Progressing", "InProgress"),
    "Complete": ("Healthy", "Current"),
    "Stalled": ("Degraded", "Failed"),
    "Failed": ("Degraded", "Failed"),
}
WANTED = EXPECTED | {name: EXPECTED[name.rpartition(" ")[2]] for name in RECORDED}


def read(name: str) -> dict[str, Any]:
    (found,) = read_documents((FOLDER / name).read_text("utf-8"))
    document: dict[str, Any] = found.value
    return document


def as_lua(value: Any) -> str:
    """Return a value as Lua writes it; null is nothing there, as in Argo CD."""
    match value:
        case dict():
            return "{" + ", ".join(f"[{as_lua(k)}] = {as_lua(v)}" for k, v in value.items() if v is not None) + "}"
        case list():
            return "{" + ", ".join(map(as_lua, value)) + "}"
        case bool():
            return str(value).lower()
        case int() | float():
            return repr(value)
        case _:
            escaped = "".join(f"\\{byte:03d}" for byte in str(value).encode())
            return f'"{escaped}"'


@pytest.fixture(scope="module")
def lua() -> str:
    """Lua 5.1, the version that Argo CD's interpreter speaks."""
    try:
        return machine.command("lua5.1", "lua5.1")
    except UnavailableError as error:
        pytest.skip(str(error))


def argo_health(lua: str, job: dict[str, Any]) -> tuple[str, str]:
    """Return the health and the message that Argo CD shows."""
    key = "resource.customizations.health.gridfold.dev_TrainingJob"
    script = read("argocd-cm.yaml")["data"][key]
    judge = f"obj = {as_lua(job)}\nlocal function judge()\n{script}\nend\n"
    text = f"{judge}local health = judge()\nprint(health.status)\nprint(health.message)"
    ran = subprocess.run([lua, "-"], input=text, capture_output=True, text=True, timeout=30)
    assert ran.returncode == 0, ran.stderr
    health, _, message = ran.stdout.rstrip("\n").partition("\n")
    return health, message


def test_the_states_are_all_that_there_are_but_the_one_that_lasts_no_time() -> None:
    states = {job["status"].get("state") for job in STATES.values()}
    assert states - {None} == {*State} - {State.PENDING}
    assert STATES.keys() == EXPECTED.keys()


@pytest.mark.parametrize("name", WANTED)
def test_argo_cd_tells_a_jobs_health(lua: str, name: str) -> None:
    health, message = argo_health(lua, JOBS[name])
    assert health == WANTED[name][0]
    assert message not in {"", "nil"}


def test_argo_cd_shows_why_a_job_has_failed_how_far_one_is_and_which_targets_it_missed(lua: str) -> None:
    assert argo_health(lua, STATES["Failed"])[1] == "ColumnMissing: column y is missing; expected one of a, b"
    assert argo_health(lua, STATES["Running"])[1].startswith("Running, 0/3 cells")
    complete = json.loads(json.dumps(STATES["Complete"]))
    missed = {"type": "TargetsMet", "status": "False", "reason": "TargetsMissed", "message": "f1 0.7, expected 0.99"}
    complete["status"]["conditions"] = [
        *(one for one in complete["status"]["conditions"] if one["type"] != "TargetsMet"), missed
    ]  # fmt: skip
    assert argo_health(lua, complete)[1].endswith("; targets: f1 0.7, expected 0.99")


@pytest.mark.parametrize("status", [None, {}])
def test_argo_cd_waits_for_a_job_that_nobody_has_looked_at(lua: str, status: dict[str, Any] | None) -> None:
    assert argo_health(lua, {**STATES["New"], "status": status})[0] == "Progressing"


@pytest.fixture(scope="module")
def flux_says() -> dict[str, str]:
    """What Flux makes of each job, as its evaluator goes about it."""
    if shutil.which("go") is None:
        pytest.skip("There is no go on the path, to build what evaluates CEL.")
    program = build.build_one(build.cel()) / "cel"
    (checks,) = read("flux-kustomization.yaml")["spec"]["healthCheckExprs"]
    assert (checks["apiVersion"], checks["kind"]) == ("gridfold.dev/v1alpha1", "TrainingJob")
    expressions = {name: checks[name] for name in ("failed", "current")}
    asked = json.dumps({"expressions": expressions, "objects": [*JOBS.values()]})
    ran = subprocess.run([str(program)], input=asked, capture_output=True, text=True, timeout=60)
    assert ran.returncode == 0, ran.stderr
    found = zip(JOBS.items(), json.loads(ran.stdout), strict=True)
    return {name: _flux_status(job, values) for (name, job), values in found}


def _flux_status(job: dict[str, Any], values: dict[str, Any]) -> str:
    observed = job["status"].get("observedGeneration")
    if observed is not None and observed != job["metadata"]["generation"]:
        return "InProgress"
    assert {type(value) for value in values.values()} == {bool}, values
    return "Failed" if values["failed"] else "Current" if values["current"] else "InProgress"


@pytest.mark.parametrize("name", WANTED)
def test_flux_tells_a_jobs_status(flux_says: dict[str, str], name: str) -> None:
    assert flux_says[name] == WANTED[name][1]


def test_both_take_the_jobs_from_the_same_folder_and_prune() -> None:
    application, kustomization = read("argocd-application.yaml")["spec"], read("flux-kustomization.yaml")["spec"]
    assert application["source"]["path"] == kustomization["path"].removeprefix("./")
    assert application["syncPolicy"]["automated"]["prune"] is kustomization["prune"] is True
    assert application["destination"]["namespace"] == kustomization["targetNamespace"]
