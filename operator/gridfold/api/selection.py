"""status.selection: how far the choice of the winner can be trusted, and what to try next."""

from typing import Annotated, Literal

from pydantic import Field

from gridfold.api.status_fields import Count, DecimalText, StatusModel, Text

MOST_EDGES = 5
MOST_PARAMETERS = 5


class CheapestEqual(StatusModel):
    """A cell that is as good as the winner as far as anyone can tell, and faster."""

    cell: Count = Field(description="Number of the cell.")
    fit_seconds: DecimalText = Field(description="Its mean time to fit, in seconds.")
    winner_fit_seconds: DecimalText = Field(description="The winner's.")


class EdgeStatus(StatusModel):
    """The winner has the last value that was tried of a parameter."""

    parameter: Text = Field(description="Name of the parameter.")
    value: DecimalText = Field(description="Its value in the winner.")
    side: Literal["Lowest", "Highest"] = Field(description="At which end of the values that were tried it is.")
    values: Count = Field(0, description="How many values were tried.")
    try_next: DecimalText = Field(description="The next value in the axis' own steps, within the estimator's bounds.")


class ParameterShare(StatusModel):
    """How much a parameter, or what two do together beyond each alone, has made of the differences between cells."""

    parameters: Annotated[list[Text], Field(min_length=1, max_length=2)] = Field(description="One parameter, or two.")
    share: DecimalText = Field(description="Of the variance of the cells' mean scores, between 0 and 1.")
    better_half: DecimalText | None = Field(
        None, description="The same among the better half of the cells, where bad values no longer drown all else."
    )


class BaselineStatus(StatusModel):
    """What was not searched for, on the same folds as the winner, and what the winner has more."""

    answer: Text | None = Field(None, description="Of a dummy: what it answers whatever the row is.")
    cell: Count | None = Field(None, description="Of the estimator's defaults: the cell of the grid that has them.")
    score: DecimalText = Field(description="Its mean of the objective.")
    gain: DecimalText | None = Field(None, description="The winner's mean minus score.")
    gain_interval: Annotated[list[DecimalText], Field(max_length=2)] | None = Field(
        None,
        description="95 % interval of gain: paired by fold, corrected for folds that share rows (Nadeau and Bengio "
        "2003). Absent where the differences do not vary, or there is one fold.",
    )
    verdict: Text = Field(description="The same in words.")


class SelectionStatus(StatusModel):
    """How far the choice of the winner can be trusted, and what to try next."""

    honest_score: DecimalText | None = Field(
        None,
        description="What this way of choosing is worth on rows that the choice has not seen: for each fold, the score "
        "of the cell that the other folds choose; the mean of these. Absent where there are no other folds.",
    )
    optimism: DecimalText | None = Field(
        None, description="The winner's mean minus honestScore: what choosing by the very scores adds to them."
    )
    dummy: BaselineStatus | None = Field(
        None,
        description="The best of the answers that need no learning: the commonest class (with the share of each as its "
        "probability), the positive class, the mean or the median of the target. A winner that cannot be told from it "
        "has learnt nothing.",
    )
    defaults: BaselineStatus | None = Field(
        None,
        description="The estimator with spec.estimator.parameters and its own defaults: what the search has brought. "
        "Absent unless a cell of the grid has them (add {} to spec.search.grid), or another job has computed them "
        "with the same cache.",
    )
    highest_cell: Count | None = Field(
        None, description="The cell with the highest mean, where scoring.select has chosen a simpler one."
    )
    cheapest_equal: CheapestEqual | None = Field(
        None,
        description="The fastest of the cells that cannot be told apart from the winner. Absent if the winner is.",
    )
    edges: Annotated[list[EdgeStatus], Field(max_length=MOST_EDGES)] = Field(
        default_factory=list,
        description="Parameters of which the winner has the last value that was tried, unless that is the estimator's "
        "own bound: beyond it there may be something better.",
    )
    importance: Annotated[list[ParameterShare], Field(max_length=MOST_PARAMETERS)] = Field(
        default_factory=list,
        description="What made the differences between cells, the greatest share first: an exact analysis of variance "
        "of the grid.",
    )
    importance_about: Text | None = Field(
        None, description="Which cells importance is about where it is not all, or why there is none."
    )
