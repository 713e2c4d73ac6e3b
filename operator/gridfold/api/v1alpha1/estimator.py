"""spec.estimator: what is tuned."""

from typing import Annotated, Any

from pydantic import Field

from gridfold.api.base import ApiModel
from gridfold.api.v1alpha1.fields import CLASS_PATTERN
from gridfold.api.v1alpha1.preprocessing import Preprocessing

FreeMap = Annotated[dict[str, Any], Field(max_length=100)]


class Estimator(ApiModel):
    """The estimator to tune."""

    class_name: Annotated[str, Field(min_length=1, max_length=256, pattern=CLASS_PATTERN)] = Field(
        description="Full name of a classifier or regressor of scikit-learn, such as "
        "sklearn.linear_model.LogisticRegression, or of a package that the platform allows."
    )
    parameters: FreeMap = Field(
        default_factory=dict,
        description="Parameters that are the same in all cells, by name. Where 1 and 1.0 mean different things, write "
        "{int: 1} or {float: 1}. What is about columns names them, as the data does: monotonic_cst: {age: 1}, "
        "interaction_cst: [[age, height]], categorical_features: [zip].",
    )
    preprocessing: Preprocessing = Field(
        default_factory=Preprocessing,
        description="Imputation, scaling and encoding, fitted inside each fold.",
    )
