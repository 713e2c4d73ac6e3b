"""`gridfold.GridSearch`: the search of a TrainingJob as an estimator of scikit-learn."""

import tempfile
import warnings
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, MetaEstimatorMixin, is_classifier
from sklearn.exceptions import FitFailedWarning
from sklearn.utils import get_tags
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted, validate_data

from gridfold_notebook.columns import CATEGORICAL, NUMERIC, Column, columns_of
from gridfold_notebook.errors import SearchFailedError
from gridfold_notebook.grids import cells_of, grid_of
from gridfold_notebook.here import DATA, OUTPUT, run_here
from gridfold_notebook.job_of_search import (
    NOTHING,
    ONE,
    checked,
    estimator_of,
    folds_of,
    metrics_of,
    objective_of,
    processes_of,
)
from gridfold_notebook.pipelines import parts_of, renamed, takes_missing
from gridfold_notebook.run import Run
from gridfold_notebook.scoring import score
from gridfold_notebook.search_results import as_asked
from gridfold_notebook.target import Target, target_of
from gridfold_notebook.there import cluster_of, run_there
from gridfold_notebook.training_data import target_name

#: So many different reasons are told why cells have no score.
MOST_FAILURES = 5


def _model_has(name: str) -> Any:
    def check(search: "GridSearch") -> bool:
        getattr(getattr(search, "best_estimator_", search.estimator), name)
        return True

    return available_if(check)


