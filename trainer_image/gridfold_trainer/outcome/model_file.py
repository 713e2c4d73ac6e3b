"""The model as a file: skops, which executes nothing when it is read, deflated."""

import functools
import inspect
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from gridfold_trainer.learning.responses import answers, equal

#: A file beyond this is not read again to see that it holds the same model: memory has both at once.
_READ_AGAIN_BYTES = 64 * 2**20
_CHARACTERS = 256


@dataclass(frozen=True)
class Stored:
    """A model as a file, or why there is none."""

    content: bytes | None
    trusted: tuple[str, ...] = ()  #: types that skops must be told to trust
    note: str = ""  #: why there is none


def store_model(model: Any, rows: Any) -> Stored:
    """Return a fitted model as a file that is read back and says the same of some rows; a failure is a value.

    Raises:
        MemoryError: passed on; more memory can help.
    """
    try:
        content = save_model(model)
        trusted = trusted_types(content)
        if len(content) <= _READ_AGAIN_BYTES:
            different = _difference(model, load_model(content, trusted), rows)
            if different:
                return _none(f"read back, it has other values of {different}")
    except MemoryError:
        raise
    except Exception as error:  # skops, or an estimator of the platform, may raise anything
        return _none(f"{type(error).__name__}: {' '.join(str(error).split())}")
    return Stored(content, tuple(trusted))


def _none(cause: str) -> Stored:
    told = f"skops cannot store this model, so there is no model.skops: {cause[:_CHARACTERS].rstrip('.')}."
    return Stored(None, note=f"{told} All scores are those of the model; gridfold export prints how to fit it.")


def save_model(model: Any) -> bytes:
    """Return a fitted model as a skops file (deflated: 5 to 30 times smaller)."""
    from skops import io

    _make_storable(model)
    content: bytes = io.dumps(model, compression=zipfile.ZIP_DEFLATED, compresslevel=6)
    return content


def trusted_types(content: bytes) -> list[str]:
    """Return the types that `skops.io.load(…, trusted=[…])` must be told for this file."""
    from skops import io

    return sorted(io.get_untrusted_types(data=content))


def load_model(content: bytes, trusted: list[str]) -> Any:
    """Return the model of a file, given the types that it may hold."""
    from skops import io

    return io.loads(content, trusted=trusted)


def _difference(model: Any, read: Any, rows: Any) -> str:
    """Return the first method whose values differ, or ""."""
    mine, theirs = answers(model, rows), answers(read, rows)
    return next((name for name in mine if name not in theirs or not equal(mine[name], theirs[name])), "")


def _make_storable(model: Any) -> None:
    """Take out of a model what skops cannot store, or wants trusted, and no prediction needs.

    After early stopping by a scorer, histogram gradient boosting keeps the scorer, and a method of its own as an
    attribute; both may hold the estimator, and skops follows them to a RecursionError. In front of categorical
    columns it has a `functools.partial`, which nobody should have to trust (scikit-learn 1.9, skops 0.16).
    """
    for estimator in _estimators(model):
        for name, value in list(vars(estimator).items()):
            if inspect.ismethod(value) and value.__func__ is getattr(type(estimator), name, None):
                delattr(estimator, name)  # the same method is found in the class
        if any(base.__name__ == "BaseHistGradientBoosting" for base in type(estimator).__mro__):
            _without_helpers(estimator)


def _without_helpers(boosting: Any) -> None:
    boosting._scorer = None  # fit alone asks it
    for table in ("transformers", "transformers_"):
        for _, transformer, _ in getattr(boosting._preprocessor, table, ()):
            func = getattr(transformer, "func", None)
            if isinstance(func, functools.partial) and not func.args:
                transformer.func, transformer.kw_args = func.func, func.keywords


def _estimators(model: Any) -> Iterator[Any]:
    """Yield the estimator of a pipeline, or of a pipeline that votes alone."""
    if hasattr(model, "steps"):
        yield model.steps[-1][1]
        return
    for part in model.estimators_:
        yield from _estimators(part)
