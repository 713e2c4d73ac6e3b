"""spec.crossValidation: how each cell is judged."""

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from gridfold.api.base import ApiModel
from gridfold.api.v1alpha1.fields import Int, Seed


class CrossValidationMethod(StrEnum):
    """How the training part is divided into folds."""

    AUTO = "Auto"
    K_FOLD = "KFold"
    STRATIFIED = "Stratified"
    GROUPED = "Grouped"
    STRATIFIED_GROUPED = "StratifiedGrouped"
    TIME_SERIES = "TimeSeries"


class CrossValidation(ApiModel):
    """How each cell is judged on the training part."""

    folds: Annotated[Int, Field(ge=2, le=100)] = Field(5, description="Number of folds.")
    method: CrossValidationMethod = Field(
        CrossValidationMethod.AUTO,
        description="Stratified keeps the shares of the classes in every fold; KFold does not look at them; "
        "Grouped and StratifiedGrouped keep rows of one group together; TimeSeries always tests on later rows than it "
        "fits on. Auto follows the split: Stratified, KFold, StratifiedGrouped (Grouped for regression) or TimeSeries.",
    )
    repeats: Annotated[Int, Field(ge=1, le=100)] = Field(
        1, description="How many times the folds are drawn anew; only with KFold and Stratified."
    )
    seed: Seed = Field(0, description="Seed of the folds.")
