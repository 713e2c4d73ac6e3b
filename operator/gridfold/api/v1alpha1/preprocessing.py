"""spec.estimator.preprocessing: steps that learn from the data."""

from enum import StrEnum

from pydantic import Field

from gridfold.api.base import ApiModel


class NumericImputation(StrEnum):
    """What replaces a missing number."""

    MEDIAN = "Median"
    MEAN = "Mean"
    MOST_FREQUENT = "MostFrequent"
    NONE = "None"


class Scale(StrEnum):
    """How numeric columns are scaled."""

    STANDARD = "Standard"
    MIN_MAX = "MinMax"
    ROBUST = "Robust"
    NONE = "None"


class CategoricalImputation(StrEnum):
    """What replaces a missing category."""

    MOST_FREQUENT = "MostFrequent"
    NONE = "None"


class Encode(StrEnum):
    """How categories become numbers."""

    ONE_HOT = "OneHot"
    ORDINAL = "Ordinal"
    NATIVE = "Native"


class NumericPreprocessing(ApiModel):
    """Preprocessing of numeric columns."""

    impute: NumericImputation = Field(
        NumericImputation.MEDIAN, description="What replaces a missing number. None leaves it missing."
    )
    scale: Scale = Field(Scale.STANDARD, description="How the columns are scaled. None leaves them.")


class CategoricalPreprocessing(ApiModel):
    """Preprocessing of categorical columns."""

    impute: CategoricalImputation = Field(
        CategoricalImputation.MOST_FREQUENT,
        description="What replaces a missing category. None keeps it as a category of its own.",
    )
    encode: Encode = Field(
        Encode.ONE_HOT,
        description="OneHot: a column of 0 and 1 per category; Ordinal: one column of codes; Native: one column that "
        "the estimator itself treats as categories, for those that can, such as HistGradientBoostingClassifier (an "
        "unseen category is a missing value).",
    )


class Preprocessing(ApiModel):
    """Steps that learn from the data; they are fitted inside each fold, so nothing leaks."""

    numeric: NumericPreprocessing = Field(
        default_factory=NumericPreprocessing, description="Preprocessing of numeric columns."
    )
    categorical: CategoricalPreprocessing = Field(
        default_factory=CategoricalPreprocessing, description="Preprocessing of categorical columns."
    )
