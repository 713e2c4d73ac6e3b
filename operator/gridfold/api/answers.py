"""What the trainer tells commands that follow, compare and repeat what was computed.

`python -m gridfold_trainer.asked` prints one of these, or a FailureReport, as one JSON document.
"""

from typing import Any, Literal

from pydantic import Field, NonNegativeInt

from gridfold.api.base import ApiModel


class LogAnswer(ApiModel):
    """The kept end of the log of a process that failed."""

    kind: Literal["log"] = "log"
    uri: str  #: where it is
    text: str
    earlier: list[str] = Field(default_factory=list)  #: where those of earlier attempts are, newest first


class ScoreDifference(ApiModel):
    """A score that is not the stored one; None: that fold has none."""

    metric: str
    fold: NonNegativeInt
    stored: float | None
    computed: float | None


class ReplayAnswer(ApiModel):
    """A cell of the current run, computed again and compared with its stored result, digit by digit."""

    kind: Literal["replay"] = "replay"
    uri: str  #: of the stored result
    parameters: dict[str, Any]  #: as the grid has them
    metrics: list[str]
    folds: NonNegativeInt
    outcomes: tuple[str, str]  #: how the cell ended: stored, computed
    differences: list[ScoreDifference] = Field(default_factory=list)
    #: what is recorded with both and not the same, by name: stored, here; "" where one has none
    surroundings: dict[str, tuple[str, str]] = Field(default_factory=dict)


class CopiesAnswer(ApiModel):
    """The current run of a job, whose files lie in a folder of this machine now."""

    kind: Literal["copies"] = "copies"
    run: str  #: its folder
    status: dict[str, Any]  #: status.json, verified
    status_sha256: str
    summary: str  #: what it has found, in a line


class Pile(ApiModel):
    """Objects of one kind that have one fate."""

    kind: str  #: as gridfold_trainer.pruning.items names them
    why: str = ""  #: why they stay; "": they go
    things: NonNegativeInt = 0  #: runs, data sets, cells: each has one object or more
    objects: NonNegativeInt = 0
    size_bytes: NonNegativeInt = 0


class PruneAnswer(ApiModel):
    """What of an output folder and its cache no latest.json reaches, and how much of it was removed."""

    kind: Literal["prune"] = "prune"
    run: str  #: folder of the current run
    users: list[str]  #: jobs that use the cache
    piles: list[Pile]  #: all that is there
    runs: list[str]  #: folders of runs that go
    doubts: list[str]  #: why more stays than has to
    removed: list[Pile] = Field(default_factory=list)
    failure: str = ""  #: what ended the removal
    interrupted: bool = False
