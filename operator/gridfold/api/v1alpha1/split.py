"""spec.split: training, validation and test part."""

from enum import StrEnum
from typing import ClassVar

from pydantic import Field

from gridfold.api.base import ApiModel, Rule
from gridfold.api.v1alpha1.fields import Percent, Seed


class SplitMethod(StrEnum):
    """How rows are divided into training, validation and test part."""

    AUTO = "Auto"
    STRATIFIED = "Stratified"
    RANDOM = "Random"
    GROUPED = "Grouped"
    TIME_ORDERED = "TimeOrdered"


class Split(ApiModel):
    """The three parts of the rows, in per cent. They add up to 100."""

    train: Percent = Field(70, description="Per cent of the rows that the cells are fitted and cross-validated on.")
    validation: Percent = Field(
        15,
        description="Per cent of the rows that the winner is judged on, and the targets are compared with.",
    )
    test: Percent = Field(
        15, description="Per cent of the rows that are opened once, by the final step; they steer nothing."
    )
    method: SplitMethod = Field(
        SplitMethod.AUTO,
        description="Stratified keeps the shares of the classes in every part; Random does not look at them; "
        "Grouped keeps rows of one group together (percentages count groups); TimeOrdered takes the latest rows for "
        "test, those before them for validation. Auto: Grouped where dataset.groupColumn is given, TimeOrdered where "
        "dataset.timeColumn is, else Stratified for classification and Random for regression.",
    )
    seed: Seed = Field(
        0, description="Seed of the split, and of estimators that have a random_state and are given none."
    )
    rules: ClassVar[tuple[Rule, ...]] = (
        Rule(
            "",
            "self.train + self.validation + self.test == 100",
            "train, validation and test must add up to 100",
            lambda s: s.train + s.validation + s.test == 100,
            lambda s: f"{s.train} + {s.validation} + {s.test} = {s.train + s.validation + s.test}",
        ),
    )
