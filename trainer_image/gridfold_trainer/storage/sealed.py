"""Documents of ours whose content carries its own digest, so that what was changed or damaged is never believed.

The digest tells a slip, a broken disk and a cut-off copy; whoever can write to the cache on purpose can write it, too.
"""

import json
import logging
from collections.abc import Callable
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from gridfold.domain.keys import digest
from gridfold_trainer.errors import ObjectMissingError, ObjectTooLargeError
from gridfold_trainer.storage.stores import ObjectStore

log = logging.getLogger("gridfold")

#: Field of the stored document; no model has it.
DIGEST = "digest"

Document = TypeVar("Document", bound=BaseModel)


def seal(document: BaseModel) -> bytes:
    """Return the object to store: the document's JSON with the SHA-256 of its canonical form."""
    content = json.loads(document.model_dump_json(by_alias=True))
    return json.dumps({DIGEST: digest(content), **content}, separators=(",", ":"), ensure_ascii=False).encode()


def unseal(kind: type[Document], data: bytes) -> Document | None:
    """Return the document in an object, or None where it is not whole, not of this kind or not what its digest says."""
    try:
        content = json.loads(data)
        if not isinstance(content, dict) or content.pop(DIGEST, None) != digest(content):
            return None
        return kind.model_validate_json(json.dumps(content))
    except (ValueError, RecursionError, ValidationError):
        return None


def load_sealed(
    kind: type[Document], store: ObjectStore, uri: str, limit_bytes: int, is_right: Callable[[Document], bool]
) -> Document | None:
    """Return a stored document, None where there is none that is valid and right; of a damaged one the log tells."""
    try:
        found = unseal(kind, store.get(uri, limit_bytes))
    except ObjectMissingError:
        return None
    except ObjectTooLargeError:
        found = None
    if found is None or not is_right(found):
        log.warning("%s was changed or damaged; it counts as not there", uri)
        return None
    return found
