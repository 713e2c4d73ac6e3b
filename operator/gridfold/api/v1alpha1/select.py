"""spec.scoring.select: which cell wins."""

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from gridfold.api.base import ApiModel


class Select(StrEnum):
    """Which of the cells wins."""

    BEST = "Best"
    ONE_STANDARD_ERROR = "OneStandardError"


class Prefer(StrEnum):
    """Which end of a parameter is the simple one."""

    LOWEST = "Lowest"
    HIGHEST = "Highest"


class SimplestParameter(ApiModel):
    """A parameter by which cells are simpler than others."""

    parameter: Annotated[str, Field(min_length=1, max_length=256)] = Field(
        description="Name of the parameter. Every grid varies it, by numbers; null is above all of them: no limit."
    )
    prefer: Prefer = Field(
        description="Which of its values makes the simpler model. Lowest of max_depth, say; of alpha, Highest."
    )
