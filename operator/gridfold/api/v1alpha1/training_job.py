"""The resource as a whole, and the rules that span parts of its spec."""

from typing import Annotated, ClassVar, Literal

from pydantic import ConfigDict, Field

from gridfold.api.base import ApiModel, Rule
from gridfold.api.status import TrainingJobStatus
from gridfold.api.v1alpha1.capacity import CapacitySettings
from gridfold.api.v1alpha1.cleaning import Cleaning
from gridfold.api.v1alpha1.cross_validation import CrossValidation, CrossValidationMethod
from gridfold.api.v1alpha1.dataset import Dataset
from gridfold.api.v1alpha1.estimator import Estimator
from gridfold.api.v1alpha1.execution import Execution
from gridfold.api.v1alpha1.fields import Bool, Int, ObjectName
from gridfold.api.v1alpha1.learning_curve import LearningCurve
from gridfold.api.v1alpha1.output import Output
from gridfold.api.v1alpha1.scoring import Scoring
from gridfold.api.v1alpha1.search import Search
from gridfold.api.v1alpha1.split import Split, SplitMethod
from gridfold.api.v1alpha1.storage import Storage

_TIME_METHODS = (CrossValidationMethod.AUTO, CrossValidationMethod.TIME_SERIES)
_GROUP_METHODS = (CrossValidationMethod.GROUPED, CrossValidationMethod.STRATIFIED_GROUPED)
_REPEATED_METHODS = (
    CrossValidationMethod.AUTO,
    CrossValidationMethod.K_FOLD,
    CrossValidationMethod.STRATIFIED,
)


def _wants_groups(spec: "TrainingJobSpec") -> bool:
    return spec.split.method is SplitMethod.GROUPED or spec.cross_validation.method in _GROUP_METHODS


def _wants_time(spec: "TrainingJobSpec") -> bool:
    by_time = spec.cross_validation.method is CrossValidationMethod.TIME_SERIES
    return spec.split.method is SplitMethod.TIME_ORDERED or by_time


def _wants_predefined(spec: "TrainingJobSpec") -> bool:
    by_default = spec.cross_validation.method is CrossValidationMethod.AUTO and spec.dataset.fold_column is not None
    return spec.cross_validation.method is CrossValidationMethod.PREDEFINED or by_default


def _folds_by_time(spec: "TrainingJobSpec") -> bool:
    return spec.cross_validation.method in _TIME_METHODS and _splits_by_time(spec)


def _splits_by_time(spec: "TrainingJobSpec") -> bool:
    by_default = spec.split.method is SplitMethod.AUTO and spec.dataset.time_column is not None
    return spec.split.method is SplitMethod.TIME_ORDERED or by_default