class GridSearch(MetaEstimatorMixin, BaseEstimator):  # type: ignore[misc]
    """Search the best parameters by a TrainingJob, on this machine or in a cluster.

    `fit` divides the rows as a job does: 70 % are searched by cross-validation, 15 % validate, 15 % test once.
    `best_estimator_` is fitted on the first two parts; no parameter and no fit ever depends on the test part.

    The arguments are those of `GridSearchCV`, and after them those of a job.

    Args:
        estimator: a classifier or regressor of scikit-learn, alone or at the end of a Pipeline whose other steps a job
            can say.
        param_grid: a dict of lists, or a list of such dicts; `preprocessing.numeric.scale` and the like vary that.
        scoring: a metric's name (default: accuracy, or r2), a list of names, or a dict of them by names of your own.
        n_jobs: how many processes compute at a time. Default: as many as there are processors.
        refit: which metric decides, where scoring has several.
        cv: how many folds (default 5), shuffled by seed and stratified for a classifier; or `KFold`, `StratifiedKFold`,
            `RepeatedKFold` or `RepeatedStratifiedKFold` that shuffle by a seed of their own.
        verbose: from 1 on, what `gridfold run` says goes to stderr.
        pre_dispatch: has no meaning here.
        error_score: NaN, which a fold has whose fit failed; or "raise".
        return_train_score: whether cv_results_ has the scores on the rows of each fit, too.
        preprocessing: as `spec.estimator.preprocessing`; `{}` has a job's defaults. Default: none, as in scikit-learn.
        split: as `spec.split`. Default: 70/15/15, stratified for a classifier.
        seed: of split, folds, and an estimator without a random_state of its own.
        folder: where data, job, cache and results stay, so that a second fit computes only what is missing. Default:
            a temporary one.
        cluster: where the job runs, `gridfold.Cluster(storage="s3://…")` or a dict of its arguments. Default: here.
    """

    def __init__(
        self,
        estimator: Any,
        param_grid: Any,
        *,
        scoring: Any = None,
        n_jobs: Any = None,
        refit: Any = True,
        cv: Any = None,
        verbose: Any = 0,
        pre_dispatch: Any = "2*n_jobs",
        error_score: Any = np.nan,
        return_train_score: bool = False,
        preprocessing: Any = None,
        split: Any = None,
        seed: int = 0,
        folder: Any = None,
        cluster: Any = None,
    ) -> None:
        self.estimator, self.param_grid = estimator, param_grid
        self.scoring, self.n_jobs, self.refit, self.cv = scoring, n_jobs, refit, cv
        self.verbose, self.pre_dispatch, self.error_score = verbose, pre_dispatch, error_score
        self.return_train_score = return_train_score
        self.preprocessing, self.split, self.seed = preprocessing, split, seed
        self.folder, self.cluster = folder, cluster

    def fit(self, X: Any, y: Any = None) -> "GridSearch":
        """Run the job and keep what it found.

        Raises:
            ValueError: a job cannot say this; with all problems.
            TypeError: X has a value that is neither a number nor a text.
            SearchFailedError: the job has failed.
        """
        candidates = cells_of(self.param_grid)
        columns, problems = columns_of(X)
        target, more = target_of(y, classifier=is_classifier(self.estimator))
        problems += more or _row_problems(columns, target)
        problems += self._missing_problems(columns)
        cluster_of(self.cluster, problems)
        if self.cluster is not None and self.folder is not None:
            problems.append("folder and cluster are given; expected one: a cluster's job keeps all in its storage")
        spec = self._spec(X, columns, target, problems)
        job = checked(spec, problems)
        self._keep_run(job, columns, target, candidates)
        self._names, self._classes = [column.name for column in columns], target.classes
        validate_data(self, X, skip_check_array=True)
        return self

    def _keep_run(
        self, job: dict[str, Any], columns: list[Column], target: Target, candidates: list[dict[str, Any]]
    ) -> None:
        """Run the job where it is to run, and keep what it found while it is there."""
        told = bool(self.verbose)
        if (cluster := cluster_of(self.cluster, [])) is not None:
            run = run_there(cluster, job, columns, target, told=told)
            self.run_uri_ = run.location
            self._keep(run, candidates)
        elif self.folder is not None:
            self.run_ = run_here(Path(self.folder).expanduser(), job, columns, target, told=told)
            self._keep(self.run_, candidates)
        else:
            with tempfile.TemporaryDirectory(prefix="gridfold-") as folder:
                self._keep(run_here(Path(folder), job, columns, target, told=told), candidates)

    def _keep(self, run: Run, candidates: list[dict[str, Any]]) -> None:
        """Keep what a run has found.

        Raises:
            SearchFailedError: a fit has failed, and error_score says that this is an error.
        """
        failures = run.failures
        if failures:
            self._tell(failures, len(candidates))
        self.best_estimator_ = renamed(run.load_model(), self.estimator)
        metrics = self._metrics([])
        self.cv_results_ = as_asked(run.cv_results_, candidates, metrics)
        self.best_index_, self.best_score_ = run.best_index_, run.best_score_
        self.best_params_ = candidates[self.best_index_]
        self.validation_scores_ = dict(run.status["validation"])
        self.test_scores_ = run.test_scores_
        self.n_splits_, self.multimetric_ = run.splits, list(metrics) != [ONE]
        self._resolved = run.status["resolved"]

    def _tell(self, failures: list[str], cells: int) -> None:
        different = "\n".join(list(dict.fromkeys(failures))[:MOST_FAILURES])
        text = f"{len(failures)} of {cells} cells have no score, because a fit failed:\n{different}"
        if self.error_score == "raise":
            raise SearchFailedError(text)
        warnings.warn(text, FitFailedWarning, stacklevel=4)

    def _spec(self, X: Any, columns: list[Column], target: Target, problems: list[str]) -> dict[str, Any]:
        parts = parts_of(self.estimator, X, columns, problems)
        if parts.preprocessing is not None and self.preprocessing is not None:
            problems.append("both a Pipeline and preprocessing=… say what comes before the estimator; expected one")
        preprocessing = parts.preprocessing if parts.preprocessing is not None else self.preprocessing
        texts = [column.name for column in columns if column.kind == CATEGORICAL]
        if texts and preprocessing is None:
            problems.append(f"X has columns of texts ({', '.join(texts[:5])}); give preprocessing={{}} to encode them")
        types, name = {column.name: column.kind for column in columns}, target_name(columns)
        estimator, nones = estimator_of(parts.estimator, problems)
        return {
            "dataset": {
                "sources": [{"uri": f"file:{DATA}"}],
                "format": "CSV",
                "target": name,
                "columnTypes": types | ({name: CATEGORICAL} if target.kind == CATEGORICAL else {}),
            },
            "cleaning": {"trimText": False},
            "split": {"seed": self.seed, **(self.split or {})},
            "estimator": {**estimator, "preprocessing": NOTHING if preprocessing is None else preprocessing},
            "search": {"grid": grid_of(self.param_grid, parts, nones, problems), "maxCells": 10000},
            "crossValidation": folds_of(self.cv, self.seed, problems),
            "execution": processes_of(self.n_jobs, problems),
            "scoring": self._scoring(problems),
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
            "give preprocessing={} to replace it by medians, or a Pipeline with a SimpleImputer"
        ]

    def _takes_missing(self) -> bool:
        return self.preprocessing is not None or takes_missing(self.estimator)

    def _metrics(self, problems: list[str]) -> dict[str, str]:
        return metrics_of(self.scoring, classifier=is_classifier(self.estimator), problems=problems)

    def _scoring(self, problems: list[str]) -> dict[str, Any]:
        if self.error_score != "raise" and not (isinstance(self.error_score, float) and np.isnan(self.error_score)):
            problems.append(
                f"error_score is {self.error_score!r}; expected NaN or 'raise': a fold whose fit fails has no score, "
                "and its cell ranks last"
            )
        metrics = self._metrics(problems)
        return {
            "metrics": list(metrics.values()),
            "objective": objective_of(self.refit, metrics, problems),
            "trainScores": self.return_train_score,
        }

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
        tags.input_tags.allow_nan, tags.input_tags.pairwise = self._takes_missing(), inner.input_tags.pairwise
        return tags


def _row_problems(columns: list[Column], target: Target) -> list[str]:
    """Return why these rows cannot be divided, where X and y are fine each for itself."""
    if not columns:
        return []
    rows = len(columns[0].values)
    if rows != len(target.texts):
        return [f"X has {rows} rows and y has {len(target.texts)}; expected as many"]
    return ["X has 1 sample (n_samples=1); expected more, to learn from and to judge by"] if rows == 1 else []
