"""status.learningCurve: whether more rows would help."""

from typing import Annotated

from pydantic import Field

from gridfold.api.status_fields import Count, DecimalText, StatusModel, Text

#: Per cent of the rows: all of them, and those of which they are the doubling.
WHOLE, HALF = 100, 50
MOST_FRACTIONS = 10


class CurvePoint(StatusModel):
    """The winner, fitted on a part of the rows."""

    fraction: Count = Field(description="Per cent of each fold's rows, or groups, that it was fitted on.")
    rows: Count = Field(description="Rows that are: the mean over the folds.")
    score: DecimalText | None = Field(
        None, description="Mean of the objective over the folds, each scored on all of its rows. Absent: see reason."
    )
    train_score: DecimalText | None = Field(
        None, description="Mean of the objective on the rows that it was fitted on. Far above score: it overfits."
    )
    reason: Text | None = Field(None, description="Why it has no score: too few rows for the estimator, say.")


class LearningCurveStatus(StatusModel):
    """Whether more rows would help: the winner, fitted on parts of the rows."""

    verdict: Annotated[str, Field(max_length=512)] = Field(description="What the last doubling brought, in words.")
    from_fraction: Count | None = Field(
        None, description="Per cent of the rows with which all rows are compared: 50, or the next below."
    )
    gain: DecimalText | None = Field(
        None, description="Mean of the objective with all rows minus that with fromFraction."
    )
    gain_interval: Annotated[list[DecimalText], Field(max_length=2)] | None = Field(
        None,
        description="95 % interval of gain: paired by fold, corrected for folds that share rows (Nadeau and Bengio "
        "2003). Absent where the differences do not vary, or there is one fold.",
    )
    points: Annotated[list[CurvePoint], Field(max_length=MOST_FRACTIONS)] = Field(
        default_factory=list,
        description="The points, ascending. Where the status has no room for them, status.json has them.",
    )
