"""Fixtures of the trainer's tests."""

import sys
from collections.abc import Iterator

import pytest

from gridfold_trainer.data.frames import add_frames
from gridfold_trainer.learning import intervals


@pytest.fixture(autouse=True)
def few_draws(monkeypatch: pytest.MonkeyPatch) -> None:
    """A thousand draws take most of the time of a small refit; a module that looks at intervals has them all."""
    monkeypatch.setattr(intervals, "RESAMPLES", 20)


@pytest.fixture(scope="module")
def frames() -> Iterator[None]:
    """pandas and polars on the path, for one module: scikit-learn imports pandas wherever it sees it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "path", [*sys.path])
        add_frames()
        yield
