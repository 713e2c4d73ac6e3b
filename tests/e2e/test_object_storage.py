"""Object storage behind a private authority, and endpoints that no pod may be led to, on the cluster."""

import ipaddress
import json
import secrets
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.e2e.cluster_jobs import SECRET, ClusterJobs, condition, two_column_table
from tests.e2e.secure_jobs import SecureJobs
from tests.testbed.addresses import SERVICE_IP

pytestmark = pytest.mark.cluster

Spec = dict[str, Any]


def without(storage: Spec, name: str) -> Spec:
    return {key: value for key, value in storage.items() if key != name}


def leads_to(endpoint: str) -> Callable[[Spec, SecureJobs], object]:
    """Return an edit of a spec: its storage is at this endpoint."""
    return lambda spec, secure: spec["storage"].update(endpoint=endpoint)


API_SERVER = f"https://{SERVICE_IP}"


def as_number(address: str) -> str:
    """Return an address in a spelling that only whoever resolves it takes for one."""
    return str(int(ipaddress.IPv4Address(address)))


def read_from(source: Spec) -> Callable[[Spec, SecureJobs], object]:
    """Return an edit of a spec: this is what it reads."""
    return lambda spec, secure: spec["dataset"].update(sources=[source])


NOT_ALLOWED = (
    f"is at {SERVICE_IP}, a private address",
    "allowedEndpoints of trainer or tenancy in the operator's chart",
)
OWN_MACHINE = ("belongs to the machine itself or to its metadata service", "may not connect to it")
#: An edit of a good job on the server behind TLS, the reason of its failure, and the words that must be told.
REFUSED: dict[str, tuple[Callable[[Spec, SecureJobs], object], str, tuple[str, ...]]] = {
    "an authority that is not named": (
        lambda spec, secure: spec.update(storage=without(spec["storage"], "caBundleConfigMapName")),
        "StorageRefused",
        ("the certificate of https://", "name its authority in storage.caBundleConfigMapName"),
    ),
    "an authority that is no certificate": (
        lambda spec, secure: spec["storage"].update(caBundleConfigMapName="no-certificate"),
        "StorageRefused",
        ("storage.caBundleConfigMapName", "cannot be read", "expected PEM in the key ca.crt"),
    ),
    "keys of another server": (
        lambda spec, secure: spec["storage"].update(credentialsSecretName="s3-credentials"),
        "AccessDenied",
        ("does not know this access key", "Secret s3-credentials"),
    ),
    "loopback": (
        leads_to(f"http://{as_number('127.0.0.1')}:9000"),
        "StorageRefused",
        ("is at 127.0.0.1", *OWN_MACHINE),
    ),
    "loopback by name": (leads_to("http://localhost:9000"), "StorageRefused", ("localhost", *OWN_MACHINE)),
    "the metadata service": (
        leads_to(f"http://{as_number('169.254.169.254')}"),
        "StorageRefused",
        ("is at 169.254.169.254", *OWN_MACHINE),
    ),
    "the API server as external data": (
        read_from({"uri": f"https://{as_number(SERVICE_IP)}/version"}),
        "StorageRefused",
        NOT_ALLOWED,
    ),
    "the API server as storage": (leads_to(f"https://{as_number(SERVICE_IP)}"), "StorageRefused", NOT_ALLOWED),
    "the API server as a source's own storage": (
        read_from(
            {
                "uri": "s3://rows/rows.csv",
                "storage": {"endpoint": f"https://{as_number(SERVICE_IP)}", "credentialsSecretName": SECRET},
            }
        ),
        "StorageRefused",
        NOT_ALLOWED,
    ),
}
#: An edit whose text alone says that no pod may go there, and the field that is told.
REFUSED_BY_TEXT: dict[str, tuple[Callable[[Spec, SecureJobs], object], str]] = {
    "loopback in text": (leads_to("http://127.0.0.1:9000"), "spec.storage.endpoint"),
    "loopback as IPv6 in text": (leads_to("http://[::ffff:127.0.0.1]:9000"), "spec.storage.endpoint"),
    "the metadata service in text": (leads_to("http://169.254.169.254"), "spec.storage.endpoint"),
    "the API server in text": (leads_to(API_SERVER), "spec.storage.endpoint"),
    "the API server as external data in text": (
        read_from({"uri": f"{API_SERVER}/version"}),
        "spec.dataset.sources[0].uri",
    ),
    "a public server in text": (leads_to("https://8.8.8.8"), "spec.storage.endpoint"),
}


