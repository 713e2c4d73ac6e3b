"""What the API server has against a request, in words that help.

CommandError                 gridfold_cli.errors: a sentence and an exit code
└── ClusterError             something between this machine and the cluster
    ├── NoClusterError       nothing says where a cluster is
    ├── UnreachableError     no answer: may pass
    ├── NotFoundError        no such object
    ├── ConflictError        another manager owns the field
    └── GapError             a watch cannot go on where it stopped: list again
"""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from gridfold.api.v1alpha1 import PLURAL
from gridfold_cli.errors import CommandError
from gridfold_cli.exits import Exit

INSTALL = "have Gridfold installed in it (helm install gridfold charts/gridfold), or name another cluster by --context"
MOST_CHARACTERS = 2000


class ClusterError(CommandError):
    """Something went wrong between this machine and the cluster."""


class NoClusterError(ClusterError):
    """Nothing says where a cluster is, or what says so cannot be used."""


class UnreachableError(ClusterError):
    """The API server gives no answer, or none that it stands by."""


class NotFoundError(ClusterError):
    """An object is not there."""


class ConflictError(ClusterError):
    """Somebody else owns what was to be written."""


class GapError(ClusterError):
    """A watch cannot go on where it stopped; only a new list tells what was missed."""


def refusal(status: int, answer: Mapping[str, Any], place: str) -> ClusterError:
    """Return the error of an answer that is none of the 200s; `place` says which cluster it is, for people."""
    words = str(answer.get("message") or "").strip().rstrip(". ")[:MOST_CHARACTERS]
    if status == HTTPStatus.UNAUTHORIZED:
        return ClusterError(
            f"{place} does not know who you are (401 Unauthorized): the credentials of your kubeconfig have expired or "
            "are wrong; log in again as you do for kubectl, then `kubectl auth whoami` says who you are"
        )
    if status == HTTPStatus.FORBIDDEN:
        return ClusterError(
            f"{place} does not allow it: {words or 'forbidden'}. Ask for the right: the ClusterRoles edit and view, "
            "bound in the namespace, have it for TrainingJobs; or name another namespace by -n"
        )
    if status == HTTPStatus.NOT_FOUND:
        return _not_found(answer, words, place)
    if status == HTTPStatus.CONFLICT:
        return ConflictError(words or "conflict")
    if status in {HTTPStatus.GONE, HTTPStatus.GATEWAY_TIMEOUT} and "version" in words.lower():
        return GapError(words)
    if status in {HTTPStatus.UNPROCESSABLE_ENTITY, HTTPStatus.BAD_REQUEST}:
        return ClusterError(f"{place} refuses it: {words}", Exit.INVALID)
    if status == HTTPStatus.TOO_MANY_REQUESTS or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return UnreachableError(f"{place} cannot answer now ({status}): {words}; try again in a moment")
    return ClusterError(f"{place} answers {status}: {words}")


def _not_found(answer: Mapping[str, Any], words: str, place: str) -> ClusterError:
    """Tell an object that is not there from a kind that is not there."""
    found = answer.get("details") or {}
    name, kind = found.get("name"), found.get("kind")
    if not name:
        return ClusterError(f"{place} does not know the kind TrainingJob: {INSTALL}")
    if kind == "namespaces":
        return NotFoundError(f"{place} has no namespace {name}: name another one by -n, or make it")
    if kind == PLURAL:
        return NotFoundError(f"{place} has no TrainingJob {name}")
    return NotFoundError(words)
