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
    PREDEFINED = "Predefined"


class CrossValidation(ApiModel):
    """How each cell is judged on the training part."""

    folds: Annotated[Int, Field(ge=1, le=100)] = Field(
        5,
        description="Number of folds: at least 2, but for Predefined, where it is the number of different values of "
        "dataset.foldColumn in the training part, -1 not counted.",
    )
    method: CrossValidationMethod = Field(
        CrossValidationMethod.AUTO,
        description="Stratified keeps the shares of the classes in every fold; KFold does not look at them; "
        "Grouped and StratifiedGrouped keep rows of one group together; TimeSeries always tests on later rows than it "
        "fits on; Predefined takes the folds that dataset.foldColumn names. Auto is Predefined where that is given; "
        "else it follows the split: Stratified, KFold, StratifiedGrouped (Grouped for regression) or TimeSeries.",
    )
    repeats: Annotated[Int, Field(ge=1, le=100)] = Field(
        1, description="How many times the folds are drawn anew; only with KFold and Stratified."
    )
    seed: Seed = Field(0, description="Seed of the folds.")
    gap: Annotated[Int, Field(ge=0, le=1000000000)] | None = Field(
        None,
        description="Rows that are left out between those to fit on and those to test on, so that what is known only "
        "later leaks into no fit; only with TimeSeries. Default: 0.",
    )
    max_train_size: Annotated[Int, Field(ge=1, le=1000000000)] | None = Field(
        None,
        description="Most rows to fit on, the latest; only with TimeSeries. Default: all that are early enough.",
    )
