"""spec.learningCurve: whether more rows would help."""

from typing import Annotated, ClassVar

from pydantic import Field

from gridfold.api.base import ApiModel, Rule
from gridfold.api.learning import HALF, MOST_FRACTIONS, WHOLE
from gridfold.api.v1alpha1.fields import Int


class LearningCurve(ApiModel):
    """The winner's scores when it is fitted on parts of the rows."""

    fractions: Annotated[
        list[Annotated[Int, Field(ge=1, le=WHOLE)]], Field(min_length=2, max_length=MOST_FRACTIONS)
    ] = Field(
        default_factory=lambda: [10, 25, HALF, WHOLE],
        description="Per cent of each fold's rows to fit on, ascending, up to 100, which is the winner's own scores "
        "and costs nothing. The parts are nested. TimeSeries folds take the latest rows; Grouped and StratifiedGrouped "
        "ones whole groups, and the per cent count groups; Stratified ones keep the shares of the classes. Every fold "
        "is scored on all of its rows. Default: 10, 25, 50, 100.",
    )
    rules: ClassVar[tuple[Rule, ...]] = (
        Rule(
            "fractions",
            "!has(self.fractions) || (self.fractions.isSorted() && "
            "self.fractions.all(f, self.fractions.exists_one(o, o == f)))",
            "must ascend, and name no fraction twice, such as [10, 25, 50, 100]",
            lambda s: s.fractions == sorted(set(s.fractions)),
            lambda s: s.fractions,
        ),
        Rule(
            "fractions",
            "!has(self.fractions) || self.fractions.exists(f, f == 100)",
            "must end with 100, all rows: with those each other part is compared",
            lambda s: WHOLE in s.fractions,
            lambda s: s.fractions,
        ),
        Rule(
            "fractions",
            "!has(self.fractions) || self.fractions.exists(f, f <= 50)",
            "must have a fraction of at most 50: what a doubling of the rows brings is told from it",
            lambda s: any(fraction <= HALF for fraction in s.fractions),
            lambda s: s.fractions,
        ),
    )
