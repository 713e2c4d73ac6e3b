"""A term: the time for which this process leads. What it writes, it writes within one, checked before each write."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from gridfold_operator.errors import NotLeadingError

#: Seconds from no particular moment on, which no change of the machine's time of day touches.
Monotonic = Callable[[], float]
#: Asked before each write; raises NotLeadingError where it is not to be.
Gate = Callable[[], None]


class Term:
    """One time of leading. Once it is over it stays over, although the same process may lead again later.

    So what was decided before a pause (a stopped process, a machine that slept) is never written after it.
    """

    def __init__(self, name: str, until: float, monotonic: Monotonic) -> None:
        """Take what a message calls that which is led."""
        self._name, self._until, self._monotonic = name, until, monotonic
        self._ended = False

    def __str__(self) -> str:
        """Return what is led."""
        return self._name

    @property
    def seconds_left(self) -> float:
        """Return for how long it lasts if nobody extends it."""
        return 0.0 if self.is_over() else self._until - self._monotonic()

    def is_over(self) -> bool:
        """Tell whether nothing may be written any more."""
        self._ended = self._ended or self._monotonic() >= self._until
        return self._ended

    def extend(self, until: float) -> None:
        """Have it last longer, unless it is over."""
        if not self.is_over():
            self._until = until

    def end(self) -> None:
        """Have nothing written from now on."""
        self._ended = True


_TERM: ContextVar[Term | None] = ContextVar("term", default=None)


@contextmanager
def within(term: Term) -> Iterator[None]:
    """Have all that is done in the block, tasks and threads that it starts included, written within a term."""
    token = _TERM.set(term)
    try:
        yield
    finally:
        _TERM.reset(token)


def check_term() -> None:
    """Make sure that what is about to be written may be.

    Raises:
        NotLeadingError: the term in which it was decided is over, or there was none.
    """
    term = _TERM.get()
    if term is None:
        raise NotLeadingError("nothing is written, as nothing says that this operator leads")
    if term.is_over():
        raise NotLeadingError(f"nothing is written: this operator no longer holds {term}")


def let_pass() -> None:
    """Let every write pass: of whoever needs not lead, such as the reaper, which acts when nobody does."""
