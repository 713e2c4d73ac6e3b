"""What operator (or command line) and trainer hand to each other.

Down: `job.json`, one immutable file per stage. Up: one JSON document of at most 4096 bytes per process, its
termination message. Both are strict: an unknown field or kind is an error, never ignored.
"""

import base64
import zlib
from collections.abc import Iterable
from enum import StrEnum
from itertools import accumulate
from typing import Annotated, Literal, TypeVar

from pydantic import Field, TypeAdapter, ValidationError

from gridfold.api.base import ApiModel
from gridfold.api.exit_codes import ExitCode
from gridfold.api.learning import LearningCurveStatus
from gridfold.api.selection import SelectionStatus
from gridfold.api.status import DatasetStatus, Resolved
from gridfold.api.v1alpha1 import TrainingJobSpec

#: Of a Kubernetes container; only the last 4096 bytes of a longer message are kept.
TERMINATION_MESSAGE_BYTES = 4096

#: What the environment of a trainer's process says.
TERMINATION_LOG_VARIABLE = "GRIDFOLD_TERMINATION_LOG"  #: file for the message; default /dev/termination-log
SCRATCH_VARIABLE = "GRIDFOLD_SCRATCH"  #: folder for fetched data; default: the system's temporary folder
SCRATCH_BYTES_VARIABLE = "GRIDFOLD_SCRATCH_BYTES"  #: most that may lie in it; default: whatever the disk has room for
SCRATCH_SETTING_VARIABLE = "GRIDFOLD_SCRATCH_SETTING"  #: which field of the spec says so, and what, for messages
CREDENTIALS_VARIABLE = "GRIDFOLD_CREDENTIALS"  #: folder of the mounted Secret; default: not given
SOURCE_CREDENTIALS_VARIABLE = "GRIDFOLD_SOURCE_CREDENTIALS"  #: folder of a folder per Secret that a source names
CA_BUNDLE_VARIABLE = "GRIDFOLD_CA_BUNDLE"  #: file with the certificates of spec.storage.caBundleConfigMapName
SOURCE_CA_BUNDLES_VARIABLE = "GRIDFOLD_SOURCE_CA_BUNDLES"  #: folder of a folder per ConfigMap that a source names
CA_BUNDLE_KEY = "ca.crt"  #: of such a ConfigMap
SOURCE_BYTES_VARIABLE = "GRIDFOLD_SOURCE_BYTES"  #: most bytes of one source, decompressed too; default 100 GiB
STORAGE_PATIENCE_VARIABLE = "GRIDFOLD_STORAGE_PATIENCE"  #: most seconds that a process waits for storage; default 600
#: all endpoints, separated by commas, that a pod may connect to (not set: public ones); a laptop may connect to any
ALLOWED_ENDPOINTS_VARIABLE = "GRIDFOLD_ALLOWED_ENDPOINTS"
#: module prefixes, separated by commas, whose classes a job may name beside scikit-learn's
ESTIMATOR_PREFIXES_VARIABLE = "GRIDFOLD_ESTIMATOR_PREFIXES"
BASE_FOLDER_VARIABLE = "GRIDFOLD_BASE_FOLDER"  #: folder that relative file: URIs start from; a laptop's only
DEBUG_VARIABLE = "GRIDFOLD_DEBUG"  #: whether the command line tells all of a fault of its own; a laptop's only
JOB_FILE = "job.json"

#: Of one process: its message has a letter for each, and room for more than that.
MOST_CELLS_TOGETHER = 1000
MOST_LOG_CHARACTERS = 500
#: Of a failure beside what became of a group's cells.
_FAILURE_BYTES = 2000
#: Of a cell's text in a group where not all texts fit.
_SHORT_TEXT = 200
_RANGES = r"\d+(-\d+)?(,\d+(-\d+)?)*"


class Stage(StrEnum):
    """A stage of a run."""

    PREPARE = "prepare"
    CELL = "cell"
    REFIT = "refit"


class FailedCell(ApiModel):
    """A cell that has no stored result because its process ended otherwise."""

    cell: int
    reason: str
    message: str
    attempts: int = 1


class PreparedRun(ApiModel):
    """What prepare found, as every later stage needs it."""

    digest: str  #: of the prepared data set
    environment: str  #: digest of the versions that determine numbers
    resolved: Resolved
    split_digest: str


