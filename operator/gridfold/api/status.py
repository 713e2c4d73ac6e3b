"""The status of a TrainingJob: a bounded summary for people and programs.

No floating-point numbers stand here (API conventions of Kubernetes); scores are decimal strings, rounded for
reading. The record with every digit is in object storage.
"""

from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import Field

from gridfold.api.learning import LearningCurveStatus
from gridfold.api.selection import SelectionStatus
from gridfold.api.status_fields import Count, DecimalText, StatusModel, Text

LEADERBOARD_SIZE = 10
MESSAGE_LIMIT = 4096

Time = Annotated[str, Field(max_length=32, json_schema_extra={"format": "date-time"})]
Scores = Annotated[dict[str, DecimalText], Field(max_length=20)]
ParameterTexts = Annotated[dict[str, Annotated[str, Field(max_length=256)]], Field(max_length=100)]


class State(StrEnum):
    """Where the job stands, for people; programs use the conditions."""

    PENDING = "Pending"
    PREPARING = "Preparing"
    RUNNING = "Running"
    REFITTING = "Refitting"
    SUSPENDED = "Suspended"
    COMPLETE = "Complete"
    FAILED = "Failed"


class Condition(StatusModel):
    """One observation, as in metav1.Condition."""

    type: Annotated[str, Field(max_length=64)] = Field(description="What is observed.")
    status: Literal["True", "False", "Unknown"] = Field(description="Whether it is so.")
    reason: Annotated[str, Field(max_length=128)] = Field(description="One word that says why.")
    message: Annotated[str, Field(max_length=MESSAGE_LIMIT)] = Field(
        "", description="What happened, the value seen, what was expected, what to do."
    )
    last_transition_time: Time = Field(description="When status last changed.")
    observed_generation: Count | None = Field(None, description="The generation of the spec that this is about.")


class CellCounts(StatusModel):
    """How many cells stand where; all but total add up to total."""

    total: Count = Field(0, description="Cells of the grid.")
    cached: Count = Field(0, description="Cells whose result was found: another run, job or try had stored it.")
    pending: Count = Field(0, description="Cells that have not started.")
    running: Count = Field(0, description="Cells whose pod runs.")
    succeeded: Count = Field(0, description="Cells that this run has computed.")
    infeasible: Count = Field(0, description="Cells whose combination of parameters the estimator refuses.")
    failed: Count = Field(0, description="Cells that failed.")

    @property
    def finished(self) -> int:
        """Return how many cells need no more work."""
        return self.cached + self.succeeded + self.infeasible + self.failed


class Resolved(StatusModel):
    """What each Auto, and each default that depends on the data or the estimator, became."""

    split: Text | None = Field(None, description="Method of the split.")
    cross_validation: Text | None = Field(None, description="Method of the cross-validation.")
    objective: Text | None = Field(None, description="The metric that decides.")
    metrics: Annotated[list[Text], Field(max_length=20)] = Field(
        default_factory=list, description="The metrics that are measured."
    )
    average: Text | None = Field(None, description="Average of precision, recall and F1.")
    positive_class: Text | None = Field(None, description="The class that binary metrics are about.")
    random_state: int | None = Field(
        None, description="random_state of the estimator, where it has one and none was given."
    )


class DatasetStatus(StatusModel):
    """The data as it was found."""

    rows: Count = Field(0, description="Rows after cleaning.")
    columns: Count = Field(0, description="Columns that the estimator sees.")
    classes: Count | None = Field(None, description="Classes of the target.")
    digest: Annotated[str, Field(max_length=80)] = Field("", description="Digest of the prepared data.")
    split_digest: Annotated[str, Field(max_length=80)] = Field(
        "", description="Digest of the three parts' row numbers."
    )
    parts: Annotated[dict[str, Count], Field(max_length=3)] = Field(
        default_factory=dict, description="Rows of each part."
    )
    dropped_rows: Annotated[dict[str, Count], Field(max_length=10)] = Field(
        default_factory=dict, description="Rows that cleaning dropped, by cause."
    )
    dropped_columns: Annotated[dict[str, Count], Field(max_length=10)] = Field(
        default_factory=dict, description="Columns that cleaning dropped, by cause."
    )


