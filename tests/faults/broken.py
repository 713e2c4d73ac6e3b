"""What the matrices of faults say of a run in which something does not hold."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

STORY = 80  #: last lines of the log that are told


class BrokenInvariantError(AssertionError):
    """Something that must hold does not."""


@contextmanager
def reproducible(what: str, command: str, log: Sequence[str]) -> Iterator[None]:
    """Raise whatever is raised as what is broken, with the command that plays the same run again, and its story."""
    try:
        yield
    except Exception as error:
        story = "\n  ".join(log[-STORY:])
        raise BrokenInvariantError(
            f"{what}: {type(error).__name__}: {error}\nReproduce it by: {command}\n  {story}"
        ) from error
