"""What an MLflow server has against a request, in words that help.

CommandError               gridfold_cli.errors: a sentence and an exit code
└── MlflowError            something between this machine and the server
    ├── UnansweredError    no answer: may pass
    ├── MissingError       no such thing
    └── ExistsError        there is one already
"""

import json
from http import HTTPStatus
from typing import Any

from urllib3.exceptions import ConnectTimeoutError, NameResolutionError, NewConnectionError, ReadTimeoutError, SSLError

from gridfold.domain.visible import excerpt
from gridfold_cli.errors import CommandError
from gridfold_cli.exits import Exit
from gridfold_cli.mlflow.addresses import AUTHORITY, PASSWORD, PATIENCE, TOKEN, USER, Address

AGAIN = "the same command goes on where this one has stopped"


class MlflowError(CommandError):
    """Something went wrong between this machine and the server."""


class UnansweredError(MlflowError):
    """The server gives no answer, or none that it stands by."""


class MissingError(MlflowError):
    """The server has no such thing."""


class ExistsError(MlflowError):
    """The server has such a thing already."""


def unanswered(address: Address, error: Exception) -> UnansweredError:
    """Say what keeps a server from answering, and what to do about it."""
    error = getattr(error, "reason", None) or error
    if isinstance(error, SSLError) and "CERTIFICATE" not in str(error).upper():
        return UnansweredError(
            f"{address.url} does not speak TLS as it is understood here: {excerpt(str(error))}. Does the address of "
            "this server begin with http://?"
        )
    if isinstance(error, SSLError):
        return UnansweredError(
            f"{address.url} is not who it says it is: {excerpt(str(error))}; {AUTHORITY} can name a file of the "
            "certificate authority that has to be trusted"
        )
    causes = (
        (NameResolutionError, "its host name is not known: is it right, or is a network or VPN missing?"),
        (NewConnectionError, "nothing listens there: does the server run, and is the address right?"),
        (
            (ConnectTimeoutError, ReadTimeoutError),
            f"no answer in time: is a network, VPN or proxy missing? {PATIENCE} sets the seconds.",
        ),
    )
    said = excerpt(str(error)) or type(error).__name__
    why = next((words for kinds, words in causes if isinstance(error, kinds)), said)
    return UnansweredError(f"the MLflow server {address.url} gives no answer: {why} Once it does, {AGAIN}")


def refusal(address: Address, path: str, status: int, content: bytes, location: str = "") -> MlflowError:
    """Return the error of an answer that is none of the 200s."""
    answer = document(content) or {"message": content.decode(errors="replace")}
    code, words = (
        str(answer.get("error_code") or ""),
        excerpt(str(answer.get("message") or "").strip().rstrip("."), 500),
    )
    if status == HTTPStatus.UNAUTHORIZED:
        return MlflowError(_unauthorized(address))
    if status == HTTPStatus.FORBIDDEN:
        who = f"to {address.who} " if address.who else ""
        ask = "for the right to edit the experiment or model"
        if "host" in words.lower():  # MLflow's guard against other names of itself
            ask = "to let it answer to this host name (mlflow server --allowed-hosts)"
        return MlflowError(
            f"the MLflow server {address.url} refuses it {who}(403 for {path}): {words or 'no reason given'}. Ask who "
            f"runs it {ask}"
        )
    if code == "RESOURCE_DOES_NOT_EXIST":
        return MissingError(f"the MLflow server {address.url} says: {words}")
    if code == "RESOURCE_ALREADY_EXISTS":
        return ExistsError(f"the MLflow server {address.url} says: {words}")
    return _other(address, path, status, words, location, known=bool(code))


def _other(address: Address, path: str, status: int, words: str, location: str, *, known: bool) -> MlflowError:
    if HTTPStatus.MULTIPLE_CHOICES <= status < HTTPStatus.BAD_REQUEST:
        return MlflowError(
            f"{address.url} sends elsewhere ({status} to {excerpt(location) or 'nowhere'}): if that is the MLflow "
            "server, name its address by --tracking-uri; a page to log in at is none",
            Exit.INVALID,
        )
    if status == HTTPStatus.NOT_FOUND and not known:
        return no_server(address, path, status)
    if status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
        return MlflowError(
            f"{address.url} takes no request of this size ({status} for {path}): what stands in front of the MLflow "
            f"server bounds it (nginx: client_max_body_size); raise that, then {AGAIN}"
        )
    if status == HTTPStatus.TOO_MANY_REQUESTS or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return UnansweredError(
            f"the MLflow server {address.url} cannot do it now ({status} for {path}): {words or 'no reason given'}. "
            f"Its log says more; then {AGAIN}"
        )
    return MlflowError(f"the MLflow server {address.url} refuses it ({status} for {path}): {words}", Exit.INVALID)


def _unauthorized(address: Address) -> str:
    if address.who:
        return (
            f"the MLflow server {address.url} does not accept {address.who} (401): set {USER} and {PASSWORD}, or "
            f"{TOKEN}, to what it knows"
        )
    return (
        f"the MLflow server {address.url} asks who you are (401): set {USER} and {PASSWORD}, or {TOKEN}, in the "
        "environment, as for MLflow itself"
    )


def no_server(address: Address, path: str, status: int) -> MlflowError:
    """Return the error of an answer that no MLflow server gives."""
    return MlflowError(
        f"{address.url} is no MLflow server that knows this ({status} for {path}): --tracking-uri has to be the "
        "address at which MLflow's page opens, and the server MLflow 2.4 or newer",
        Exit.INVALID,
    )


def document(content: bytes) -> dict[str, Any] | None:
    """Return an answer as JSON, None where it is something else, such as a proxy's page."""
    try:
        found = json.loads(content or b"{}")
    except ValueError:
        return None
    return found if isinstance(found, dict) else None
