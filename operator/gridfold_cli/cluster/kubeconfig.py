"""Where the cluster is, and in which namespace: found as kubectl finds it.

--kubeconfig, else the files that KUBECONFIG names (the first to say something is right), else ~/.kube/config, else the
pod that this runs in. The namespace is that of -n, else of the context, else of the pod, else default.
"""

import logging
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from kubernetes import config
from kubernetes.client import Configuration
from kubernetes.config.kube_config import KubeConfigMerger

from gridfold_cli.cluster.refusals import NoClusterError

VARIABLE = "KUBECONFIG"
DEFAULT_FILE = "~/.kube/config"
DEFAULT_NAMESPACE = "default"
NAMESPACE_FILE = "/var/run/secrets/kubernetes.io/serviceaccount/namespace"
#: What a file that is no kubeconfig makes the client raise.
BROKEN = (config.ConfigException, yaml.YAMLError, AttributeError, TypeError, KeyError, ValueError, OSError)


@dataclass(frozen=True)
class Place:
    """A cluster, and the namespace in it that is meant."""

    configuration: Configuration
    namespace: str
    context: str  #: "" where it is the cluster of this pod

    @property
    def words(self) -> str:
        """Return which API server it is, for people."""
        where = f"of context {self.context}" if self.context else "of this pod"
        return f"the cluster {where} ({self.configuration.host})"


def find_cluster(context: str = "", namespace: str = "", kubeconfig: str = "") -> Place:
    """Return the cluster that is meant.

    Raises:
        NoClusterError: there is none, or what names it cannot be used.
    """
    source = f"--kubeconfig is {kubeconfig}" if kubeconfig else _source_of_environment()
    paths = kubeconfig or os.environ.get(VARIABLE) or DEFAULT_FILE
    if any(Path(path).expanduser().exists() for path in paths.split(os.pathsep) if path):
        return _of_files(paths, context, namespace, source)
    if not context and not kubeconfig and (pod := _of_pod(namespace)):
        return pod
    raise NoClusterError(
        f"no cluster is known: {source}, and there is no such file, nor is this a pod of a cluster; let {VARIABLE} or "
        "--kubeconfig name the kubeconfig that you were given for it. On this machine alone, `gridfold run JOB.yaml` "
        "needs no cluster"
    )


def _source_of_environment() -> str:
    named = os.environ.get(VARIABLE)
    return f"{VARIABLE} is {named}" if named else f"{VARIABLE} is not set, which means {DEFAULT_FILE}"


def _of_files(paths: str, wanted: str, namespace: str, source: str) -> Place:
    contexts, current = _contexts(paths, source)
    name = wanted or current
    known = ", ".join(contexts) or "none"
    if not name:
        raise NoClusterError(f"{source}, which names no current context; choose one by --context: {known}")
    if name not in contexts:
        said = "--context" if wanted else f"current-context ({source})"
        raise NoClusterError(f"{said} is {name}, and there is no such context; choose by --context: {known}")
    configuration = Configuration()
    try:
        with _logged() as told:
            config.load_kube_config(paths, context=name, client_configuration=configuration)
        if told:
            raise config.ConfigException("; ".join(told))
    except BROKEN as error:
        raise NoClusterError(
            f"the context {name} cannot be used: {error}; mend it in the kubeconfig ({source}), log in again, or "
            f"choose another one by --context: {known}"
        ) from error
    return Place(configuration, namespace or contexts[name].get("namespace") or DEFAULT_NAMESPACE, name)


@contextmanager
def _logged() -> Iterator[list[str]]:
    """Give the errors that the client only logs: a program for credentials that fails leaves nobody logged in."""
    told: list[str] = []
    handler = logging.Handler(logging.ERROR)
    handler.emit = lambda record: told.append(record.getMessage())  # type: ignore[method-assign]
    root = logging.getLogger()
    root.addHandler(handler)
    try:
        yield told
    finally:
        root.removeHandler(handler)


def _contexts(paths: str, source: str) -> tuple[dict[str, Mapping[str, Any]], str]:
    """Return all contexts by name, and the name of the current one: of the first file that has one, as in kubectl."""
    try:
        files = KubeConfigMerger(paths).config_files.values()
        found = [(each["name"], each.get("context") or {}) for file in files for each in file.get("contexts") or ()]
        current = next(filter(None, (file.get("current-context") for file in files)), "")
    except BROKEN as error:
        raise NoClusterError(
            f"{source}, which is no kubeconfig: {error}; `kubectl config view` has to understand it, too"
        ) from error
    return {name: dict(found[::-1])[name] for name, _ in found}, str(current)


def _of_pod(namespace: str) -> Place | None:
    configuration = Configuration()
    try:
        config.load_incluster_config(client_configuration=configuration)
    except config.ConfigException:
        return None
    try:
        own = Path(NAMESPACE_FILE).read_text(encoding="utf-8").strip()
    except OSError:
        own = ""
    return Place(configuration, namespace or own or DEFAULT_NAMESPACE, "")
