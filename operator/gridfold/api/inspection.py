"""What the trainer tells the command line about a job that is not running: plan, last results, estimator.

`python -m gridfold_trainer.inspection` prints one of these, or a FailureReport, as one JSON document.
"""

from typing import Any, Literal

from pydantic import Field, NonNegativeInt

from gridfold.api.base import ApiModel


class PlanReport(ApiModel):
    """What a job will have to do. Nothing was read but object storage, and nothing written."""

    kind: Literal["plan"] = "plan"
    prepared: bool  #: whether the data is prepared already; else the numbers below are not known
    cached: NonNegativeInt = 0  #: cells that have a result
    damaged: NonNegativeInt = 0  #: results that were changed or damaged; their cells are computed again
    infeasible: NonNegativeInt = 0  #: cells without a result that the estimator refuses
    measured: NonNegativeInt = 0  #: cached cells all of whose fits were timed
    measured_seconds: float = Field(0.0, ge=0, allow_inf_nan=False)  #: of fits and scores of these, all folds together


class RefusedCells(ApiModel):
    """Cells that the estimator refuses for one reason, whatever the data is."""

    cells: str  #: as ranges: 0-2,7
    message: str  #: its words


class EstimatorReport(ApiModel):
    """What scikit-learn says about the estimator of a job, whose parameters it has all."""

    kind: Literal["estimator"] = "estimator"
    classifier: bool  #: else it is a regressor
    takes_random_state: bool
    fixed: dict[str, int] = Field(default_factory=dict)  #: what it is built with beside the job's own parameters
    #: parameters whose value is a label of the target, each with the words that are none
    label_parameters: dict[str, list[str]] = Field(default_factory=dict)
    refused: list[RefusedCells] = Field(default_factory=list)  #: none where all of them would be


class ResultsReport(ApiModel):
    """The current run of a job."""

    kind: Literal["results"] = "results"
    run: str  #: its folder
    status: dict[str, Any]  #: status.json, verified
