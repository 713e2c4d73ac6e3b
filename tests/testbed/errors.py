"""What can go wrong with the testbed itself, apart from what the tests find.

TestbedError
├── UnavailableError       this machine cannot run it: tests skip, in one line
└── NotRunningError        nothing is up under that name
"""

from typing import ClassVar


class TestbedError(RuntimeError):
    """Say what happened, the value seen, what was expected and what to do."""

    __test__: ClassVar[bool] = False  # pytest would collect a class of this name


class UnavailableError(TestbedError):
    """The machine lacks something that the testbed cannot install by itself."""


class NotRunningError(TestbedError):
    """The named instance is not up."""