class PreparedStatus(StatusModel):
    """What prepare handed to the operator, kept so that nothing depends on prepare's pod staying there."""

    environment: Annotated[str, Field(max_length=64)] = Field(
        description="Digest of the library versions that determine numbers."
    )
    cached: Annotated[str, Field(max_length=2048)] = Field(
        "", description="Cells whose result was there already, as a deflated bitmap."
    )
    infeasible: Annotated[str, Field(max_length=2048)] = Field(
        "", description="Cells that the estimator refuses, as prepare or a cell has found, as a deflated bitmap."
    )
    succeeded: Annotated[str, Field(max_length=2048)] = Field(
        "", description="Cells that have been computed since, as a deflated bitmap: they count when their Job is gone."
    )
    found: Annotated[str, Field(max_length=2048)] = Field(
        "", description="Of these, the cells whose pod found the result stored, as a deflated bitmap."
    )
    again: bool = Field(False, description="Whether the data was damaged during this run and has been prepared again.")
    image: Annotated[str, Field(max_length=1024)] = Field(
        "", description="The trainer image that prepared the data: every later stage of the run has the same one."
    )
    retry: Count = Field(
        0, description="spec.retry as it was: a change of it lets the run go over to the platform's trainer image."
    )
    trainer: Annotated[str, Field(max_length=63)] = Field(
        "default", description="execution.trainer as it was: another one lets the run go over to that image."
    )


class AttemptStatus(StatusModel):
    """With what the run is tried, and which failures are from before."""

    digest: Annotated[str, Field(max_length=64)] = Field(description="Digest of spec.storage, execution and retry.")
    first_wave: Count = Field(0, description="Cells that failed in an earlier wave than this are tried again.")
    start_time: Time | None = Field(None, description="When execution.timeoutSeconds began to count.")
    paused_since: Time | None = Field(None, description="Since when it does not count, because the job is suspended.")
    paused_seconds: Count = Field(0, description="Seconds before that in which it did not count.")
    memory: Annotated[dict[str, Annotated[str, Field(max_length=2048)]], Field(max_length=40)] = Field(
        default_factory=dict,
        description="Cells that ran out of memory and have no result, as deflated bitmaps by the memory that they get.",
    )


class SettingsStatus(StatusModel):
    """What the platform's settings were when the spec was accepted: they count until it is edited."""

    execution: Annotated[dict[str, Any], Field(max_length=16)] = Field(
        default_factory=dict,
        description="What spec.execution leaves open and the platform has filled in (tenancy in the operator's chart).",
    )
    allowed_endpoints: Annotated[list[Annotated[str, Field(max_length=300)]], Field(max_length=256)] = Field(
        default_factory=list, description="Storage and servers that pods may connect to."
    )
    only_allowed_endpoints: bool = Field(
        False,
        description="Whether they may connect to nothing else. Of a spec that was accepted before there was such a "
        "limit, they may connect to public addresses, too.",
    )
    estimator_prefixes: Annotated[list[Text], Field(max_length=256)] = Field(
        default_factory=list, description="Packages of estimators beside scikit-learn's that pods may use."
    )


class CapacityStatus(StatusModel):
    """Nodes for this job alone, and how long it has had them."""

    provider: Text = Field(description="Who gives the nodes.")
    requested_nodes: Count = Field(0, description="Nodes that the provider has been asked for.")
    ready_nodes: Count = Field(0, description="Nodes of these on which pods can run.")
    node_hours: DecimalText = Field(
        "0.0", description="Hours of nodes that the job has had so far: nodes times the hours that they were there."
    )
    message: Annotated[str, Field(max_length=MESSAGE_LIMIT)] = Field(
        "", description="What is done about nodes, and why."
    )
    used_seconds: Count = Field(0, description="Seconds of nodes until countedSince. For the operator alone.")
    counted_nodes: Count = Field(0, description="Nodes that are there since then. For the operator alone.")
    counted_since: Time | None = Field(None, description="Since when nodes are counted so. For the operator alone.")


class MeanStd(StatusModel):
    """A score over all folds."""

    mean: DecimalText = Field(description="Mean over the folds.")
    std: DecimalText = Field(description="Standard deviation over the folds.")


class RankedCell(StatusModel):
    """A cell and how it did."""

    cell: Count = Field(description="Number of the cell, in the order of the grid.")
    score: DecimalText = Field(description="Mean of the objective over the folds.")
    parameters: ParameterTexts = Field(default_factory=dict, description="The cell's parameters, as text.")
    scores: Annotated[dict[str, MeanStd], Field(max_length=20)] = Field(
        default_factory=dict, description="Mean and standard deviation of every metric."
    )
    indistinguishable_from: Count | None = Field(
        None,
        description="Of the winner: how many other cells' fold scores do not differ from its by the corrected "
        "resampled t-test (Nadeau and Bengio 2003, 5 %).",
    )


