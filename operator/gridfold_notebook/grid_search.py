"""`gridfold.GridSearch`: the search of a TrainingJob as an estimator of scikit-learn."""

import json
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, MetaEstimatorMixin, is_classifier
from sklearn.utils import get_tags
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted, validate_data

from gridfold_notebook.columns import CATEGORICAL, NUMERIC, Column, columns_of
from gridfold_notebook.job_of_search import NOTHING, checked, estimator_of, grid_of
from gridfold_notebook.run import Run, open_run
from gridfold_notebook.scoring import score
from gridfold_notebook.target import Target, target_of
from gridfold_notebook.training_data import target_name, write_table

DATA, JOB, OUTPUT = "data.csv", "job.json", "out"
#: At most so much of what `gridfold run` has said is shown where it failed.
SHOWN_CHARACTERS = 4000


class SearchFailedError(RuntimeError):
    """The job has ended without a model."""


def _model_has(name: str) -> Any:
    def check(search: "GridSearch") -> bool:
        getattr(getattr(search, "best_estimator_", search.estimator), name)
        return True

    return available_if(check)


class GridSearch(MetaEstimatorMixin, BaseEstimator):  # type: ignore[misc]
    """Search the best parameters by a TrainingJob on this machine.

    `fit` divides the rows as a job does: 70 % are searched by cross-validation, 15 % validate, 15 % test once.
    `best_estimator_` is fitted on the first two parts; no parameter and no fit ever depends on the test part.

    Args:
        estimator: a classifier or regressor of scikit-learn.
        param_grid: a dict of lists, or a list of such dicts; `preprocessing.numeric.scale` and the like vary that.
        scoring: a metric's name (default: accuracy, or r2), or a list of names.
        refit: the metric that decides, where scoring is a list.
        return_train_score: whether cv_results_ has the scores on the rows of each fit, too.
        cv: how many folds; they are shuffled by seed, and stratified for a classifier.
        preprocessing: as `spec.estimator.preprocessing`; `{}` has a job's defaults. Default: none, as in scikit-learn.
        split: as `spec.split`. Default: 70/15/15, stratified for a classifier.
        seed: of split, folds, and an estimator without a random_state of its own.
        folder: where data, job, cache and results stay, so that a second fit computes only what is missing. Default:
            a temporary one.
    """

    def __init__(
        self,
        estimator: Any,
        param_grid: Any,
        *,
        scoring: Any = None,
        refit: Any = True,
        cv: int = 5,
        return_train_score: bool = False,
        preprocessing: Any = None,
        split: Any = None,
        seed: int = 0,
        folder: Any = None,
    ) -> None:
        self.estimator, self.param_grid = estimator, param_grid
        self.scoring, self.refit, self.cv, self.return_train_score = scoring, refit, cv, return_train_score
        self.preprocessing, self.split, self.seed, self.folder = preprocessing, split, seed, folder

    def fit(self, X: Any, y: Any = None) -> "GridSearch":
        """Run the job and keep what it found.

        Raises:
            ValueError: a job cannot say this; with all problems.
            TypeError: X has a value that is neither a number nor a text.
            SearchFailedError: the job has failed.
        """
        columns, problems = columns_of(X)
        target, more = target_of(y, classifier=is_classifier(self.estimator))
        problems += more or _row_problems(columns, target)
        problems += self._missing_problems(columns)
        if self.folder is not None:
            self.run_ = self._fit_in(Path(self.folder).expanduser(), columns, target, problems)
        else:
            with tempfile.TemporaryDirectory(prefix="gridfold-") as folder:
                self._fit_in(Path(folder), columns, target, problems)
        validate_data(self, X, skip_check_array=True)
        return self

    def _fit_in(self, folder: Path, columns: list[Column], target: Target, problems: list[str]) -> Run:
        """Run the job in a folder, keep what it found, and return the run."""
        spec = self._spec(columns, target, problems)
        job = checked(spec, problems)
        folder.mkdir(parents=True, exist_ok=True)
        write_table(folder / DATA, columns, target.texts)
        (folder / JOB).write_text(json.dumps(job), encoding="utf-8")
        _run_job(folder / JOB)
        run = open_run(folder / OUTPUT)
        self.best_estimator_ = run.load_model()
        self.cv_results_ = run.cv_results_ if self._several() else _of_one_metric(run.cv_results_, run.objective)
        self.best_index_, self.best_params_, self.best_score_ = run.best_index_, run.best_params_, run.best_score_
        self.validation_scores_ = dict(run.status["validation"])
        self.test_scores_ = run.test_scores_
        self.n_splits_, self.multimetric_ = self.cv, self._several()
        self._names, self._classes = [column.name for column in columns], target.classes
        self._resolved = run.status["resolved"]
        return run

    def _spec(self, columns: list[Column], target: Target, problems: list[str]) -> dict[str, Any]:
        texts = [column.name for column in columns if column.kind == CATEGORICAL]
        if texts and self.preprocessing is None:
            problems.append(f"X has columns of texts ({', '.join(texts[:5])}); give preprocessing={{}} to encode them")
        types, name = {column.name: column.kind for column in columns}, target_name(columns)
        return {
            "dataset": {
                "sources": [{"uri": f"file:{DATA}"}],
                "format": "CSV",
                "target": name,
                "columnTypes": types | ({name: CATEGORICAL} if target.kind == CATEGORICAL else {}),
            },
            "cleaning": {"trimText": False},
            "split": {"seed": self.seed, **(self.split or {})},
            "estimator": {
                **estimator_of(self.estimator, problems),
                "preprocessing": NOTHING if self.preprocessing is None else self.preprocessing,
            },
            "search": {"grid": grid_of(self.param_grid, problems), "maxCells": 10000},
            "crossValidation": {"folds": self.cv, "seed": self.seed},
            "scoring": {**self._scoring(problems), "trainScores": self.return_train_score},
            "output": {"uri": f"file:{OUTPUT}/"},
        }

    def _missing_problems(self, columns: list[Column]) -> list[str]:
        """Return where numbers are missing that nothing replaces and the estimator does not take."""
        if self._takes_missing():
            return []
        gaps = [column.name for column in columns if column.kind == NUMERIC and np.isnan(column.values).any()]
        if not gaps:
            return []
        return [
            f"Input X contains NaN (in {', '.join(gaps[:5])}), which {type(self.estimator).__name__} does not take; "
            "give preprocessing={} to replace it by medians"
        ]

    def _takes_missing(self) -> bool:
        return self.preprocessing is not None or bool(get_tags(self.estimator).input_tags.allow_nan)

    def _several(self) -> bool:
        return isinstance(self.scoring, list | tuple)

    def _scoring(self, problems: list[str]) -> dict[str, Any]:
        if self._several():
            if not isinstance(self.refit, str):
                problems.append(f"refit is {self.refit!r}; expected the metric of scoring that decides, as its name")
            return {"metrics": list(self.scoring), "objective": self.refit}
        if self.refit is not True and self.refit != self.scoring:
            problems.append(f"refit is {self.refit!r}; expected True: a job always fits its winner again")
        metric = self.scoring or ("accuracy" if is_classifier(self.estimator) else "r2")
        if not isinstance(metric, str):
            problems.append(f"scoring is {metric!r}; expected the name of a metric, or a list of names")
        return {"metrics": [metric], "objective": metric}

    @property
    def classes_(self) -> Any:
        """Return the labels, as y had them."""
        check_is_fitted(self, "best_estimator_")
        if self._classes is None:
            raise AttributeError("a regressor has no classes_")
        return self._classes

    def predict(self, X: Any) -> Any:
        """Return what best_estimator_ says of these rows: labels as y had them, or numbers."""
        rows = self._frame(X)
        said = self.best_estimator_.predict(rows)
        return said if self._classes is None else said.astype(self._classes.dtype)

    @_model_has("predict_proba")  # type: ignore[untyped-decorator]
    def predict_proba(self, X: Any) -> Any:
        """Return the probabilities of the classes, shape (rows, classes)."""
        rows = self._frame(X)
        return self.best_estimator_.predict_proba(rows)

    @_model_has("predict_log_proba")  # type: ignore[untyped-decorator]
    def predict_log_proba(self, X: Any) -> Any:
        """Return the logarithms of the probabilities of the classes, shape (rows, classes)."""
        rows = self._frame(X)
        return self.best_estimator_.predict_log_proba(rows)

    @_model_has("decision_function")  # type: ignore[untyped-decorator]
    def decision_function(self, X: Any) -> Any:
        """Return what best_estimator_ decides by."""
        rows = self._frame(X)
        return self.best_estimator_.decision_function(rows)

    def score(self, X: Any, y: Any) -> float:
        """Return the metric that decides, of best_estimator_ on these rows, measured as in the job.

        Raises:
            ValueError: y has labels that fit has not seen.
        """
        rows = self._frame(X)
        return score(self.best_estimator_, rows, y, self._classes, self._resolved)

    def _frame(self, X: Any) -> Any:
        """Return a DataFrame like that which the model was fitted on."""
        check_is_fitted(self, "best_estimator_")
        import pandas as pd

        columns, problems = columns_of(X)
        if problems:
            raise ValueError("; ".join(problems))
        validate_data(self, X, skip_check_array=True, reset=False)
        return pd.DataFrame(
            {
                name: [np.nan if value is None else value for value in column.values]
                if column.kind == CATEGORICAL
                else column.values
                for name, column in zip(self._names, columns, strict=True)
            }
        )

    def __sklearn_tags__(self) -> Any:
        """Return the tags of the estimator, where they are about what it predicts or what it is given."""
        tags, inner = super().__sklearn_tags__(), get_tags(self.estimator)
        tags.estimator_type = inner.estimator_type
        tags.classifier_tags, tags.regressor_tags = inner.classifier_tags, inner.regressor_tags
        tags.target_tags.required = True
        tags.input_tags.allow_nan = self._takes_missing()
        return tags


