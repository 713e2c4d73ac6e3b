"""Why a server could not be talked to, told apart: what happened, the value seen, and what to do about it.

Libraries wrap what the operating system said several times; it lies somewhere in the chain of causes.
"""

import errno
import re
import socket
import ssl
from collections.abc import Iterator
from dataclasses import dataclass

from gridfold.domain.visible import excerpt
from gridfold_trainer.advice import here
from gridfold_trainer.errors import HostUnknownError, StorageRefusedError, StorageUnreachableError, TrainerError
from gridfold_trainer.storage.certificates import advice

_NO_SUCH_NAME = {socket.EAI_NONAME, getattr(socket, "EAI_NODATA", socket.EAI_NONAME)}
_NO_ROUTE = {errno.EHOSTUNREACH, errno.ENETUNREACH, errno.EHOSTDOWN, errno.ENETDOWN}
_ENDED = (ConnectionError, EOFError)
#: Of urllib3 and botocore, whose classes share no ancestor.
_NAME_MISMATCH = "CertificateError"
_TIMEOUTS = re.compile(r"Timeout")
_BROKEN_OFF = {"RemoteDisconnected", "IncompleteRead", "ConnectionClosedError", "IncompleteReadError"}
#: X509_V_ERR_…: OpenSSL, x509_vfy.h.
_NOT_YET_VALID, _EXPIRED, _WRONG_NAMES, _UNKNOWN_AUTHORITY = 9, 10, {62, 63, 64}, {18, 19, 20, 21, 2}
_RESOLVED = re.compile(r"Failed to resolve '([^']+)'")


@dataclass(frozen=True)
class Server:
    """Whom a request goes to."""

    shown: str  #: address for messages
    setting: str  #: what says where it is: "storage.endpoint", "the URL"


def connection_error(error: Exception, uri: str, server: Server) -> TrainerError:
    """Return the typed error of a request that got no answer, or half of one."""
    chain = list(_chain(error))
    for known in (_of_tls, _of_name, _of_connection):
        found = known(chain, uri, server)
        if found is not None:
            return found
    return StorageUnreachableError(
        f"{uri} could not be read or written: {server.shown} does not answer as it should ({one_line(chain[-1])}); "
        f"is {server.setting} right?"
    )


def one_line(error: BaseException) -> str:
    """Return what an error says without URLs, which may hold a signature, and of a server's words the beginning."""
    text = " ".join(str(error).split())
    return excerpt(f"{type(error).__name__}: {text}".partition(" url: ")[0])


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    """Yield an error and what it was made of, the outermost first."""
    seen: set[int] = set()
    waiting = [error]
    while waiting:
        found = waiting.pop(0)
        if not isinstance(found, BaseException) or id(found) in seen:
            continue
        seen.add(id(found))
        yield found
        inner = getattr(found, "kwargs", None)
        wrapped = inner.get("error") if isinstance(inner, dict) else None
        waiting += [wrapped, getattr(found, "reason", None), found.__cause__, found.__context__, *found.args]


def _of_tls(chain: list[BaseException], uri: str, server: Server) -> TrainerError | None:
    refused = next((e for e in chain if isinstance(e, ssl.SSLCertVerificationError)), None)
    if refused is not None:
        what, do = _certificate(refused, server)
        return StorageRefusedError(f"{uri}: the certificate of {server.shown} {what}; {do}.")
    other = next((e for e in chain if type(e).__name__ == _NAME_MISMATCH), None)
    if other is not None:
        what, do = _wrong_name(str(other), server)
        return StorageRefusedError(f"{uri}: the certificate of {server.shown} {what}; {do}.")
    failed = next((e for e in chain if isinstance(e, ssl.SSLError) and not isinstance(e, ssl.SSLEOFError)), None)
    if failed is None:
        return None
    do = "correct the port in the URL"
    if server.setting != "the URL":
        do = f"if it has no certificate, write http:// in {server.setting}; else correct the port"
    why = failed.reason or one_line(failed)
    return StorageRefusedError(f"{uri}: {server.shown} does not speak TLS as it is asked to ({why}); {do}.")


def _wrong_name(said: str, server: Server) -> tuple[str, str]:
    return f"is for another name ({excerpt(said)})", f"write a name that it has in {server.setting}"


def _certificate(error: ssl.SSLCertVerificationError, server: Server) -> tuple[str, str]:
    """Return what is wrong with a certificate, and what to do."""
    said = error.verify_message or one_line(error)
    if error.verify_code == _EXPIRED:
        return (
            f"has expired ({said})",
            "have the server's owner renew it; if it is valid, this machine's clock is wrong",
        )
    if error.verify_code == _NOT_YET_VALID:
        return f"is not valid yet ({said})", "check the clocks of the server and of this machine"
    if error.verify_code in _WRONG_NAMES:
        return _wrong_name(said, server)
    if error.verify_code in _UNKNOWN_AUTHORITY:
        return f"is not accepted: its authority is unknown ({said})", advice()
    return f"is not accepted ({said})", advice()


def _of_name(chain: list[BaseException], uri: str, server: Server) -> TrainerError | None:
    failed = next((e for e in chain if isinstance(e, socket.gaierror)), None)
    named = next((m[1] for e in chain if (m := _RESOLVED.search(str(e)))), None)
    if failed is None:
        return None
    name = named or server.shown
    if failed.errno not in _NO_SUCH_NAME:
        return StorageUnreachableError(
            f"{uri} could not be read or written: the name server does not tell the address of {name} "
            f"({failed.strerror}); check "
            + here(cluster="the cluster's DNS and the pod's NetworkPolicy.", laptop="this machine's network.")
        )
    do = f"correct {server.setting}"
    if named is not None and named not in server.shown and server.setting == "storage.endpoint":
        do += ", or set storage.addressingStyle: Path, which does not put the bucket in front of the host name"
    return HostUnknownError(
        f"{uri} could not be read or written: the host name {name} is unknown; {do}"
        + here(cluster=", or have the cluster's DNS know it.", laptop=", or check this machine's network.")
    )


def _of_connection(chain: list[BaseException], uri: str, server: Server) -> TrainerError | None:
    why = _why(chain, server)
    return None if why is None else StorageUnreachableError(f"{uri} could not be read or written: {why}.")


def _why(chain: list[BaseException], server: Server) -> str | None:
    if any(isinstance(e, ConnectionRefusedError) for e in chain):
        return (
            f"{server.shown} refuses the connection, so nothing listens there"
            + here(
                cluster=", or a NetworkPolicy rejects it; start that server, have the policy name it, or correct ",
                laptop="; start that server, or correct ",
            )
            + server.setting
        )
    if any(isinstance(e, OSError) and e.errno in _NO_ROUTE for e in chain):
        return f"there is no way through the network to {server.shown}; correct {server.setting}, or open the way"
    if any(isinstance(e, TimeoutError) or _TIMEOUTS.search(type(e).__name__) for e in chain):
        return (
            f"{server.shown} does not answer in time ({one_line(chain[0])}); it is busy, or "
            + here(cluster="a NetworkPolicy or firewall", laptop="a firewall")
            + f" drops what is sent; check that way and {server.setting}"
        )
    if any(isinstance(e, _ENDED) or type(e).__name__ in _BROKEN_OFF or isinstance(e, ssl.SSLEOFError) for e in chain):
        return (
            f"{server.shown} ended the connection in the middle ({one_line(chain[-1])}); if it always does, see its log"
        )
    return None