class TestStatus(StatusModel):
    """The one look at the test part."""

    __test__ = False  # not a test case of pytest

    scores: Scores = Field(default_factory=dict, description="Scores on the test part.")
    intervals: Annotated[dict[str, Annotated[list[DecimalText], Field(max_length=2)]], Field(max_length=20)] = Field(
        default_factory=dict, description="95 % bootstrap intervals of the scores."
    )
    openings: Count | None = Field(
        None, description="How many different models have been scored on this test part; above 1 it is no fresh test."
    )


class ResultsStatus(StatusModel):
    """Where the results are."""

    uri: Annotated[str, Field(max_length=1200)] = Field(
        description="Folder of the results of this run: results.csv, model.skops, status.json."
    )
    sha256: Annotated[str, Field(max_length=64)] = Field(
        "", description="SHA-256 of status.json, which names the digests of the others."
    )


class TrainingJobStatus(StatusModel):
    """What is known of the job."""

    observed_generation: Count | None = Field(None, description="The generation of the spec that this status is about.")
    state: State | None = Field(None, description="Where the job stands, for people. Programs use the conditions.")
    reason: Annotated[str, Field(max_length=128)] | None = Field(
        None,
        description="One word for why the job has failed, or why no pod of it runs although one should; absent while "
        "all is well. The condition with this reason tells more.",
    )
    conditions: Annotated[
        list[Condition],
        Field(
            max_length=20,
            json_schema_extra={
                "x-kubernetes-list-type": "map",
                "x-kubernetes-list-map-keys": ["type"],
            },
        ),
    ] = Field(default_factory=list, description="Observations, one of each type.")
    run_digest: Annotated[str, Field(max_length=64)] | None = Field(
        None,
        description="Digest of what determines this run's results. An edit of the spec that changes it starts a new "
        "run; any other edit does not.",
    )
    cells: CellCounts | None = Field(None, description="How many cells stand where.")
    progress: Annotated[str, Field(max_length=32)] | None = Field(None, description="Finished cells of all cells.")
    resolved: Resolved | None = Field(None, description="What each Auto became.")
    dataset: DatasetStatus | None = Field(None, description="The data as it was found.")
    prepared: PreparedStatus | None = Field(
        None, description="What prepare handed to the operator. For the operator alone."
    )
    attempt: AttemptStatus | None = Field(None, description="With what the run is tried. For the operator alone.")
    settings: SettingsStatus | None = Field(
        None,
        description="What the platform's settings were when the spec was accepted. A change of them counts for the "
        "job once its spec is edited.",
    )
    capacity: CapacityStatus | None = Field(
        None, description="Nodes for this job alone; absent where none was asked for."
    )
    best: RankedCell | None = Field(
        None, description="The first cell of the leaderboard; of a complete job: the winner."
    )
    leaderboard: Annotated[list[RankedCell], Field(max_length=LEADERBOARD_SIZE)] = Field(
        default_factory=list,
        description="The ten best cells so far, without those whose result was there before; at the end, of all.",
    )
    selection: SelectionStatus | None = Field(
        None, description="How far the choice of the winner can be trusted, and what to try next."
    )
    learning_curve: LearningCurveStatus | None = Field(
        None, description="Whether more rows would help; absent where spec.learningCurve does not ask."
    )
    objective: Text | None = Field(None, description="The metric that decides.")
    validation: Scores | None = Field(
        None, description="Scores of the winner, fitted on the training part, on the validation part."
    )
    test: TestStatus | None = Field(
        None, description="Scores on the test part of the model fitted on training and validation part."
    )
    results: ResultsStatus | None = Field(None, description="Where the results are.")
    start_time: Time | None = Field(None, description="When the run started.")
    estimated_completion_time: Time | None = Field(
        None,
        description="When the run will have ended, if its cells go on as they did: from how long its own cells took, "
        "in coarse steps. Absent before one has been computed, and while none runs.",
    )
    completion_time: Time | None = Field(None, description="When the run ended.")
    duration: Annotated[str, Field(max_length=32)] | None = Field(
        None, description="From startTime to completionTime, time suspended and other tries of the run included."
    )
