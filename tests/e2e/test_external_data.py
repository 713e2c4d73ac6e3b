"""External data on the cluster: a signed https:// URL, from a server that the platform allows to be a private one."""

import gzip
import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.cluster_jobs import ClusterJobs, Status, condition, two_column_table
from tests.e2e.exported_jobs import download, execute, export, finish
from tests.e2e.secure_jobs import AUTHORITY, SecureJobs
from tests.oracle.compared import check_table, check_winner

pytestmark = pytest.mark.cluster

ROWS = gzip.compress(two_column_table().encode(), mtime=0)
PIN = hashlib.sha256(ROWS).hexdigest()


@pytest.fixture(scope="module")
def urls(session_secure: SecureJobs) -> dict[str, str]:
    """URLs that whoever has them may read, each with a signature in its query: the rows; nothing; a forged one."""
    bucket = session_secure.bucket
    bucket.client.put_object(Bucket=bucket.name, Key="external/rows.csv.gz", Body=ROWS)

    def signed(key: str) -> str:
        place = {"Bucket": bucket.name, "Key": key}
        made: str = bucket.client.generate_presigned_url("get_object", Params=place, ExpiresIn=3600)
        return made

    rows = signed("external/rows.csv.gz")
    forged = rows.replace(signature_of(rows), hashlib.sha256(b"forged").hexdigest())
    return {"rows": rows, "nothing": signed("external/none.csv"), "forged": forged}


def manifest_of(jobs: ClusterJobs, url: str, **source: Any) -> dict[str, Any]:
    own = {"storage": {"caBundleConfigMapName": AUTHORITY}}
    return jobs.manifest("external", "", dataset={"sources": [{"uri": url, **own, **source}], "target": "y"})


def signature_of(url: str) -> str:
    return url.partition("Signature=")[2].partition("&")[0]


def everything_told(jobs: ClusterJobs, name: str, status: Status) -> str:
    """Return what people may read of a job without reading its spec: status, Events, logs, results."""
    logs = [
        jobs.kubectl("logs", "--namespace", jobs.namespace, pod["metadata"]["name"])
        for pod in jobs.children("pods", name)
    ]
    keys = [key for key in jobs.bucket.list_keys(f"{name}/") if not key.endswith((".skops", ".parquet", ".npy"))]
    stored = [jobs.bucket.client.get_object(Bucket=jobs.bucket.name, Key=key)["Body"].read() for key in keys]
    texts = [body.decode("latin-1") for body in stored]
    return "\n".join([json.dumps(status), json.dumps(jobs.events(name)), *logs, *texts])


def test_a_signed_url_is_read_checked_and_never_told_and_the_script_reads_it_too(
    jobs: ClusterJobs, session_secure: SecureJobs, urls: dict[str, str], tmp_path: Path
) -> None:
    url = urls["rows"]
    manifest = manifest_of(jobs, url, sha256=PIN)
    name = jobs.apply(manifest)
    export(manifest, tmp_path / "jobs" / "external")
    bundle = str(session_secure.server.ca_bundle)
    ((_, report),) = json.loads(finish(execute(tmp_path / "jobs", ("none", "none"), SSL_CERT_FILE=bundle))).items()
    status = jobs.wait_until_it_ends(name)
    assert condition(status, "Complete")["status"] == "True", status["conditions"]
    download(jobs, status, tmp_path / "jobs" / "external")
    check_table(report, tmp_path / "jobs" / "external")
    check_winner(report, tmp_path / "jobs" / "external")
    assert len(signature_of(url)) >= 32
    assert signature_of(url) not in everything_told(jobs, name, status)


@pytest.mark.parametrize(
    ("url", "pin", "reason", "words"),
    [
        ("rows", "0" * 64, "ChecksumMismatch", (PIN, "but sha256 pins")),
        ("forged", PIN, "AccessDenied", ("external/rows.csv.gz", "403")),
        ("nothing", PIN, "ObjectMissing", ("external/none.csv",)),
    ],
)
def test_external_data_that_cannot_be_had_is_told_without_the_signature(
    jobs: ClusterJobs, urls: dict[str, str], url: str, pin: str, reason: str, words: tuple[str, ...]
) -> None:
    name = jobs.apply(manifest_of(jobs, urls[url], sha256=pin))
    status = jobs.wait_until_it_ends(name)
    failed = condition(status, "Failed")
    assert (failed["status"], failed["reason"]) == ("True", reason)
    for word in words:
        assert word in failed["message"]
    told = everything_told(jobs, name, status)
    assert signature_of(urls[url]) not in told
    assert "Traceback" not in told
