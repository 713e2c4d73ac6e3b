"""spec.cleaning: what happens to the rows before the split."""

from typing import Annotated

from pydantic import Field

from gridfold.api.base import ApiModel
from gridfold.api.v1alpha1.fields import Bool, Int


class Cleaning(ApiModel):
    """What happens to the rows before the split, in this order. Every action is counted in the status."""

    trim_text: Bool = Field(True, description="Remove white space around every field.")
    drop_rows_without_target: Bool = Field(
        True,
        description="Drop rows whose target is missing. If false, such a row fails the job.",
    )
    drop_duplicate_rows: Bool = Field(
        False, description="Keep the first of rows that are equal in all columns of the source."
    )
    drop_columns_missing_above: Annotated[Int, Field(ge=0, le=100)] | None = Field(
        None, description="Drop columns in which more than this percentage of the values is missing."
    )
    drop_constant_columns: Bool = Field(False, description="Drop columns that have one value in all rows.")
