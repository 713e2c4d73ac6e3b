"""What of an address is confidential, and never told: user name and password, query (of a signed URL), fragment.

The one place that says so. Whoever tells an address tells `told_url`; texts that others wrote, such as the messages
of libraries, go through `without_secrets` before they reach a log, a status, an Event, a termination message or a
terminal.
"""

import re

#: Stands in the place of what is not told.
HIDDEN = "…"
#: How a store's own URIs begin, whose keys may hold question marks (in patterns) and signs at.
_PLAIN_SCHEMES = ("s3:", "file:")
_PARTS = re.compile(r"(\s*(?:[A-Za-z][A-Za-z0-9+.-]*:)?[/\\]*)(.*)", re.DOTALL)
_PORT = re.compile(r"(\[[^\]]*\]|[^:]*)(:[0-9]*)?")
_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]{0,15}://[^\s<>\"'`]+")
#: Before a sign at, which may follow quotation marks too. Bounded, so that no text takes long.
_USER = re.compile(r"([A-Za-z][A-Za-z0-9+.-]{0,15}://)[^\s/?#]{0,1024}@")
_AFTER = re.compile(r"[)\]},.;:]*$")
#: urllib3 tells the path of a request without its server, http.client a header that cannot be sent.
_REQUEST = re.compile(r"( url: [^\s?]{0,4096}\?)[^\s]+")
_HEADER = re.compile(r"(Invalid header value ).*")
#: Parameters that are credentials, wherever they stand: of AWS (both versions), Google, Azure, and what others call so.
_NAMED = re.compile(
    r"\b((?:x-(?:amz|goog)-(?:signature|credential|security-token)|awsaccesskeyid|googleaccessid|signature|sig|"
    r"(?:access_|api_?|auth_?)key|(?:access_|auth_?)?token|password|passwd|secret)=)[^\s&\"'<>]+",
    re.IGNORECASE,
)
_SECRET_NAME = re.compile(r"SECRET|TOKEN|PASSW|PASSPHRASE|ACCESS_?KEY|API_?KEY|CREDENTIAL", re.IGNORECASE)
#: Words of a parameter's name, which may well be tokenizer, token_pattern or pad_token.
_SECRET_PARAMETER = re.compile(
    r"(?:^|_)(?:secret|passw(?:or)?d|pwd|passphrase|credential|(?:access|account|api|auth|private)_?key|"
    r"(?:access|api|auth|bearer|hf|refresh|security|session)_?token)s?(?:_|$)|(?:^|__)token$"
)
_CAPITAL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


def plain_url(url: str) -> str:
    """Return an address without what is confidential in it; that of a source still says what and where it is."""
    start, rest = _split(url)
    if start.strip().lower().startswith("file:"):
        return url
    user, rest = _without_user(rest)
    if not _has_keys(start):
        rest = re.split(r"[?#]", rest, maxsplit=1)[0]
    return f"{start}{HIDDEN}@{rest}" if user else f"{start}{rest}"


def told_url(url: str) -> str:
    """Return an address as it may be told: marks stand for user name, password and query."""
    plain, (start, rest) = plain_url(url), _split(url)
    return plain if _has_keys(start) or not re.search(r"[?#]", _without_user(rest)[1]) else f"{plain}?{HIDDEN}"


def is_confidential(url: str) -> bool:
    """Tell whether an address has a part that is not to be told."""
    return told_url(url) != url


def has_user(url: str) -> bool:
    """Tell whether a user name or password stands before the host, or in the place of a bucket."""
    return "@" in re.split(r"[/?#]", _split(url)[1], maxsplit=1)[0]


def without_secrets(text: str) -> str:
    """Return a text in which no URL has user name, password, query or fragment, and no parameter is a credential."""
    if "://" in text:
        text = _URL.sub(_told, _USER.sub(rf"\1{HIDDEN}@", text))
    if "=" in text:
        text = _NAMED.sub(rf"\1{HIDDEN}", _REQUEST.sub(rf"\1{HIDDEN}", text))
    return _HEADER.sub(rf"\1{HIDDEN}", text)


def names_secret(name: str) -> bool:
    """Tell whether what has this name (a variable, a field) is probably a secret."""
    return _SECRET_NAME.search(name) is not None


def names_secret_parameter(name: str) -> bool:
    """Tell whether an estimator's parameter of this name is a secret: it is refused, so nothing else may be taken."""
    return _SECRET_PARAMETER.search(_CAPITAL.sub("_", name).lower()) is not None


def _split(url: str) -> tuple[str, str]:
    """Return scheme and slashes, and what follows; people write backslashes, and any number of both."""
    found = _PARTS.match(url)
    return (found[1], found[2]) if found else ("", url)


def _has_keys(start: str) -> bool:
    return start.strip().lower().startswith(_PLAIN_SCHEMES)


def _without_user(rest: str) -> tuple[bool, str]:
    """Return whether there is a user name or password, and what stands behind it.

    Where what should be host and port is none, and a sign at follows, there is a password with a slash or a question
    mark in it, as the secret keys of AWS have them.
    """
    authority = re.split(r"[/?#]", rest, maxsplit=1)[0]
    if "@" in authority:
        return True, rest[authority.rindex("@") + 1 :]
    if "@" in rest and not _PORT.fullmatch(authority):
        return True, rest.rpartition("@")[2]
    return False, rest


def _told(found: re.Match[str]) -> str:
    """Return a URL of a text as it may be told; what ends the sentence is no part of it."""
    end = _AFTER.search(found[0])
    after = end[0] if end else ""
    return told_url(found[0].removesuffix(after)) + after
