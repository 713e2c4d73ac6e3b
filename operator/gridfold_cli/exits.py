"""Exit codes of the command line."""

from enum import IntEnum


class Exit(IntEnum):
    """How the command line ends."""

    OK = 0
    FAILED = 1
    INVALID = 2
    TARGETS_MISSED = 3
    DIFFERENT = 4
    INTERRUPTED = 130
