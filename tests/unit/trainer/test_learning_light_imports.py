"""scikit-learn without all of scipy.stats: every package loads, the floats are the same, no placeholder is seen."""

import subprocess
import sys

import pytest

from gridfold_trainer.learning.allowed_estimators import CLASSIFIERS, REGRESSORS

PACKAGES = sorted(CLASSIFIERS | REGRESSORS)
BEGIN = """
import sys
import numpy as np
from gridfold_trainer.learning.light_imports import TRANSFORMERS, import_scikit_learn
import_scikit_learn({package!r}, *TRANSFORMERS)
assert {package!r} in sys.modules
"""
#: scikit-learn's functions that use what they took from scipy.stats; each prints floats of the real library.
USES = """
import sklearn._loss.link as link, sklearn.metrics as metrics, sklearn.preprocessing as preprocessing
from sklearn.utils.fixes import _mode
X = np.random.default_rng(0).normal(size=(50, 2)) ** 2
print([value.hex() for value in link.MultinomialLogit().link(X[:3])[0]])
print(metrics.label_ranking_loss([[0, 1], [1, 0]], [[0.3, 0.3], [0.2, 0.9]]).hex())
print(preprocessing.PowerTransformer().fit(X).lambdas_[0].hex())
print(preprocessing.QuantileTransformer(n_quantiles=9, output_distribution="normal").fit_transform(X)[0, 0].hex())
from sklearn.covariance import MinCovDet
print(MinCovDet(random_state=0).fit(X).covariance_[0, 0].hex())
print(_mode(np.array([1, 2, 2])).mode)
from sklearn.isotonic import check_increasing
print(check_increasing([1, 2, 3], [1, 2, 4]))
from scipy.stats import rankdata
assert type(sys.modules["scipy.stats"]).__name__ == "module" and rankdata.__module__ == "scipy.stats._stats_py"
"""


def run(code: str) -> str:
    done = subprocess.run([sys.executable, "-W", "error", "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("package", PACKAGES)
def test_every_package_is_imported_without_scipy_stats(package: str) -> None:
    told = run(BEGIN.format(package=package) + "print('scipy.stats' in sys.modules)")
    assert told.strip() == "False"


def test_after_it_everybody_gets_the_real_scipy_stats() -> None:
    run(
        BEGIN.format(package="sklearn.svm")
        + "import scipy, scipy.stats.mstats\n"
        + "assert scipy.stats is sys.modules['scipy.stats'] and scipy.stats.__file__\n"
        + "assert scipy.stats.norm.cdf(0.0) == 0.5 and scipy.stats.mstats.gmean([2.0, 2.0]) == 2.0\n"
    )


def test_functions_of_scipy_keep_the_docstrings_that_they_were_written_with() -> None:
    run(
        "from scipy._lib import _array_api\n"
        + "noted = _array_api.xp_capabilities\n"
        + BEGIN.format(package="sklearn.svm")
        + "assert _array_api.xp_capabilities is noted\n"
        + "import scipy.linalg, scipy.stats\n"
        + "assert 'least-squares solution' in scipy.linalg.lstsq.__doc__\n"
        + "assert 'Array API' not in scipy.linalg.lstsq.__doc__ and 'Array API' in scipy.stats.zscore.__doc__\n"
    )


@pytest.mark.parametrize("lost", ["del scipy._lib._array_api.xp_capabilities", "scipy._lib._array_api = None"])
def test_a_scipy_without_that_decorator_is_imported_as_it_is(lost: str) -> None:
    run(
        "import scipy.linalg, scipy.special, scipy.sparse, scipy.optimize, scipy.spatial.distance, scipy.signal\n"
        + "import scipy.ndimage, scipy.interpolate, scipy.integrate, scipy.cluster.hierarchy, scipy.fft, scipy.stats\n"
        + f"import scipy._lib._array_api\n{lost}\n"
        + BEGIN.format(package="sklearn.svm")
    )


def test_what_scikit_learn_took_from_it_gives_the_same_floats() -> None:
    plain = run("import sys, numpy as np, scipy.stats\n" + USES)
    assert run(BEGIN.format(package="sklearn.linear_model") + USES) == plain
    assert len(plain.splitlines()) == 7


def test_what_was_imported_before_is_left_as_it_is() -> None:
    run(
        "import scipy.stats as before\n"
        + BEGIN.format(package="sklearn.svm")
        + "import scipy\nassert scipy.stats is before"
    )


def test_a_name_that_the_placeholder_does_not_know_is_imported_from_the_real_one() -> None:
    run(
        "from gridfold_trainer.learning import light_imports\n"
        + "light_imports._NAMES = frozenset()\n"
        + BEGIN.format(package="sklearn.linear_model")
        + "from sklearn.linear_model import LogisticRegression\n"
        + "LogisticRegression().fit([[0.0], [1.0]], [0, 1])\n"
        + "import scipy.stats, sklearn.model_selection._search as search\n"
        + "assert search.rankdata is scipy.stats.rankdata\n"
    )


def test_garbage_is_collected_afterwards_as_before() -> None:
    run("import gc\n" + BEGIN.format(package="sklearn.svm") + "assert gc.isenabled()")
    run("import gc\ngc.disable()\n" + BEGIN.format(package="sklearn.svm") + "assert not gc.isenabled()")