class StageInput(ApiModel):
    """`job.json`: all that a process of a stage is told."""

    format: Literal[1] = 1
    namespace: str
    name: str
    uid: str = ""
    generation: int = 1
    run_digest: str
    spec: TrainingJobSpec
    prepared: PreparedRun | None = None  #: None for prepare
    #: Of a wave. "0-11,14": a process for each cell; "0-3;4-7,9;": one for each group. Completion index i is the i-th.
    cells: str = Field("", pattern=rf"^({_RANGES}|({_RANGES};)+)?$")
    failed: list[FailedCell] = Field(default_factory=list)  #: for refit
    memory: dict[str, str] = Field(default_factory=dict)  #: for refit: cells as ranges, by the memory of their pods


class PrepareReport(ApiModel):
    """Prepare succeeded."""

    kind: Literal["prepare"] = "prepare"
    digest: str
    environment: str
    dataset: DatasetStatus
    resolved: Resolved
    total: int
    cached: str = ""  #: cells that have a result, see `encode_cells`
    infeasible: str = ""  #: cells that the estimator refuses
    warnings: list[str] = Field(default_factory=list)


class Outcome(StrEnum):
    """How a cell ended."""

    SUCCEEDED = "succeeded"
    INFEASIBLE = "infeasible"
    FAILED = "failed"


class CellReport(ApiModel):
    """A cell came to an end of its own."""

    kind: Literal["cell"] = "cell"
    cell: int
    key: str
    grid_cell: int | None = None  #: number in the whole grid; None where it is the same
    outcome: Outcome
    scores: dict[str, tuple[float | None, float | None]] = Field(default_factory=dict)  #: metric: mean, std
    reused: bool = False  #: the result was there before this process
    fit_seconds: float = 0.0  #: of all folds
    message: str = ""


#: How a process ends that has come to the end of its cells: by the worst that became of one.
CELL_EXITS = {
    Outcome.FAILED: ExitCode.FIT_FAILED,
    Outcome.INFEASIBLE: ExitCode.INFEASIBLE,
    Outcome.SUCCEEDED: ExitCode.OK,
}
#: What a group's report says of a cell that has ended; of one whose result was there before, and of all others.
LETTERS = {Outcome.FAILED: "f", Outcome.INFEASIBLE: "i", Outcome.SUCCEEDED: "s"}
REUSED_LETTER, UNFINISHED_LETTER = "r", "."


class RankedReport(ApiModel):
    """One line of refit's leaderboard."""

    cell: int
    grid_cell: int | None = None  #: number in the whole grid; None where it is the same
    scores: dict[str, tuple[float | None, float | None]]


class RefitReport(ApiModel):
    """Refit succeeded, or found that no cell has won (then best is None)."""

    kind: Literal["refit"] = "refit"
    best: int | None
    leaderboard: list[RankedReport]
    chosen: RankedReport | None = None  #: the best, where it is not the leaderboard's first
    selection: SelectionStatus | None = None  #: what the status shows of the choice
    learning_curve: LearningCurveStatus | None = None  #: what it shows of that, where the spec asks
    validation: dict[str, float | None] = Field(default_factory=dict)
    test: dict[str, float | None] = Field(default_factory=dict)
    intervals: dict[str, tuple[float, float]] = Field(default_factory=dict)  #: of test, 95 %
    openings: int | None = None
    indistinguishable: int | None = None  #: other cells that do not differ from the best
    succeeded: int  #: cells with scores, cached ones too
    infeasible: int
    failed: int
    results_uri: str
    results_sha256: str
    no_model: str = ""  #: why there is no model file, where there is none
    message: str = ""


class FailureReport(ApiModel):
    """A process of a stage ended with an error that it understood."""

    kind: Literal["failure"] = "failure"
    reason: str
    message: str


class GroupReport(ApiModel):
    """How far a process with several cells has come. It says so after each: the next one may take it down."""

    kind: Literal["group"] = "group"
    ends: str = Field(pattern=r"^[.srif]+$", max_length=MOST_CELLS_TOGETHER)  #: a letter for each cell, in their order
    cells: list[CellReport] = Field(default_factory=list)  #: of these cells everything, for which there is room
    failure: FailureReport | None = None  #: why it did not get to the end of its cells
    log: str = Field("", max_length=MOST_LOG_CHARACTERS)  #: where the end of its log is kept, if something failed

    @property
    def outcome(self) -> Outcome:
        """Return the worst that became of a cell."""
        return next((outcome for outcome, letter in LETTERS.items() if letter in self.ends), Outcome.SUCCEEDED)


