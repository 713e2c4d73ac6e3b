"""What the parts of the status have in common."""

from typing import Annotated

from pydantic import ConfigDict, Field

from gridfold.api.base import ApiModel

Text = Annotated[str, Field(max_length=256)]
Count = Annotated[int, Field(ge=0)]
DecimalText = Annotated[str, Field(max_length=32)]


class StatusModel(ApiModel):
    """A part of the status: what a newer operator has added is ignored, not refused."""

    model_config = ConfigDict(**{**ApiModel.model_config, "extra": "ignore"})
