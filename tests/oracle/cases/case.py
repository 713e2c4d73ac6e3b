"""How a case is written: an estimator, its grid, and what differs from the defaults."""

from collections.abc import Callable
from typing import Any

from tests.oracle.tables import Table

Case = dict[str, Any]
#: name: (table, case). Names of real data sets start with their file's.
Cases = dict[str, tuple[Callable[[], Table], Case]]
#: Packages that the platform of these cases allows.
PACKAGES = ("lightgbm", "xgboost")

METRICS = ["accuracy", "precision", "recall", "f1"]
REGRESSION = [
    "r2",
    "neg_mean_absolute_error",
    "neg_root_mean_squared_error",
    "neg_mean_absolute_percentage_error",
]


def case(estimator: str, grid: list[dict[str, list[Any]]] | dict[str, list[Any]], **more: Any) -> Case:
    """Return a case with the defaults written out."""
    return {
        "estimator": f"sklearn.{estimator}" if estimator.partition(".")[0] not in PACKAGES else estimator,
        "grid": grid if isinstance(grid, list) else [grid],
        "target": "target",
        "split": STRATIFIED,
        "cv": {"folds": 5, "method": "Stratified", "repeats": 1, "seed": 3},
        "metrics": METRICS,
        "objective": "f1",
        "average": "Binary",
        **more,
    }


STRATIFIED = {"train": 70, "validation": 15, "test": 15, "method": "Stratified", "seed": 7}
RANDOM_SPLIT = {"train": 60, "validation": 19, "test": 21, "method": "Random", "seed": 123}
NO_NUMERIC = {"numeric.impute": "None", "numeric.scale": "None"}
SEED = {"random_state": 0}


def k_fold(folds: int, repeats: int = 1, seed: int = 1) -> dict[str, Any]:
    return {"folds": folds, "method": "KFold", "repeats": repeats, "seed": seed}


def regression(estimator: str, grid: list[dict[str, list[Any]]] | dict[str, list[Any]], **more: Any) -> Case:
    """Return a case whose target is a number, with the defaults written out."""
    return case(
        estimator,
        grid,
        **{
            "split": RANDOM_SPLIT,
            "cv": k_fold(4),
            "metrics": REGRESSION,
            "objective": "r2",
            "average": "Auto",
            **more,
        },
    )


def folds(method: str, count: int = 4) -> dict[str, Any]:
    return {"folds": count, "method": method, "repeats": 1, "seed": 2}
