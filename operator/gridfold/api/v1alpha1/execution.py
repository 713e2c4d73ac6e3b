"""spec.execution: how the cells are run."""

from typing import Annotated, ClassVar

from pydantic import Field

from gridfold.api.base import LEFT_OPEN, ApiModel, Rule
from gridfold.api.v1alpha1.fields import DEFAULT_TRAINER, Int, QueueName, TrainerName
from gridfold.api.v1alpha1.out_of_memory import OutOfMemory
from gridfold.api.v1alpha1.packing import Packing
from gridfold.api.v1alpha1.pod_template import PodTemplate
from gridfold.api.v1alpha1.quantities import amount
from gridfold.api.v1alpha1.resources import DEFAULT_REQUESTS, MEMORY, Resources
from gridfold.api.v1alpha1.stage_settings import StageSettings

#: Far more processes in one pod than any node has cores for.
MOST_PARALLEL_FOLDS = 100
#: Of cells, where neither spec nor platform says how many.
PARALLELISM = 20
#: Memory of a cell's first try, in CEL: its limit, or else its request, or else what is requested by default.
_CELLS_MEMORY = (
    f"(has(self.resources.limits) && '{MEMORY}' in self.resources.limits ? self.resources.limits['{MEMORY}'] : "
    f"has(self.resources.requests) ? ('{MEMORY}' in self.resources.requests ? self.resources.requests['{MEMORY}'] : "
    f"'0') : '{DEFAULT_REQUESTS[MEMORY]}')"
)


