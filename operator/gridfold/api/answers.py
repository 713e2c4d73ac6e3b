"""What the trainer tells commands that follow, compare and repeat what was computed.

`python -m gridfold_trainer.asked` prints one of these, or a FailureReport, as one JSON document.
"""

from typing import Literal

from pydantic import Field

from gridfold.api.base import ApiModel


class LogAnswer(ApiModel):
    """The kept end of the log of a process that failed."""

    kind: Literal["log"] = "log"
    uri: str  #: where it is
    text: str
    earlier: list[str] = Field(default_factory=list)  #: where those of earlier attempts are, newest first