@pytest.fixture(scope="module")
def names(session_jobs: ClusterJobs, session_secure: SecureJobs) -> Iterator[dict[str, str]]:
    """The names of all jobs, started at once; the good one is called "good"."""
    jobs, secure = session_jobs, session_secure
    nothing = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "no-certificate"}}
    jobs.kubectl.apply({**nothing, "data": {"ca.crt": "not a certificate\n"}}, namespace=jobs.namespace)
    secure.bucket.client.put_object(Bucket=secure.bucket.name, Key="rows.csv", Body=two_column_table().encode())
    edits = {"good": lambda spec, secure: None, **{title: edit for title, (edit, _, _) in REFUSED.items()}}
    edits |= {title: edit for title, (edit, _) in REFUSED_BY_TEXT.items()}
    found = {}
    for title, edit in edits.items():
        manifest = jobs.manifest("storage", f"{secure.bucket.uri}/rows.csv", storage=secure.storage())
        manifest["spec"]["output"]["uri"] = f"{secure.bucket.uri}/{manifest['metadata']['name']}/"
        edit(manifest["spec"], secure)
        found[title] = jobs.apply(manifest)
    yield found
    jobs.delete(*found.values())


def test_the_testbeds_own_servers_are_at_addresses_that_a_pod_may_connect_to(
    session_jobs: ClusterJobs, session_secure: SecureJobs
) -> None:
    for endpoint in (session_jobs.testbed.s3_endpoint, session_secure.server.endpoint):
        address = ipaddress.ip_address(str(urlsplit(endpoint).hostname))
        assert not (address.is_loopback or address.is_link_local or address.is_global)


def test_a_job_reads_and_writes_behind_a_private_authority_that_it_names(
    session_jobs: ClusterJobs, session_secure: SecureJobs, names: dict[str, str]
) -> None:
    status = session_jobs.wait_until_it_ends(names["good"])
    assert condition(status, "Complete")["status"] == "True", status["conditions"]
    assert status["results"]["uri"].startswith(f"{session_secure.bucket.uri}/{names['good']}/runs/")
    kept = [key.rpartition("/")[2] for key in session_secure.bucket.list_keys(f"{names['good']}/runs/")]
    assert {"status.json", "results.csv", "model.skops"} <= set(kept)


@pytest.mark.parametrize("title", REFUSED)
def test_storage_that_cannot_be_used_ends_the_job_at_once_in_words(
    session_jobs: ClusterJobs, session_secure: SecureJobs, names: dict[str, str], title: str
) -> None:
    status = session_jobs.wait_until_it_ends(names[title])
    _, reason, words = REFUSED[title]
    failed = condition(status, "Failed")
    assert (failed["status"], failed["reason"]) == ("True", reason)
    for word in words:
        assert word in failed["message"]
    assert not any(key in json.dumps(status) for key in session_secure.server.keys)
    assert len(session_jobs.children("pods", names[title])) == 1, "what cannot pass is not tried again"


@pytest.mark.parametrize("title", REFUSED_BY_TEXT)
def test_an_address_outside_of_the_list_is_refused_before_any_pod(
    session_jobs: ClusterJobs, names: dict[str, str], title: str
) -> None:
    status = session_jobs.wait_until_it_ends(names[title])
    accepted = condition(status, "Accepted")
    assert (accepted["status"], accepted["reason"]) == ("False", "NotAllowed")
    assert accepted["message"].startswith(f"{REFUSED_BY_TEXT[title][1]} is ")
    assert "may connect to no endpoint but " in accepted["message"]
    assert "(trainer.allowedEndpoints of the operator's chart)" in accepted["message"]
    assert session_jobs.children("pods", names[title]) == []


def test_an_authority_whose_configmap_is_not_there_is_told_by_its_name_and_awaited(
    jobs: ClusterJobs, session_secure: SecureJobs
) -> None:
    secure = session_secure
    late = f"late-{secrets.token_hex(3)}"
    storage = secure.storage(caBundleConfigMapName=late)
    name = jobs.apply(jobs.manifest("storage", f"{secure.bucket.uri}/rows.csv", storage=storage))
    status = jobs.wait(name, "tells what it waits for", lambda s: late in json.dumps(s))
    assert status["state"] == "Preparing"
    (told,) = [found for found in status["conditions"] if late in found["message"]]
    assert (told["status"], told["reason"]) == ("False", "FailedMount")
    assert f'configmap "{late}" not found' in told["message"]
