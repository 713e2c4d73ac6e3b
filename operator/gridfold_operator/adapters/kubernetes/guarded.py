"""Writes to an object that was read before: none hits what has taken its name since, and no other's change is lost.

A deletion names the uid, as the version of a Job changes whenever one of its pods does. A change names the version that
it was made of: where somebody else has written meanwhile, it is made again of what is there then.
"""

from collections.abc import Callable

from gridfold.engine.ports import ConflictError
from gridfold_operator.adapters.kubernetes.client import MERGE_PATCH, Document, KubernetesClient
from gridfold_operator.errors import ApiConflictError, ApiNotFoundError

TRIES = 5  #: as often as kubectl makes a patch again (maxPatchRetry); a Job is written to about once a second


def check_uid(found: Document, uid: str) -> None:
    """Make sure that an object is the one that was read.

    Raises:
        ConflictError: it is another one of the same name.
    """
    metadata = found["metadata"]
    if metadata["uid"] != uid:
        raise ConflictError(
            f"{name_of(found)} is another one now (uid {metadata['uid']}, expected {uid}): observe again"
        )


def name_of(document: Document) -> str:
    """Return what messages call an object."""
    metadata = document["metadata"]
    place = f"{metadata['namespace']}/" if "namespace" in metadata else ""
    return f"{document.get('kind', 'the child')} {place}{metadata['name']}"


async def delete(client: KubernetesClient, path: str, read: Document) -> None:
    """Delete the object that was read; where it is gone already, that is fine.

    Raises:
        ConflictError: there is another one of its name.
    """
    try:
        await client.delete(path, uid=read["metadata"]["uid"])
    except ApiConflictError as error:
        raise ConflictError(f"{name_of(read)} has changed since: observe again") from error


async def change(
    client: KubernetesClient,
    path: str,
    check: Callable[[Document], None],
    patches: Callable[[Document], list[Document]],
) -> Document | None:
    """Read an object, check it and make its patches; return it as it is then, None where it is gone.

    Raises:
        ConflictError: another one takes its name meanwhile, or others write to it all the time; or as the check does.
    """
    uid = ""
    for _ in range(TRIES):
        try:
            found = await client.get(path)
            check(found)
            uid = uid or found["metadata"]["uid"]
            check_uid(found, uid)
            for patch in patches(found):
                found = await client.patch(path, _guarded(patch, found), MERGE_PATCH)
        except ApiNotFoundError:
            return None
        except ApiConflictError:
            continue
        return found
    raise ConflictError(f"{path} was changed by others at each of {TRIES} tries to change it: observe again")


def _guarded(patch: Document, read: Document) -> Document:
    version = read["metadata"]["resourceVersion"]
    return {**patch, "metadata": {**patch.get("metadata", {}), "resourceVersion": version}}