class TrainingJobSpec(ApiModel):
    """What is to be trained, tuned and tested."""

    suspend: Bool = Field(
        False,
        description="If true, nothing of the job runs: running cells end, results stay, and the condition Suspended is "
        "true. Set it to false and the job goes on where it was. Not for `gridfold run`.",
    )
    retry: Annotated[Int, Field(ge=0, le=1000000)] = Field(
        0,
        description="Any change of this number has a failed job tried again: finished cells stay, the rest is run. An "
        "edit of storage or execution (memory, say) does so, too. A run keeps the trainer image that it was prepared "
        "with; a change of this number also lets it go over to the platform's, and its data is prepared again.",
    )
    storage: Storage = Field(default_factory=Storage, description="The object storage of sources and output.")
    dataset: Dataset = Field(description="The data: where it is and what its columns mean.")
    cleaning: Cleaning = Field(
        default_factory=Cleaning,
        description="What happens to the rows before the split. Every action is counted in the status.",
    )
    split: Split = Field(
        default_factory=Split,
        description="Training, validation and test part of the rows, in per cent (default 70, 15, 15). Cells see the "
        "training part only; the winner is judged on the validation part; the test part is opened once.",
    )
    estimator: Estimator = Field(description="The estimator to tune, with its fixed parameters and preprocessing.")
    search: Search = Field(description="Which cells (combinations of parameters) are tried.")
    cross_validation: CrossValidation = Field(
        default_factory=CrossValidation, description="How each cell is judged on the training part."
    )
    scoring: Scoring = Field(default_factory=Scoring, description="What is measured, and what decides.")
    learning_curve: LearningCurve | None = Field(
        None,
        description="Whether more rows would help: refit fits the winner on parts of each fold's rows, too, and keeps "
        "what it has computed: about as long as one to five more cells like the winner. A part that cannot be fitted "
        "is a gap with its reason. Default: none.",
    )
    execution: Execution = Field(
        default_factory=Execution, description="How the cells are run: parallelism, threads, resources."
    )
    capacity: CapacitySettings = Field(
        default_factory=CapacitySettings,
        description="Nodes for this job alone, from what the platform has, when its pods find no room. Not for "
        "`gridfold run`.",
    )
    output: Output = Field(description="Where results and cached work go.")
    rules: ClassVar[tuple[Rule, ...]] = (
        Rule(
            "dataset.groupColumn",
            "has(self.dataset.groupColumn) || (self.split.method != 'Grouped' && "
            "!(self.crossValidation.method in ['Grouped', 'StratifiedGrouped']))",
            "is required where a method is Grouped or StratifiedGrouped",
            lambda s: s.dataset.group_column is not None or not _wants_groups(s),
            lambda s: s.dataset.group_column,
        ),
        Rule(
            "dataset.timeColumn",
            "has(self.dataset.timeColumn) || "
            "(self.split.method != 'TimeOrdered' && self.crossValidation.method != 'TimeSeries')",
            "is required where a method is TimeOrdered or TimeSeries",
            lambda s: s.dataset.time_column is not None or not _wants_time(s),
            lambda s: s.dataset.time_column,
        ),
        Rule(
            "split.method",
            "self.split.method != 'Auto' || !has(self.dataset.groupColumn) || !has(self.dataset.timeColumn)",
            "must be named where both dataset.groupColumn and dataset.timeColumn are given",
            lambda s: (
                s.split.method is not SplitMethod.AUTO
                or s.dataset.group_column is None
                or s.dataset.time_column is None
            ),
            lambda s: s.split.method,
        ),
        Rule(
            "crossValidation.method",
            "self.crossValidation.method in ['Auto', 'TimeSeries'] || !(self.split.method == 'TimeOrdered' || "
            "(self.split.method == 'Auto' && has(self.dataset.timeColumn)))",
            "must be TimeSeries or Auto where the split is TimeOrdered: others fit on later rows than they test on",
            lambda s: s.cross_validation.method in _TIME_METHODS or not _splits_by_time(s),
            lambda s: s.cross_validation.method,
        ),
        Rule(
            "crossValidation.method",
            "self.crossValidation.method != 'TimeSeries' || self.split.method == 'TimeOrdered' || "
            "(self.split.method == 'Auto' && has(self.dataset.timeColumn))",
            "may be TimeSeries only where the split is TimeOrdered",
            lambda s: s.cross_validation.method is not CrossValidationMethod.TIME_SERIES or _splits_by_time(s),
            lambda s: s.cross_validation.method,
        ),
        Rule(
            "dataset.foldColumn",
            "has(self.dataset.foldColumn) || self.crossValidation.method != 'Predefined'",
            "is required where crossValidation.method is Predefined",
            lambda s: (
                s.dataset.fold_column is not None or s.cross_validation.method is not CrossValidationMethod.PREDEFINED
            ),
            lambda s: s.dataset.fold_column,
        ),
        Rule(
            "dataset.foldColumn",
            "!has(self.dataset.foldColumn) || (self.dataset.foldColumn != self.dataset.target && "
            "!(has(self.dataset.groupColumn) && self.dataset.groupColumn == self.dataset.foldColumn) && "
            "!(has(self.dataset.timeColumn) && self.dataset.timeColumn == self.dataset.foldColumn))",
            "must be another column than target, groupColumn and timeColumn",
            lambda s: (
                s.dataset.fold_column is None
                or s.dataset.fold_column not in (s.dataset.target, s.dataset.group_column, s.dataset.time_column)
            ),
            lambda s: s.dataset.fold_column,
        ),
        Rule(
            "crossValidation.method",
            "!has(self.dataset.foldColumn) || self.crossValidation.method != 'Auto' || "
            "!(self.split.method == 'TimeOrdered' || (self.split.method == 'Auto' && has(self.dataset.timeColumn)))",
            "must be TimeSeries where the split is TimeOrdered and dataset.foldColumn is given: predefined folds fit "
            "on later rows than they test on",
            lambda s: (
                s.dataset.fold_column is None
                or s.cross_validation.method is not CrossValidationMethod.AUTO
                or not _splits_by_time(s)
            ),
            lambda s: s.cross_validation.method,
        ),
        Rule(
            "crossValidation.folds",
            "self.crossValidation.folds >= 2 || self.crossValidation.method == 'Predefined' || "
            "(self.crossValidation.method == 'Auto' && has(self.dataset.foldColumn))",
            "must be at least 2 unless crossValidation.method is Predefined",
            lambda s: s.cross_validation.folds > 1 or _wants_predefined(s),
            lambda s: s.cross_validation.folds,
        ),
        Rule(
            "crossValidation",
            "(!has(self.crossValidation.gap) && !has(self.crossValidation.maxTrainSize)) || "
            "(self.crossValidation.method in ['Auto', 'TimeSeries'] && (self.split.method == 'TimeOrdered' || "
            "(self.split.method == 'Auto' && has(self.dataset.timeColumn))))",
            "gap and maxTrainSize are for TimeSeries folds only, which need dataset.timeColumn; leave them out",
            lambda s: (
                (s.cross_validation.gap is None and s.cross_validation.max_train_size is None) or _folds_by_time(s)
            ),
            lambda s: {
                name: value
                for name, value in (
                    ("gap", s.cross_validation.gap),
                    ("maxTrainSize", s.cross_validation.max_train_size),
                )
                if value is not None
            },
        ),
        Rule(
            "crossValidation.repeats",
            "self.crossValidation.repeats == 1 || self.crossValidation.method in ['Auto', 'KFold', 'Stratified']",
            "must be 1 unless method is KFold or Stratified",
            lambda s: s.cross_validation.repeats == 1 or s.cross_validation.method in _REPEATED_METHODS,
            lambda s: s.cross_validation.repeats,
        ),
    )

    @property
    def cache_uri(self) -> str:
        """Return the folder of shared work: output.cacheUri, or cache/ below output.uri."""
        return self.output.cache_uri or f"{self.output.uri}cache/"


class Metadata(ApiModel):
    """The part of a Kubernetes object's metadata that Gridfold reads."""

    model_config = ConfigDict(**{**ApiModel.model_config, "extra": "ignore"})

    name: ObjectName
    namespace: ObjectName = "default"
    uid: str = ""
    generation: int = 1
    resource_version: str = ""
    deletion_timestamp: str | None = None
    finalizers: tuple[str, ...] | None = None


class TrainingJob(ApiModel):
    """One search for the best parameters of an estimator on one data set, judged by cross-validation."""

    api_version: Literal["gridfold.dev/v1alpha1"]
    kind: Literal["TrainingJob"]
    metadata: Metadata
    spec: TrainingJobSpec
    status: TrainingJobStatus = Field(default_factory=TrainingJobStatus)
