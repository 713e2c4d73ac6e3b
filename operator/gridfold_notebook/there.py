"""The job of a search in a cluster: its data into storage, the TrainingJob applied, its end waited for."""

import hashlib
import json
import os
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gridfold.api.conditions import ConditionType
from gridfold.api.status import State, TrainingJobStatus
from gridfold.api.v1alpha1 import Storage
from gridfold.domain.plan import Event
from gridfold_cli.cluster.training_jobs import TrainingJobs
from gridfold_cli.commands.following_to_end import follow_to_end
from gridfold_cli.errors import CommandError
from gridfold_cli.terminal.output import condition
from gridfold_cli.terminal.progress import Pace, PlainDisplay
from gridfold_notebook.columns import Column
from gridfold_notebook.errors import SearchFailedError
from gridfold_notebook.job_of_search import checked
from gridfold_notebook.run import Run, open_run
from gridfold_notebook.target import Target
from gridfold_notebook.training_data import write_table
from gridfold_trainer.errors import TrainerError
from gridfold_trainer.storage.opening import StoreAccess, open_store

_DIGITS = 10


@dataclass(frozen=True)
class Cluster:
    """A cluster in which Gridfold's operator runs, and storage that its pods and this process reach.

    Credentials of this process come from where AWS' SDK looks for them: the environment, a profile, the machine.

    Args:
        storage: `s3://BUCKET/PREFIX`; data, cache and results are below it.
        endpoint: of S3-compatible storage, as in `spec.storage`.
        region: of the bucket.
        addressing_style: Auto, Path or Virtual.
        credentials_secret: name of the Secret with the pods' credentials, as in `spec.storage`.
        ca_bundle_config_map: name of the ConfigMap with the authorities of the storage's certificate.
        namespace: default: the context's.
        context: of the kubeconfig; default: its current one.
        kubeconfig: default: KUBECONFIG, ~/.kube/config, or the pod's.
        execution: as `spec.execution`: resources, parallelism, nodes.
    """

    storage: str
    endpoint: str | None = None
    region: str | None = None
    addressing_style: str = "Auto"
    credentials_secret: str | None = None
    ca_bundle_config_map: str | None = None
    namespace: str = ""
    context: str = ""
    kubeconfig: str = ""
    execution: Mapping[str, Any] = field(default_factory=dict)

    @property
    def spec(self) -> dict[str, Any]:
        """Return spec.storage."""
        found = {
            "endpoint": self.endpoint,
            "region": self.region,
            "addressingStyle": self.addressing_style,
            "credentialsSecretName": self.credentials_secret,
            "caBundleConfigMapName": self.ca_bundle_config_map,
        }
        return {name: value for name, value in found.items() if value is not None}

    @property
    def options(self) -> str:
        """Return the options that name it to the command line."""
        given = (("--context", self.context), ("-n", self.namespace), ("--kubeconfig", self.kubeconfig))
        return "".join(f" {option} {value}" for option, value in given if value)


def cluster_of(cluster: Any, problems: list[str]) -> Cluster | None:
    """Return what `cluster=` means; a dict has a Cluster's arguments."""
    try:
        found = Cluster(**cluster) if isinstance(cluster, Mapping) else cluster
    except TypeError as error:
        problems.append(f"cluster is a dict that is no Cluster: {error}")
        return None
    if found is None:
        return None
    if not isinstance(found, Cluster):
        problems.append(
            f"cluster is a {type(cluster).__name__}; expected gridfold.Cluster(storage='s3://…'), or a dict"
        )
        return None
    if not found.storage.startswith("s3://"):
        problems.append(f"cluster has storage={found.storage!r}; expected s3://BUCKET/PREFIX, which pods reach, too")
    return found


