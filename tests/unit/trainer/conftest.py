"""Fixtures of the trainer's tests."""

import sys
from collections.abc import Iterator

import pytest

from gridfold_trainer.data.frames import add_frames


@pytest.fixture(scope="module")
def frames() -> Iterator[None]:
    """pandas and polars on the path, for one module: scikit-learn imports pandas wherever it sees it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "path", [*sys.path])
        add_frames()
        yield
