"""spec.execution.packing: how many cells a pod computes."""

from enum import StrEnum
from typing import Annotated, ClassVar

from pydantic import Field

from gridfold.api.base import ApiModel, Rule
from gridfold.api.v1alpha1.fields import Int


class PackingMode(StrEnum):
    """Who says how many cells a pod computes."""

    CELL = "Cell"
    FIXED = "Fixed"
    AUTO = "Auto"


class Packing(ApiModel):
    """How many cells a pod computes, one after the other; they share what work they can, with the same scores."""

    mode: PackingMode = Field(
        PackingMode.CELL,
        description="Cell: a pod for each cell. Fixed: pods of cellsPerPod cells. Auto: the first cells, as many as "
        "may run at the same time, have a pod each; from how long they take follows how many of the others a pod gets, "
        "so that it computes for about a minute and all pods have something to do. Starting a pod costs seconds: cells "
        "that take less are cheaper together.",
    )
    cells_per_pod: Annotated[Int, Field(ge=1, le=1000)] | None = Field(
        None,
        description="With mode Fixed: the most cells of a pod. Those come together that share most work, such as the "
        "same preprocessing, or a forest of 100 trees and one of 200. The result of each is kept as soon as it is "
        "there. A cell that takes its pod down is found by halving: the others lose nothing that was finished.",
    )
    rules: ClassVar[tuple[Rule, ...]] = (
        Rule(
            "cellsPerPod",
            "!has(self.cellsPerPod) || self.mode == 'Fixed'",
            "is for mode Fixed: set mode to Fixed, or leave cellsPerPod out",
            lambda packing: packing.cells_per_pod is None or packing.mode is PackingMode.FIXED,
            lambda packing: packing.cells_per_pod,
        ),
        Rule(
            "mode",
            "self.mode != 'Fixed' || has(self.cellsPerPod)",
            "needs cellsPerPod, the most cells of a pod, such as 10",
            lambda packing: packing.mode is not PackingMode.FIXED or packing.cells_per_pod is not None,
            lambda packing: packing.mode,
        ),
    )
