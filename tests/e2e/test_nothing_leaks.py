"""Credentials, wherever a job has them from, are told nowhere: good and failing jobs at once, and what they leave."""

import io
import json
import secrets
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.cluster_jobs import LONG_CELLS, ClusterJobs, condition, two_column_table
from tests.e2e.secure_jobs import AUTHORITY, SecureJobs
from tests.e2e.test_cluster_commands import start
from tests.e2e.test_external_data import signature_of
from tests.testbed.errors import TestbedError
from tests.testbed.waiting import wait_until

pytestmark = pytest.mark.cluster

#: Made up anew in each session, so that whatever is found was told by this one.
WRONG_KEY, TOKEN, QUERY, PASSWORD, PARAMETER = (
    f"{name}{secrets.token_hex(12)}" for name in ("wrong", "token", "query", "user", "parameter")
)
RANDOM_STATE = 10**9 + secrets.randbelow(10**9)
#: How each job ends, and what is to say so.
ENDS = {
    "good": ("Complete", "Completed"),
    "forged": ("Failed", "AccessDenied"),
    "wrong-key": ("Failed", "AccessDenied"),
    "wrong-token": ("Failed", "AccessDenied"),
    "too-long": ("Failed", "TooManyFailedCells"),
    "parameter": ("Accepted", "InvalidSpec"),
}


@pytest.fixture
def signed(session_secure: SecureJobs) -> str:
    """A URL with a signature in its query, of a table behind TLS."""
    bucket = session_secure.bucket
    bucket.client.put_object(Bucket=bucket.name, Key="leaks/rows.csv", Body=two_column_table().encode())
    place = {"Bucket": bucket.name, "Key": "leaks/rows.csv"}
    url: str = bucket.client.generate_presigned_url("get_object", Params=place, ExpiresIn=3600)
    return url


def manifests(jobs: ClusterJobs, signed: str) -> dict[str, dict[str, Any]]:
    """Return a job for each of `ENDS`."""

    def of(name: str, url: str, **spec: Any) -> dict[str, Any]:
        source = {"uri": url, "storage": {"caBundleConfigMapName": AUTHORITY}}
        return jobs.manifest(name, "", dataset={"sources": [source], "target": "y"}, **spec)

    def with_secret(name: str) -> dict[str, Any]:
        made = jobs.manifest(name, f"{jobs.bucket.uri}/none.csv")
        made["spec"]["storage"]["credentialsSecretName"] = name
        return made

    def with_parameter(name: str) -> dict[str, Any]:
        made = jobs.manifest(name, f"{jobs.bucket.uri}/none.csv")
        made["spec"]["estimator"]["parameters"] = {"api_key": PARAMETER}
        return made

    seeded = {"className": "sklearn.linear_model.LogisticRegression", "parameters": {"random_state": RANDOM_STATE}}
    timed = {"cellTimeoutSeconds": 5, "maxFailedCells": 0, "parallelism": 1}
    return {
        "good": of("good", signed, estimator=seeded, search={"grid": [{"C": [1.0]}]}),
        "forged": of("forged", signed.replace(signature_of(signed), QUERY)),
        "wrong-key": with_secret("wrong-key"),
        "wrong-token": with_secret("wrong-token"),
        "too-long": of("too-long", signed, execution=timed, **LONG_CELLS),
        "parameter": with_parameter("parameter"),
    }


def add_secrets(jobs: ClusterJobs) -> None:
    """Put a Secret with a wrong key, and one with a token that no header can hold, into the namespace."""
    good = {"AWS_ACCESS_KEY_ID": jobs.testbed.s3_access_key, "AWS_SECRET_ACCESS_KEY": jobs.testbed.s3_secret_key}
    broken = {"AWS_SESSION_TOKEN": f"{TOKEN}\n{TOKEN}"}
    for name, data in (("wrong-key", {"AWS_SECRET_ACCESS_KEY": WRONG_KEY}), ("wrong-token", broken)):
        secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name}, "stringData": good | data}
        jobs.kubectl.apply(secret, namespace=jobs.namespace)


def told_by_the_cluster(jobs: ClusterJobs, names: dict[str, str]) -> Iterator[tuple[str, str]]:
    """Yield what whoever may see a namespace's pods, Jobs and Events is told, and the platform of its operator."""
    operator, where = jobs.operator, ("--namespace", jobs.namespace)
    pod = operator.pod()["metadata"]["name"]
    yield "the operator's log", jobs.kubectl("logs", "--namespace", operator.namespace, pod)
    path = f"/api/v1/namespaces/{operator.namespace}/pods/{pod}:8080/proxy/metrics"
    yield "/metrics", jobs.kubectl("get", "--raw", path)
    yield "describe", jobs.kubectl("describe", "jobs,pods", *where)
    yield "jobs and pods", json.dumps(jobs.kubectl.get("jobs,pods", *where))  # describe shortens annotations
    yield "Events", json.dumps(jobs.kubectl.get("events", *where))
    for title, name in names.items():
        yield f"status of {title}", json.dumps(jobs.status(name))
        for child in jobs.children("pods", name):
            made = child["metadata"]["name"]
            yield f"log of {made}", jobs.kubectl("logs", *where, made)


