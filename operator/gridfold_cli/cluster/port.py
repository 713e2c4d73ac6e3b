"""What commands ask of a cluster's API server, whoever answers."""

from collections.abc import Iterator
from typing import Any, Protocol

Document = dict[str, Any]


class ApiServer(Protocol):
    """An API server as a few verbs on paths. Every error is a ClusterError (`refusals`)."""

    def get(self, path: str, **query: str) -> Document:
        """Return an object or a page of a list.

        Raises:
            NotFoundError: there is no such object.
        """

    def apply(self, path: str, document: Document, *, force: bool = False) -> Document:
        """Have an object be so (server-side apply, by the field manager gridfold), and return it.

        Raises:
            ConflictError: another manager owns one of its fields with another value, and `force` is not set.
        """

    def delete(self, path: str) -> None:
        """Delete an object and, in the background, what it owns.

        Raises:
            NotFoundError: there is no such object.
        """

    def watch(self, path: str, version: str, seconds: float, **query: str) -> Iterator[tuple[str, Document]]:
        """Yield (type, object) of every change after a version, for about so long; ends where the connection does.

        Raises:
            GapError: that version is too old: list again.
        """

    def lines(self, path: str, **query: str) -> Iterator[bytes]:
        """Yield the lines of a text, without their ends, as they come."""
