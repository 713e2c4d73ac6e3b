"""Whether a URI is below a folder, judged by its text alone and refused wherever the text has two readings."""

import re
from dataclasses import dataclass

_FORM = re.compile(r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*)://(?P<host>[^/]+)(?P<path>/.*)?", re.DOTALL)
#: An encoded dot, slash, backslash or per cent sign: some server decodes it, and finds another folder.
_ENCODED = re.compile(r"%(2e|2f|5c|25)", re.IGNORECASE)
_DEFAULT_PORTS = {"http": ":80", "https": ":443"}


@dataclass(frozen=True)
class Place:
    """Where a URI leads."""

    root: str  #: scheme and host, in one spelling
    path: str  #: begins with a slash

    def is_below(self, folder: "Place") -> bool:
        """Tell whether this is in a folder, which needs no slash at its end."""
        return self.root == folder.root and self.path.startswith(f"{folder.path.rstrip('/')}/")


def place_of(uri: str, *, folder: bool = False) -> Place:
    """Return where a URI leads; that of a folder may lack the slash at its end.

    Raises:
        ValueError: it has more than one reading, or is no URI; the message says what to change.
    """
    form = _FORM.fullmatch(uri)
    if form is None:
        raise ValueError("must be a URI such as s3://bucket/folder/")
    scheme, host, path = form["scheme"].lower(), form["host"], form["path"] or "/"
    if scheme in _DEFAULT_PORTS:
        path = re.split(r"[?#]", path)[0]
    if re.search(r"[@\\?#\s]", host):
        raise ValueError("must have nothing but a host, and perhaps a port, before its path")
    if "\\" in path or re.search(r"[\x00-\x1f\x7f]", path) or _ENCODED.search(path):
        raise ValueError("must not have backslashes, control characters, or encoded dots, slashes or per cent signs")
    parts = path.split("/")
    if {".", ".."} & set(parts) or "" in parts[1:-1]:
        raise ValueError("must not have the parts . or .. or empty ones (//): write the folder itself")
    host = host if scheme == "s3" else host.lower().removesuffix(_DEFAULT_PORTS.get(scheme, " ")).rstrip(".")
    return Place(f"{scheme}://{host}", path if path.endswith("/") or not folder else f"{path}/")