def going(jobs: ClusterJobs, names: dict[str, str]) -> str | None:
    """Return which pods have lost their Job, and so may go while they are read."""
    there = {job["metadata"]["name"] for name in names.values() for job in jobs.children("jobs", name)}
    pods = [pod["metadata"] for name in names.values() for pod in jobs.children("pods", name)]
    left = [pod["name"] for pod in pods if pod["labels"]["batch.kubernetes.io/job-name"] not in there]
    return f"{left} are there." if left else None


def told_by_the_bucket(jobs: ClusterJobs, names: dict[str, str]) -> Iterator[tuple[str, str]]:
    """Yield every object that jobs have stored; what is an archive, by its members."""
    for name in names.values():
        for key in jobs.bucket.list_keys(f"{name}/"):
            body = jobs.bucket.client.get_object(Bucket=jobs.bucket.name, Key=key)["Body"].read()
            yield key, body.decode("latin-1")
            if zipfile.is_zipfile(io.BytesIO(body)):
                archive = zipfile.ZipFile(io.BytesIO(body))
                yield from (
                    (f"{key}: {member}", archive.read(member).decode("latin-1")) for member in archive.namelist()
                )


def told_by_commands(jobs: ClusterJobs, names: dict[str, str], page: Path) -> Iterator[tuple[str, str]]:
    """Yield what the command line prints about a job that is complete, and about two that are not."""
    asked = [("report", "good", "--html", str(page))]
    asked += [("results", "good"), ("watch", "good"), ("watch", "forged"), ("logs", "too-long")]
    started = {words: start(jobs, words[0], names[words[1]], *words[2:], "-n", jobs.namespace) for words in asked}
    for words, process in started.items():
        out, err = process.communicate(timeout=240)
        yield f"gridfold {' '.join(words[:2])}", out + err
    yield "report.html", page.read_text("utf-8")


def test_credentials_of_secrets_addresses_and_urls_are_told_nowhere(
    jobs: ClusterJobs, session_secure: SecureJobs, signed: str, tmp_path: Path
) -> None:
    add_secrets(jobs)
    made = manifests(jobs, signed)
    names = {title: jobs.apply(manifest) for title, manifest in made.items()}
    with_user = jobs.manifest("with-user", f"{jobs.bucket.uri}/none.csv")
    with_user["spec"]["storage"]["endpoint"] = f"http://user:{PASSWORD}@s3.example"
    with pytest.raises(TestbedError, match="must not hold a user name or password") as refused:
        jobs.kubectl("apply", "-f", "-", stdin=json.dumps(with_user))
    for title, (state, reason) in ENDS.items():
        status = jobs.wait_until_it_ends(names[title])
        assert condition(status, state)["reason"] == reason, f"{title}: {condition(status, state)}"
    wait_until(lambda: going(jobs, names), timeout_seconds=60, what="The pods of a wave that was ended go")

    told = {"kubectl apply": str(refused.value).replace(json.dumps(with_user), "")}
    told |= dict(told_by_the_cluster(jobs, names)) | dict(told_by_the_bucket(jobs, names))
    told |= dict(told_by_commands(jobs, names, tmp_path / "page.html"))
    assert len(told) > 40
    assert {"report.html", "model-card.md", "status.json"} <= {place.rpartition("/")[2] for place in told}
    assert any("/logs/" in place for place in told), "a failed cell has left its log"

    keys = (jobs.testbed.s3_secret_key, session_secure.server.keys[1], WRONG_KEY, TOKEN, "must never reach a pod")
    for secret in (*keys, signature_of(signed), session_secure.server.keys[0], QUERY, PASSWORD, PARAMETER):
        assert len(secret) >= 20
        assert [place for place, text in told.items() if secret in text] == []
    for name in names.values():
        shown = jobs.kubectl("describe", "trainingjob", name, "--namespace", jobs.namespace)  # the spec, too
        assert [key for key in keys if key in shown] == []
        assert (signature_of(signed) in shown) == (name in {names["good"], names["too-long"]}), "the spec has it"

    # A parameter of the estimator is a part of the result, and told with that; the platform's places have none.
    assert str(RANDOM_STATE) in told["report.html"]
    assert str(RANDOM_STATE) not in told["the operator's log"] + told["/metrics"] + told["Events"]
