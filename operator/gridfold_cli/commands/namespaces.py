"""Which namespace the job of a file is for."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from gridfold_cli.errors import InvalidInputError


def named_namespace(document: Mapping[str, Any], given: str, file: Path) -> str:
    """Return the namespace that the file names, "" if none; as with kubectl, -n must not name another one.

    Raises:
        InvalidInputError: it does.
    """
    named = (document.get("metadata") or {}).get("namespace") or ""
    if named and given and named != given:
        raise InvalidInputError(f"{file}: metadata.namespace is {named}, and -n says {given}: leave one of them out")
    return named
