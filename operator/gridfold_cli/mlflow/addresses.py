"""Where an MLflow server is, and who asks: what --tracking-uri and MLflow's own variables say."""

import configparser
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote, urlsplit

from gridfold.api.confidential import told_url
from gridfold_cli.errors import InvalidInputError

USER, PASSWORD, TOKEN = "MLFLOW_TRACKING_USERNAME", "MLFLOW_TRACKING_PASSWORD", "MLFLOW_TRACKING_TOKEN"
INSECURE, AUTHORITY, CERTIFICATE = (
    f"MLFLOW_TRACKING_{name}" for name in ("INSECURE_TLS", "SERVER_CERT_PATH", "CLIENT_CERT_PATH")
)
#: How long an answer is waited for, in seconds, and MLflow's default: behind the server there may be storage that it
#: hands files on to.
PATIENCE, READ_SECONDS = "MLFLOW_HTTP_REQUEST_TIMEOUT", 120
#: What MLflow reads beside the variables: a section [mlflow] with mlflow_tracking_username and …_password.
CREDENTIALS_FILE = Path("~/.mlflow/credentials")
_TRUE = {"true", "1"}


@dataclass(frozen=True)
class Address:
    """A server, and how it is spoken to."""

    url: str  #: with neither credentials nor a slash at the end
    user: str = ""
    password: str = field(default="", repr=False)
    token: str = field(default="", repr=False)
    verify: bool = True
    authority: str = ""  #: file of certificates that are trusted
    read_seconds: int = READ_SECONDS
    certificate: str = ""  #: file of the client's own, with its key

    @property
    def who(self) -> str:
        """Return whose credentials are sent, for people; "" for nobody's."""
        return f"the user {self.user}" if self.user and self.password else f"the token in {TOKEN}" if self.token else ""


def address_of(tracking_uri: str, environment: Mapping[str, str] = os.environ) -> Address:
    """Return the server of a tracking URI; credentials are found as MLflow finds them, in the same order.

    Raises:
        InvalidInputError: it is not one that is spoken to over HTTP.
    """
    uri = tracking_uri.strip()
    scheme, _, rest = uri.partition(":")
    if scheme.lower() not in {"http", "https"}:
        raise InvalidInputError(_no_server(told_url(uri), scheme.lower(), rest))
    try:
        parts = urlsplit(uri)
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise InvalidInputError(f"--tracking-uri is no address ({error}); expected {_EXPECTED}") from None
    if not host:
        raise InvalidInputError(f"--tracking-uri names no host; expected {_EXPECTED}")
    place = f"[{host}]" if ":" in host else host
    user, password = environment.get(USER) or "", environment.get(PASSWORD) or ""
    if not (user and password):
        kept = _kept()
        user, password = user or kept[0], password or kept[1]
    if not (user and password):
        user, password = unquote(parts.username or ""), unquote(parts.password or "")
    return Address(
        url=f"{parts.scheme.lower()}://{place}{f':{port}' if port else ''}{parts.path.rstrip('/')}",
        user=user,
        password=password,
        token=_token(environment.get(TOKEN) or ""),
        verify=environment.get(INSECURE, "").lower() not in _TRUE,
        authority=environment.get(AUTHORITY) or "",
        certificate=environment.get(CERTIFICATE) or "",
        read_seconds=_seconds(environment.get(PATIENCE) or str(READ_SECONDS)),
    )


_EXPECTED = "the address at which the server's page opens, such as http://127.0.0.1:5000"


def _token(token: str) -> str:
    """Return a token that can be sent: of another, libraries would show the header that it is in."""
    if not (token.isascii() and token.isprintable()) or token != token.strip():
        raise InvalidInputError(
            f"{TOKEN} cannot be sent: it has a space at an end, a line break, or another character that no header can "
            "have; expected the token as the server has given it: copy it again"
        )
    return token


def _seconds(text: str) -> int:
    if not text.isdecimal() or int(text) == 0:
        raise InvalidInputError(f"{PATIENCE} is {text}; expected a whole number of seconds, such as {READ_SECONDS}")
    return int(text)


def _no_server(uri: str, scheme: str, rest: str) -> str:
    """Say what to write in place of a tracking URI that no server answers at."""
    if scheme == "databricks":
        return (
            "--tracking-uri is databricks, whose artifacts only MLflow's own client can write: expected "
            f"{_EXPECTED}. A run's folder is a model that mlflow.sklearn.load_model loads and MLflow can log from there"
        )
    if "+" in scheme or scheme in {"sqlite", "mysql", "postgresql", "mssql"}:  # it may hold a password
        return (
            f"--tracking-uri is a database ({scheme}:), which only an MLflow server writes to: expected {_EXPECTED}. "
            "Start one on it (mlflow server --backend-store-uri URI), and name its address"
        )
    if rest.partition("/")[0].isdigit():
        return f"--tracking-uri is {uri}, without http:// in front; expected {_EXPECTED}: write http://{uri}"
    return (
        f"--tracking-uri is {uri}, no server's address: gridfold speaks to MLflow over HTTP alone, and MLflow keeps no "
        f"runs in folders any more. Expected {_EXPECTED}: start a server (mlflow server), and name its address; "
        "`mlflow migrate-filestore` takes the runs of a folder into its database"
    )


def _kept() -> tuple[str, str]:
    """Return user and password of MLflow's file of credentials, "" for none."""
    found = configparser.ConfigParser(interpolation=None)
    try:
        found.read(CREDENTIALS_FILE.expanduser())
        section = found["mlflow"]
    except (configparser.Error, KeyError, OSError, RuntimeError, UnicodeError):
        return "", ""
    return section.get("mlflow_tracking_username", ""), section.get("mlflow_tracking_password", "")