class Execution(ApiModel):
    """How the cells are run. Nothing here but threads changes a score."""

    trainer: TrainerName = Field(
        DEFAULT_TRAINER,
        json_schema_extra=LEFT_OPEN,
        description="Which trainer image runs the job, by the name that the platform has given it: one of "
        "trainer.images of the operator's chart, such as one that has LightGBM, or else its trainer.image. An edit "
        "lets the run go over to that image, which prepares the data again; results of the same versions are found. "
        "Not for `gridfold run`, where the trainer is what is installed.",
    )
    parallelism: Annotated[Int, Field(ge=1, le=10000)] = Field(
        PARALLELISM,
        json_schema_extra=LEFT_OPEN,
        description="How many cells run at the same time, at most; where a pod has several, how many pods.",
    )
    packing: Packing = Field(
        default_factory=Packing,
        description="How many cells a pod computes. An edit counts from the next wave of pods on. Not for `gridfold "
        "run`, whose processes always have several cells that share work.",
    )
    queue_name: QueueName = Field(
        "",
        json_schema_extra=LEFT_OPEN,
        description="LocalQueue of Kueue, in the job's namespace, that admits prepare, every wave of cells and refit "
        "as a Job of its own; none where it is empty. Running tells what the queue says. While cells are admitted, "
        "their number at a time stays as it is: an edit of parallelism counts from the next wave on, or once the job "
        "has been suspended and goes on. Not for `gridfold run`, which has no queue.",
    )
    min_parallelism: Annotated[Int, Field(ge=1, le=10000)] | None = Field(
        None,
        description="With queueName: how few cells at a time are enough for a wave to begin, where the queue has no "
        "quota for parallelism; it stays at what it began with (partial admission). Without this, a wave waits until "
        "there is quota for all of parallelism.",
    )
    threads: Annotated[Int, Field(ge=1, le=256)] = Field(
        1,
        description="Threads of each fit, handed on to OpenMP and BLAS. Other numbers than 1 can change the last "
        "bits of a score.",
    )
    parallel_folds: Annotated[Int, Field(ge=1, le=MOST_PARALLEL_FOLDS)] = Field(
        1,
        description="How many folds of a cell are computed at the same time, each by a process of its own in the "
        "cell's pod, and in refit's, which checks those of the winner: for a few long cells on large nodes. Scores are "
        "the same, bit for bit. Each process keeps threads CPUs busy and needs memory for its rows and model: raise "
        "resources to match. An edit counts from the next wave of pods on. Not for `gridfold run`, which does it by "
        "itself where it has more cores than cells.",
    )
    retries: Annotated[Int, Field(ge=0, le=10)] = Field(
        2,
        description="How often a cell is tried again after a cause that can pass. An exception from fit is never "
        "retried.",
    )
    max_failed_cells: Annotated[Int, Field(ge=0, le=10000)] | None = Field(
        None,
        description="More failed cells than this end the job. Default: the larger of 10 and 10 % of the cells.",
    )
    cell_timeout_seconds: Annotated[Int, Field(ge=1, le=604800)] = Field(
        3600, description="A cell that takes longer is ended and counts as failed."
    )
    timeout_seconds: Annotated[Int, Field(ge=1, le=31_536_000)] = Field(
        86400,
        json_schema_extra=LEFT_OPEN,
        description="How long the whole run may take, from its start or from when it was tried again; waiting for a "
        "node counts, time suspended or in a queue does not. One that takes longer is Failed with the reason "
        "DeadlineExceeded. Its results are kept: raise the value, and it goes on for that long.",
    )
    ttl_seconds_after_finished: Annotated[Int, Field(ge=0, le=31_536_000)] = Field(
        86400,
        description="How long each Job of the run stays after its end, with its pods and their logs, before the "
        "cluster removes it; none goes before the run has ended and all is kept. Results and this resource stay, and a "
        "failed run can be tried again after that, too. On a laptop there are no Jobs, and it means nothing.",
    )
    resources: Resources = Field(
        default_factory=Resources, description="Compute resources of each pod: of every cell, of prepare and of refit."
    )
    out_of_memory: OutOfMemory | None = Field(
        None,
        description="Where a cell, prepare or refit runs out of memory, it is tried again with more. Without this, it "
        "has failed. The memory that each cell had stands in results.csv. Not for `gridfold run`, which limits "
        "nothing.",
    )
    template: PodTemplate = Field(
        default_factory=PodTemplate,
        description="Labels of all pods, where they may run, and as whom: cells, prepare and refit.",
    )
    prepare: StageSettings = Field(
        default_factory=StageSettings,
        description="What is otherwise for prepare, which reads all the data: more memory, say, or another node.",
    )
    refit: StageSettings = Field(
        default_factory=StageSettings, description="What is otherwise for refit, which fits the winner once more."
    )
    rules: ClassVar[tuple[Rule, ...]] = (
        Rule(
            "minParallelism",
            "!has(self.minParallelism) || (has(self.queueName) && self.queueName != '')",
            "is for a queue of Kueue: name it in queueName, or leave minParallelism out",
            lambda e: e.min_parallelism is None or e.queue_name != "",
            lambda e: e.min_parallelism,
        ),
        Rule(
            "minParallelism",
            "!has(self.minParallelism) || self.minParallelism <= (has(self.parallelism) ? self.parallelism : "
            f"{PARALLELISM})",
            "must not be above parallelism",
            lambda e: e.min_parallelism is None or e.min_parallelism <= e.parallelism,
            lambda e: e.min_parallelism,
            explain=lambda e: f"must not be above parallelism, {e.parallelism}",
        ),
        Rule(
            "outOfMemory.maxMemory",
            f"!has(self.outOfMemory) || quantity(self.outOfMemory.maxMemory).compareTo(quantity({_CELLS_MEMORY})) >= 0",
            "must not be below the memory that cells have to begin with; raise maxMemory, or lower resources",
            lambda e: (
                e.out_of_memory is None or amount(e.out_of_memory.max_memory) >= amount(e.resources.memory or "0")
            ),
            lambda e: e.out_of_memory and e.out_of_memory.max_memory,
            cel_message=f"'outOfMemory.maxMemory ' + self.outOfMemory.maxMemory + ' must not be below the memory that "
            f"cells have to begin with, ' + {_CELLS_MEMORY} + '; raise maxMemory, or lower resources'",
            explain=lambda e: (
                f"must not be below the memory that cells have to begin with, {e.resources.memory}; raise maxMemory, "
                "or lower resources"
            ),
        ),
    )
