"""plots.json: what is drawn of the winner, bounded; written by refit, read by whoever draws it.

Made of its out-of-fold predictions (on the rows of each split that its fit has not seen) and of the validation part. Of
the test part nothing stands here: a curve over it would invite to tune on it.
"""

from typing import Annotated, Literal

from pydantic import ConfigDict, Field

from gridfold.api.base import ApiModel

MOST_POINTS, MOST_FOLDS, MOST_BINS, MOST_CLASSES = 200, 100, 40, 200
PLOTS_FILE = "plots.json"
LABEL_CHARACTERS = 64

Share = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
Number = Annotated[float, Field(allow_inf_nan=False)]
Shares = Annotated[list[Share], Field(max_length=MOST_POINTS)]
Rows = Annotated[int, Field(ge=0)]


class PlotsModel(ApiModel):
    """A part of plots.json: what a newer version has added is ignored, not refused."""

    model_config = ConfigDict(**{**ApiModel.model_config, "extra": "ignore"})


class PrecisionRecall(PlotsModel):
    """Precision reached at recall, by the same place in both lists; in any order."""

    recall: Shares
    precision: Shares


class Thresholds(PlotsModel):
    """What each threshold of the probability, or of the decision function, would give."""

    part: Literal["validation", "outOfFold"]
    threshold: Annotated[list[Number], Field(max_length=MOST_POINTS)]
    precision: Shares
    recall: Shares
    f1: Shares
    used: Number | None = None  #: the threshold that predict takes


class CalibrationBin(PlotsModel):
    """Rows of about the same predicted probability."""

    predicted: Share  #: mean
    observed: Share  #: share of the positive class
    low: Share  #: Wilson's 95 % interval of that
    high: Share
    rows: Rows


class Estimate(PlotsModel):
    """A share with its 95 % interval."""

    value: Share
    low: Share
    high: Share


class ClassScores(PlotsModel):
    """How one class fares."""

    label: str  #: cut to LABEL_CHARACTERS when written
    support: Rows  #: rows that are of it
    precision: Estimate | None = None  #: None: it is never predicted
    recall: Estimate | None = None  #: None: no row is of it
    f1: Share | None = None


class PredictedActual(PlotsModel):
    """Rows in the fields of a square grid."""

    edges: Annotated[list[Number], Field(min_length=2, max_length=MOST_BINS + 1)]  #: ascending, of both directions
    counts: Annotated[list[list[Rows]], Field(max_length=MOST_BINS)]  #: by predicted (outer), then by actual value


class ResidualBin(PlotsModel):
    """Actual minus predicted, of rows of about the same prediction."""

    predicted: Number  #: median
    quantiles: Annotated[list[Number], Field(min_length=5, max_length=5)]  #: 5, 25, 50, 75 and 95 %
    rows: Rows


class Plots(PlotsModel):
    """All of it; a part that a kind of problem does not have, or that could not be made, is None."""

    format: Literal[1] = 1
    part: Literal["outOfFold"] = "outOfFold"  #: of which all is; thresholds say of which they are
    folds: Annotated[list[PrecisionRecall], Field(max_length=MOST_FOLDS)] = Field(default_factory=list)
    pooled: PrecisionRecall | None = None  #: of the predictions of all folds together
    base_rate: Share | None = None  #: of the positive class
    thresholds: Thresholds | None = None
    calibration: Annotated[list[CalibrationBin], Field(max_length=MOST_BINS)] = Field(default_factory=list)
    classes: Annotated[list[ClassScores], Field(max_length=MOST_CLASSES)] = Field(default_factory=list)
    classes_left_out: Rows = 0  #: that fare better than those
    predicted_actual: PredictedActual | None = None
    residuals: Annotated[list[ResidualBin], Field(max_length=MOST_BINS)] = Field(default_factory=list)