Report = PrepareReport | CellReport | GroupReport | RefitReport | FailureReport
R = TypeVar("R", bound=ApiModel)
_REPORT: TypeAdapter[Report] = TypeAdapter(Annotated[Report, Field(discriminator="kind")])


def encode_report(report: Report) -> str:
    """Return the termination message of a report: at most 4096 bytes of UTF-8.

    Only a message text is ever shortened, never a number; of a group, some cells may be told by their letters alone.
    """
    if isinstance(report, GroupReport):
        return _text(_with_room(report))
    return _text(_shortened(report, TERMINATION_MESSAGE_BYTES))


def _text(report: ApiModel) -> str:
    return report.model_dump_json(by_alias=True, exclude_none=False)


def _shortened(report: R, most_bytes: int) -> R:
    """Return a report whose text has at most so many bytes: its message gives way."""
    size = len(_text(report).encode())
    if size <= most_bytes:
        return report
    message = getattr(report, "message", "")
    if not message:
        raise ValueError(f"the {type(report).__name__} has {size} bytes, {most_bytes} fit")
    content = message.encode()
    # In JSON it takes no fewer bytes.
    kept = content[: max(0, len(content) - (size - most_bytes) - 64)].decode(errors="ignore")
    return _shortened(report.model_copy(update={"message": kept + ("…" if kept else "")}), most_bytes)


def _with_room(report: GroupReport) -> GroupReport:
    """Return a group's report with as many of its cells, the first ones, as there is room for."""
    failure = report.failure and _shortened(report.failure, _FAILURE_BYTES)
    bare = report.model_copy(update={"failure": failure, "cells": []})
    room = TERMINATION_MESSAGE_BYTES - len(_text(bare).encode())
    cells = _first(report.cells, room)
    if len(cells) < len(report.cells):
        cells = _first([_brief(cell) for cell in report.cells], room)
    return bare.model_copy(update={"cells": cells})


def _brief(cell: CellReport) -> CellReport:
    text = cell.message
    return cell.model_copy(update={"message": text if len(text) <= _SHORT_TEXT else f"{text[: _SHORT_TEXT - 1]}…"})


def _first(cells: Iterable[CellReport], room: int) -> list[CellReport]:
    """Return the first cells whose texts take no more than so many bytes."""
    sizes = accumulate(len(_text(cell).encode()) + 1 for cell in cells)
    return [cell for cell, size in zip(cells, sizes, strict=True) if size <= room]


def decode_report(text: str) -> Report | None:
    """Return the report of a termination message, or None where it is not a whole, known one."""
    try:
        return _REPORT.validate_json(text)
    except ValidationError:
        return None


def encode_cells(cells: Iterable[int], total: int) -> str:
    """Return a set of cells as text: a bitmap, deflated, in base 64 ("" for none; at most 1.7 KB for 10,000)."""
    bits = bytearray((total + 7) // 8)
    for cell in cells:
        bits[cell // 8] |= 1 << (cell % 8)
    return base64.b64encode(zlib.compress(bytes(bits), 9)).decode() if any(bits) else ""


def decode_cells(text: str, total: int) -> frozenset[int]:
    """Return the set of cells that `encode_cells` wrote.

    Raises:
        ValueError: it is not a bitmap of that many cells.
    """
    if not text:
        return frozenset()
    size = (total + 7) // 8
    try:
        bits = zlib.decompressobj().decompress(base64.b64decode(text, validate=True), size + 1)
    except (ValueError, zlib.error) as error:
        raise ValueError(f"not a bitmap of {total} cells: {error}") from error
    if len(bits) != size:
        raise ValueError(f"not a bitmap of {total} cells: it has {len(bits)} bytes, expected {size}")
    return frozenset(cell for cell in range(total) if bits[cell // 8] >> (cell % 8) & 1)


def with_failure(said: Report | None, failure: FailureReport) -> FailureReport | GroupReport:
    """Return why a process does not get further, beside what it has said of its cells."""
    return said.model_copy(update={"failure": failure}) if isinstance(said, GroupReport) else failure


def failure_of(report: Report | None) -> FailureReport | None:
    """Return why a process did not get further, where its report says that."""
    found = report.failure if isinstance(report, GroupReport) else report
    return found if isinstance(found, FailureReport) else None
