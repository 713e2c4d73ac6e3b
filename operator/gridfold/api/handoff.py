"""What operator (or command line) and trainer hand to each other.

Down: `job.json`, one immutable file per stage. Up: one JSON document of at most 4096 bytes per process, its
termination message. Both are strict: an unknown field or kind is an error, never ignored.
"""

import base64
import zlib
from collections.abc import Iterable
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field, TypeAdapter, ValidationError

from gridfold.api.base import ApiModel
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
PRIVATE_SOURCES_VARIABLE = "GRIDFOLD_ALLOW_PRIVATE_SOURCES"  #: "true": https:// sources at private addresses are read
#: module prefixes, separated by commas, whose classes a job may name beside scikit-learn's
ESTIMATOR_PREFIXES_VARIABLE = "GRIDFOLD_ESTIMATOR_PREFIXES"
BASE_FOLDER_VARIABLE = "GRIDFOLD_BASE_FOLDER"  #: folder that relative file: URIs start from; a laptop's only
DEBUG_VARIABLE = "GRIDFOLD_DEBUG"  #: whether the command line tells all of a fault of its own; a laptop's only
JOB_FILE = "job.json"


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
    cells: str = ""  #: of a wave: its cells as ranges, "0-11,14"; completion index i is the i-th of them
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


Report = PrepareReport | CellReport | RefitReport | FailureReport
_REPORT: TypeAdapter[Report] = TypeAdapter(Annotated[Report, Field(discriminator="kind")])


def encode_report(report: Report) -> str:
    """Return the termination message of a report: at most 4096 bytes of UTF-8.

    Only a message text is ever shortened, never a number.
    """
    text = report.model_dump_json(by_alias=True, exclude_none=False)
    excess = len(text.encode()) - TERMINATION_MESSAGE_BYTES
    if excess <= 0:
        return text
    message = getattr(report, "message", "")
    if not message:
        raise ValueError(f"the {report.kind} report has {len(text.encode())} bytes, {TERMINATION_MESSAGE_BYTES} fit")
    content = message.encode()
    kept = content[: max(0, len(content) - excess - 64)].decode(errors="ignore")  # in JSON it takes no fewer bytes
    return encode_report(report.model_copy(update={"message": kept + ("…" if kept else "")}))


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