def _row_problems(columns: list[Column], target: Target) -> list[str]:
    """Return why these rows cannot be divided, where X and y are fine each for itself."""
    if not columns:
        return []
    rows = len(columns[0].values)
    if rows != len(target.texts):
        return [f"X has {rows} rows and y has {len(target.texts)}; expected as many"]
    return ["X has 1 sample (n_samples=1); expected more, to learn from and to judge by"] if rows == 1 else []


def _run_job(path: Path) -> None:
    """Run `gridfold run` in a process of its own: a notebook's has a loop that runs already, and other threads."""
    process = subprocess.Popen(  # noqa: S603
        [sys.executable, "-m", "gridfold_cli", "run", path.name],
        cwd=path.parent,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        _, said = process.communicate()
    except BaseException:
        process.send_signal(signal.SIGINT)
        process.communicate()
        raise
    if process.returncode:
        raise SearchFailedError(f"the job has failed; gridfold run said:\n{said[-SHOWN_CHARACTERS:]}")


def _of_one_metric(results: dict[str, Any], metric: str) -> dict[str, Any]:
    """Return the results under the names that scikit-learn has for one metric: mean_test_score."""
    ends = tuple(f"_{rows}_{metric}" for rows in ("test", "train"))
    return {f"{name.removesuffix(metric)}score" if name.endswith(ends) else name: of for name, of in results.items()}