def run_there(
    cluster: Cluster, job: Mapping[str, Any], columns: Sequence[Column], target: Target, *, told: bool
) -> Run:
    """Run a job in a cluster to its end and return the run; `told` shows how it goes.

    The job's name follows from what it says, so that the same search again finds the same job, finished or not.

    Raises:
        ValueError: a job of a cluster cannot say this.
        SearchFailedError: it has failed, or the cluster or the storage cannot be reached.
        KeyboardInterrupt: with how to see and to end the job, which goes on.
    """
    try:
        with _training_jobs(cluster) as jobs, tempfile.TemporaryDirectory(prefix="gridfold-") as folder:
            table = Path(folder) / "data.csv"
            write_table(table, columns, target.texts)
            document = job_there(cluster, job, hashlib.sha256(table.read_bytes()).hexdigest(), jobs.namespace)
            access = StoreAccess.of_environment(os.environ, Path(folder))
            store = open_store(Storage.model_validate(cluster.spec), access)
            store.upload(document["spec"]["dataset"]["sources"][0]["uri"], table)
            status = _wait(jobs, document, cluster, told=told)
    except (CommandError, TrainerError) as error:
        raise SearchFailedError(getattr(error, "message", None) or str(error)) from error
    name = document["metadata"]["name"]
    if status.state is not State.COMPLETE or status.results is None:
        raise SearchFailedError(
            f"the TrainingJob {name} has failed: {_why(status)}. See it by `gridfold watch {name}{cluster.options}`; "
            f"to compute it again, delete it first: `gridfold delete {name}{cluster.options}`"
        )
    return open_run(
        status.results.uri,
        endpoint=cluster.endpoint,
        region=cluster.region,
        addressing_style=cluster.addressing_style,
    )


def job_there(cluster: Cluster, job: Mapping[str, Any], table_sha256: str, namespace: str) -> dict[str, Any]:
    """Return the TrainingJob of a cluster.

    Raises:
        ValueError: with all problems.
    """
    root, spec = cluster.storage.rstrip("/"), dict(job["spec"])
    dataset = {**spec["dataset"], "sources": [{"uri": f"{root}/data/{table_sha256}.csv"}]}
    execution = {**cluster.execution, **spec["execution"]}
    spec |= {"storage": cluster.spec, "dataset": dataset, "execution": execution}
    told = json.dumps([namespace, spec], sort_keys=True).encode()
    name = f"grid-search-{hashlib.sha256(told).hexdigest()[:_DIGITS]}"
    spec["output"] = {"uri": f"{root}/{name}/", "cacheUri": f"{root}/cache/"}
    return checked(spec, [], {"name": name, "namespace": namespace})


@contextmanager
def _training_jobs(cluster: Cluster) -> Iterator[TrainingJobs]:
    from gridfold_cli.cluster.http_api import HttpApi  # a second of Kubernetes' client, which a search here never needs
    from gridfold_cli.cluster.kubeconfig import find_cluster

    place = find_cluster(cluster.context, cluster.namespace, cluster.kubeconfig)
    api = HttpApi(place)
    try:
        yield TrainingJobs(api, place.namespace, place.words)
    finally:
        api.close()


def _wait(jobs: TrainingJobs, document: dict[str, Any], cluster: Cluster, *, told: bool) -> TrainingJobStatus:
    name = document["metadata"]["name"]
    job, meant = jobs.apply(document)
    try:
        old = () if meant == "created" else {event["metadata"]["uid"] for event in jobs.events(job["metadata"]["uid"])}
        return follow_to_end(jobs, job, _Display(told=told), old)
    except KeyboardInterrupt:
        raise KeyboardInterrupt(
            f"the TrainingJob {name} goes on in the namespace {jobs.namespace}. Follow it by `gridfold watch "
            f"{name}{cluster.options}`, end it by `gridfold delete {name}{cluster.options}`; fit again waits again"
        ) from None


class _Display:
    """Shows warnings always, for whoever waits for what does not come; all else if it is asked for."""

    def __init__(self, *, told: bool) -> None:
        self._told, self._lines = told, PlainDisplay(_write_line, Pace())

    def show_event(self, event: Event) -> None:
        """Show something that happened."""
        if self._told or event.type == "Warning":
            self._lines.show_event(event)

    def show_status(self, status: TrainingJobStatus) -> None:
        """Show how far the job is."""
        if self._told:
            self._lines.show_status(status)


def _write_line(text: str) -> None:
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()


def _why(status: TrainingJobStatus) -> str:
    """Return the job's own words."""
    found = condition(status, ConditionType.FAILED)
    return f"{found.reason}: {found.message.rstrip('.')}" if found else f"its state is {status.state}"
