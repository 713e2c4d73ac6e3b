"""Import what a cell needs of scikit-learn without all of scipy.stats, and without rewriting scipy's docstrings.

scikit-learn 1.9 imports scipy.stats for a handful of functions that few estimators call. It is a third of the CPU
time of the whole import, and 16 MiB, in every cell's process. So while scikit-learn is imported, a placeholder stands
where scipy.stats would; it is gone before any code but scikit-learn's can see it, and the functions taken from it load
the real scipy.stats when they are used. scipy adds a note on array libraries to the docstrings of 260 functions, which
is a sixth of what is left; that is left out. Nothing that is computed changes.
"""

import gc
import importlib
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import ModuleType
from typing import Any

#: What every pipeline imports; both import several packages of estimators.
TRANSFORMERS = ("sklearn.compose", "sklearn.impute")
_STATS = "scipy.stats"
#: What every stage imports, beside the estimator's own package.
_PACKAGES = ("sklearn.metrics", "sklearn.model_selection", "sklearn.pipeline", "sklearn.preprocessing")
#: What `from scipy.stats import …` takes while these packages are imported; each is called, or a method of it is.
_NAMES = frozenset({"chi2", "gmean", "rankdata", "spearmanr"})


def import_scikit_learn(*packages: str) -> None:
    """Import packages of scikit-learn, and what every stage needs of it.

    What was imported stays out of every garbage collection. No other thread may import scipy.stats meanwhile: it
    would see the placeholder.
    """
    wanted = [name for name in (*packages, *_PACKAGES) if name not in sys.modules]
    if not wanted:
        return
    collecting = gc.isenabled()
    gc.disable()  # imports make no garbage
    with suppress(ImportError), _stats_on_demand(), _docstrings_as_written():
        for name in wanted:
            importlib.import_module(name)
    for name in wanted:  # where the placeholder was not enough for another release's imports
        importlib.import_module(name)
    gc.freeze()
    if collecting:
        gc.enable()


@contextmanager
def _stats_on_demand() -> Iterator[None]:
    """Let a placeholder stand for scipy.stats; not where that has been imported already."""
    if _STATS in sys.modules:
        yield
        return
    import scipy

    placeholder = _Placeholder(_STATS)
    sys.modules[_STATS] = scipy.stats = placeholder
    try:
        yield
    finally:
        if sys.modules.get(_STATS) is placeholder:
            del sys.modules[_STATS]
            del scipy.stats  # scipy itself imports it for whoever asks next


@contextmanager
def _docstrings_as_written() -> Iterator[None]:
    """Have scipy's decorator that parses docstrings do nothing; a release that has no such decorator is left alone."""
    try:
        from scipy._lib import _array_api

        decorator = _array_api.xp_capabilities
    except (ImportError, AttributeError):
        yield
        return
    _array_api.xp_capabilities = lambda **_: lambda function: function
    try:
        yield
    finally:
        _array_api.xp_capabilities = decorator


class _Placeholder(ModuleType):
    """Stands for scipy.stats in the modules of scikit-learn that hold the module."""

    def __getattr__(self, name: str) -> Any:
        if sys.modules.get(_STATS) is not self:
            return getattr(_stats(), name)
        if name in _NAMES:
            return _OnDemand(name)
        if name.startswith("__"):  # what Python itself looks for
            raise AttributeError(name)
        raise ImportError(f"{name} of {_STATS} is not known to {__name__}")


class _OnDemand:
    """Stands for one function of scipy.stats, or one distribution."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __call__(self, *arguments: Any, **options: Any) -> Any:
        return getattr(_stats(), self._name)(*arguments, **options)

    def __getattr__(self, attribute: str) -> Any:
        return getattr(getattr(_stats(), self._name), attribute)


def _stats() -> ModuleType:
    """Return the real one."""
    return importlib.import_module(_STATS)
