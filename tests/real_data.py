"""Where the real data sets are, and what a test does without them.

They are not part of the repository. Whoever names their folder wants the tests that need them to run, so that a file
that is not there fails them; where nobody has named it they are skipped with the reason, in a stranger's CI, too.
"""

import os
from collections.abc import Mapping
from pathlib import Path

import pytest

DATA_VARIABLE = "GRIDFOLD_TEST_DATA"
REPOSITORY = Path(__file__).parents[1]


def data_folder(environment: Mapping[str, str] = os.environ) -> Path:
    """Return where the data sets are: the folder that is named, from the top of the repository, or one beside it."""
    return REPOSITORY / (environment.get(DATA_VARIABLE) or "../shared/data")


def why_absent(name: str, environment: Mapping[str, str] = os.environ) -> str | None:
    """Return why a data set cannot be read, or None if it can."""
    path = data_folder(environment) / name
    if path.exists():
        return None
    named = environment.get(DATA_VARIABLE)
    if named:
        return f"{path} is not there, and {DATA_VARIABLE} is {named}; correct it, or unset it to skip this test."
    return f"{path} is not there; set {DATA_VARIABLE} to the folder of the real data sets to run this test."


def require(name: str, environment: Mapping[str, str] = os.environ) -> Path:
    """Return the file of a data set; without it the test is skipped, or fails where the folder was named."""
    reason = why_absent(name, environment)
    if reason and environment.get(DATA_VARIABLE):
        pytest.fail(reason, pytrace=False)
    if reason:
        pytest.skip(reason)
    return data_folder(environment) / name
