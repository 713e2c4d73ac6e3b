"""Lines of a log whose texts come from data or strangers: none moves a terminal, looks like another, or is endless."""

import logging

from gridfold.domain.visible import bounded

#: Of one entry with its traceback. A traceback of ours is shorter; a name in it need not be.
ENTRY_LIMIT = 16_384


class VisibleFormatter(logging.Formatter):
    """Formats an entry so that it is visible and bounded; its second line and all further ones are indented.

    So whatever begins at the left edge was written by the program, and not by a name with a line break in it.
    """

    def format(self, record: logging.LogRecord) -> str:
        """Return the entry."""
        return entry(super().format(record))


def entry(text: str) -> str:
    """Return a text as an entry of a log: visible, bounded, and with all lines but the first indented."""
    return bounded(text, ENTRY_LIMIT).replace("\n", "\n    ")


def make_visible(format_: str = logging.BASIC_FORMAT) -> None:
    """Have everything that the root's handlers write be visible."""
    for handler in logging.getLogger().handlers:
        handler.setFormatter(VisibleFormatter(format_))
