"""A finished run, opened from Python."""

import hashlib
import json
import os
import warnings
from collections.abc import Mapping
from functools import cached_property
from html import escape
from typing import Any

from pydantic import ValidationError

from gridfold.api.v1alpha1 import AddressingStyle, Storage
from gridfold_notebook.folders import Folder, folder_at
from gridfold_notebook.search_results import cv_results, typed_columns
from gridfold_trainer.outcome.ownership import LATEST, Latest

STATUS, TABLE, MODEL, PAGE = "status.json", "results.csv", "model.skops", "report.html"
SUCCEEDED = "succeeded"


class NoRunError(ValueError):
    """There is no run to open, or it has not what was asked for."""


def open_run(
    location: str | os.PathLike[str],
    *,
    endpoint: str | None = None,
    region: str | None = None,
    addressing_style: str = "Auto",
) -> "Run":
    """Return a finished run.

    Args:
        location: the folder of a job's output (its current run is opened), or of one of its runs: a path, a `file:`
            URI or an `s3://` URI, such as a job's `spec.output.uri` or the `results.uri` of its status.
        endpoint: of S3-compatible storage, as in `spec.storage`. Credentials come from the environment.
        region: of the bucket.
        addressing_style: Auto, Path or Virtual.

    Raises:
        NoRunError: there is no finished run, or a file is not the one that was written.
        OSError: the storage cannot be read.
    """
    storage = Storage(endpoint=endpoint, region=region, addressing_style=AddressingStyle(addressing_style))
    folder = folder_at(location, storage)
    latest, known = folder.read(LATEST), None
    if latest is not None:
        try:
            named = Latest.model_validate_json(latest)
        except ValidationError as error:
            raise NoRunError(f"{folder.name} has a {LATEST} that is damaged or not Gridfold's: {error}") from error
        # The rest of the URI may be another one than that by which the folder is reached now.
        folder, known = folder.child(f"runs/{named.run.rstrip('/').rpartition('/')[2]}"), named.status_sha256
    status = folder.read(STATUS)
    if status is None:
        raise NoRunError(
            f"{folder.name} has no {STATUS}; expected the output folder of a job that has ended, or one of its runs/"
        )
    if known is not None and _sha256(status) != known:
        raise NoRunError(f"{STATUS} in {folder.name} is not the one that {LATEST} names; run the job again")
    try:
        return Run(folder, json.loads(status))
    except (ValueError, TypeError, KeyError) as error:
        raise NoRunError(f"{STATUS} in {folder.name} is not one of Gridfold's: {error!r}") from error


class Run:
    """What a run has left, under the names that scikit-learn's searches have."""

    def __init__(self, folder: Folder, status: Mapping[str, Any]) -> None:
        self._folder, self.status = folder, status  #: status: the whole of status.json
        self._files: Mapping[str, Any] = status["files"]
        self.objective: str = status["objective"]

    @property
    def location(self) -> str:
        """Return the run's folder."""
        return self._folder.name

    @cached_property
    def cv_results_(self) -> dict[str, Any]:
        """Return what `GridSearchCV` with several metrics calls so: a dict of arrays, shape (cells,) each.

        Parameters have the names that the TrainingJob gives them. Cells without scores have NaN; why stands in `table`.
        """
        return cv_results(self._read(TABLE))

    @cached_property
    def table(self) -> Any:
        """Return results.csv as a pandas DataFrame: one row per cell, with outcome and error.

        Raises:
            ImportError: pandas is not installed.
        """
        try:
            import pandas as pd
        except ImportError as error:
            raise ImportError("table is a pandas DataFrame: install pandas, or use cv_results_") from error
        return pd.DataFrame(typed_columns(self._read(TABLE)))

    @property
    def splits(self) -> int:
        """Return how many splits each cell was fitted on."""
        return sum(name.startswith("split") and name.endswith(f"_test_{self.objective}") for name in self.cv_results_)

    @property
    def failures(self) -> list[str]:
        """Return why cells have no scores, a text for each such cell."""
        table = typed_columns(self._read(TABLE))
        return [
            error or what for what, error in zip(table["outcome"], table["error"], strict=True) if what != SUCCEEDED
        ]

    @property
    def best_index_(self) -> int:
        """Return the winner's place in cv_results_."""
        return int(self._best()["cell"])

    @property
    def best_params_(self) -> dict[str, Any]:
        """Return the winner's parameters: those of the grid."""
        return dict(self.cv_results_["params"][self.best_index_])

    @property
    def best_score_(self) -> float:
        """Return the winner's mean of the objective over all folds."""
        return float(self.cv_results_[f"mean_test_{self.objective}"][self.best_index_])

    @property
    def test_scores_(self) -> dict[str, float | None]:
        """Return the scores on the test part, of one look at it by the model that `load_model` gives."""
        return dict(self.status["test"]["scores"])

    def load_model(self) -> Any:
        """Return the model: fitted on training and validation part, it takes a DataFrame and answers in labels.

        Only the types are trusted that refit found in the model that it had just made (`trustedTypes` of status.json),
        beside those of numpy, SciPy and scikit-learn that skops trusts by itself.

        Raises:
            NoRunError: the run has no model; the text says why.
        """
        if MODEL not in self._files:
            why = self.status.get("usage") or "no cell has a score"
            raise NoRunError(f"{self.location} has no {MODEL}: {why}")
        from skops import io as skops

        self._warn_of_versions()
        return skops.loads(self._read(MODEL), trusted=list(self.status["trustedTypes"]))

    def _repr_html_(self) -> str:
        """Return the report for a notebook: in a frame in which nothing runs and nothing is loaded."""
        page = self._folder.read(PAGE)
        told = escape(str(self.status.get("summary") or ""))
        if page is None:
            return f"<p><b>Gridfold run</b> <code>{escape(self.location)}</code></p><p>{told}</p>"
        inner = escape(page.decode(errors="replace"))
        return (
            f'<iframe title="Gridfold report" sandbox srcdoc="{inner}" '
            'style="width:100%;height:40em;border:1px solid"></iframe>'
        )

    def __repr__(self) -> str:
        """Return one line."""
        return f"<Gridfold run {self.location}: {self.status.get('summary') or self.status['cells']}>"

    def _best(self) -> Mapping[str, Any]:
        best = self.status.get("best")
        if not best:
            raise NoRunError(f"{self.location} has no winner: no cell has a score; see table for why")
        found: Mapping[str, Any] = best
        return found

    def _read(self, name: str) -> bytes:
        content = self._folder.read(name)
        if content is None or _sha256(content) != self._files.get(name, {}).get("sha256"):
            what = "is missing" if content is None else f"is not the one that {STATUS} names"
            raise NoRunError(f"{name} in {self.location} {what}; run the job again")
        return content

    def _warn_of_versions(self) -> None:
        import sklearn

        fitted = self.status["versions"].get("scikit-learn")
        if fitted != sklearn.__version__:
            warnings.warn(
                f"the model was fitted by scikit-learn {fitted}, and this is {sklearn.__version__}: it may answer "
                f"otherwise; install scikit-learn=={fitted}",
                stacklevel=3,
            )


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
