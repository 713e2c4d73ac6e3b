"""The TrainingJob resource, version v1alpha1: the one source of the CRD, of validation and of `kubectl explain`.

Every field has a description and a bound. A field is here only once it works.
"""

from enum import StrEnum
from typing import Annotated, Any, ClassVar, Literal

from pydantic import ConfigDict, Field, Strict

from gridfold.api.base import ApiModel, Rule
from gridfold.api.status import TrainingJobStatus

GROUP = "gridfold.dev"
VERSION = "v1alpha1"
API_VERSION = f"{GROUP}/{VERSION}"
KIND = "TrainingJob"
PLURAL = "trainingjobs"


#: What the API server calls an integer: neither true nor "5".
Int = Annotated[int, Strict()]
Bool = Annotated[bool, Strict()]
Seed = Annotated[Int, Field(ge=0, le=4294967295)]
Percent = Annotated[Int, Field(ge=1, le=98)]
ColumnName = Annotated[str, Field(min_length=1, max_length=256)]
ShortText = Annotated[str, Field(max_length=256)]
ObjectName = Annotated[str, Field(min_length=1, max_length=253, pattern=r"^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$")]
Decimal = Annotated[str, Field(max_length=32, pattern=r"^-?[0-9]+(\.[0-9]+)?$")]
Quantity = Annotated[
    str,
    Field(max_length=32, pattern=r"^[0-9]+(\.[0-9]+)?(m|k|Ki|M|Mi|G|Gi|T|Ti|P|Pi|E|Ei)?$"),
]
Uri = Annotated[str, Field(min_length=1, max_length=1024, pattern=r"^(s3://[^/]+(/.*)?|file:.+)$")]
FolderUri = Annotated[str, Field(min_length=1, max_length=1024, pattern=r"^(s3://[^/]+/(.*/)?|file:.+/)$")]


class AddressingStyle(StrEnum):
    """How a bucket is addressed."""

    AUTO = "Auto"
    PATH = "Path"
    VIRTUAL = "Virtual"


class DataFormat(StrEnum):
    """The format of a source."""

    CSV = "CSV"


class ColumnType(StrEnum):
    """The type of a column."""

    NUMERIC = "Numeric"
    CATEGORICAL = "Categorical"


class SplitMethod(StrEnum):
    """How rows are divided into training, validation and test part."""

    AUTO = "Auto"
    STRATIFIED = "Stratified"
    RANDOM = "Random"


class CrossValidationMethod(StrEnum):
    """How the training part is divided into folds."""

    AUTO = "Auto"
    K_FOLD = "KFold"
    STRATIFIED = "Stratified"


class Average(StrEnum):
    """How precision, recall and F1 of the classes become one number."""

    AUTO = "Auto"
    BINARY = "Binary"
    MACRO = "Macro"
    WEIGHTED = "Weighted"
    MICRO = "Micro"


class NumericImputation(StrEnum):
    """What replaces a missing number."""

    MEDIAN = "Median"
    MEAN = "Mean"
    MOST_FREQUENT = "MostFrequent"
    NONE = "None"


class Scale(StrEnum):
    """How numeric columns are scaled."""

    STANDARD = "Standard"
    MIN_MAX = "MinMax"
    ROBUST = "Robust"
    NONE = "None"


class CategoricalImputation(StrEnum):
    """What replaces a missing category."""

    MOST_FREQUENT = "MostFrequent"
    NONE = "None"


class Encode(StrEnum):
    """How categories become numbers."""

    ONE_HOT = "OneHot"
    ORDINAL = "Ordinal"


class Storage(ApiModel):
    """The object storage of sources and output."""

    endpoint: Annotated[str, Field(max_length=1024, pattern=r"^https?://[^/?#]+/?$")] | None = Field(
        None,
        description="Address of an S3-compatible server, such as http://s3.storage.svc:9000. Without it, the "
        "SDK's own default for the region is used.",
    )
    region: Annotated[str, Field(max_length=64)] | None = Field(
        None, description="Region of the buckets, such as eu-central-1."
    )
    addressing_style: AddressingStyle = Field(
        AddressingStyle.AUTO,
        description="How a bucket is addressed: Path puts it into the path of the URL, Virtual into the host "
        "name. Auto uses Path where an endpoint is given.",
    )
    credentials_secret_name: ObjectName | None = Field(
        None,
        description="Name of a Secret in the same namespace with the keys AWS_ACCESS_KEY_ID, "
        "AWS_SECRET_ACCESS_KEY and, optionally, AWS_SESSION_TOKEN. They are mounted as files into the "
        "trainer's pods; the operator never reads them. Without it, the pod's own identity is used.",
    )


class Source(ApiModel):
    """One object to read rows from."""

    uri: Uri = Field(
        description="Where the rows are: s3://bucket/key. With `gridfold run` on a laptop also file:PATH, "
        "relative to the folder of the YAML file."
    )
    sha256: Annotated[str, Field(max_length=64, pattern=r"^[0-9a-f]{64}$")] | None = Field(
        None,
        description="SHA-256 of the object, in hexadecimal. If it is given and the object has another one, "
        "the job fails before any cell runs.",
    )


class Csv(ApiModel):
    """How a CSV file is to be read."""

    header: Bool = Field(True, description="Whether the first line holds the names of the columns.")
    column_names: Annotated[list[ColumnName], Field(max_length=10000)] | None = Field(
        None, description="Names of the columns, in order, for files without a header line."
    )
    delimiter: Annotated[str, Field(min_length=1, max_length=1)] = Field(
        ",", description="The one character between two fields."
    )
    missing_values: Annotated[list[ShortText], Field(max_length=100)] = Field(
        default_factory=list,
        description='Texts that mean "no value", such as "?". An empty field always does; nothing else does '
        "unless it is named here, not even NA.",
    )
    rules: ClassVar[tuple[Rule, ...]] = (
        Rule(
            "columnNames",
            "self.header || has(self.columnNames)",
            "is required where header is false: without a header line the columns have no names",
            lambda csv: csv.header or csv.column_names is not None,
            lambda csv: csv.column_names,
        ),
        Rule(
            "columnNames",
            "!self.header || !has(self.columnNames)",
            "must be left out where header is true: the header line names the columns",
            lambda csv: not csv.header or csv.column_names is None,
            lambda csv: csv.column_names,
        ),
    )


class Dataset(ApiModel):
    """The data: where it is and what its columns mean."""

    sources: Annotated[list[Source], Field(min_length=1, max_length=100)] = Field(
        description="The objects that hold the rows, concatenated in this order. All must have the same columns."
    )
    format: DataFormat = Field(DataFormat.CSV, description="Format of the sources.")
    csv: Csv = Field(default_factory=Csv, description="How CSV files are read.")
    target: ColumnName = Field(description="Name of the column to predict.")
    positive_class: ShortText | None = Field(
        None,
        description="The class of a two-class target that precision, recall and F1 are about. Default: the one "
        "that sorts last.",
    )
    exclude_columns: Annotated[list[ColumnName], Field(max_length=10000)] = Field(
        default_factory=list, description="Columns that the model must not see."
    )
    column_types: Annotated[dict[str, ColumnType], Field(max_length=10000)] = Field(
        default_factory=dict,
        description="Types of columns, by name. A column that is not named here is Numeric if every value present "
        "is a number, and Categorical otherwise.",
    )


class Cleaning(ApiModel):
    """What happens to the rows before the split, in this order. Every action is counted in the status."""

    trim_text: Bool = Field(True, description="Remove white space around every field.")
    drop_rows_without_target: Bool = Field(
        True,
        description="Drop rows whose target is missing. If false, such a row fails the job.",
    )
    drop_duplicate_rows: Bool = Field(
        False, description="Keep the first of rows that are equal in all columns of the source."
    )
    drop_columns_missing_above: Annotated[Int, Field(ge=0, le=100)] | None = Field(
        None, description="Drop columns in which more than this percentage of the values is missing."
    )
    drop_constant_columns: Bool = Field(False, description="Drop columns that have one value in all rows.")


class Split(ApiModel):
    """The three parts of the rows, in per cent. They add up to 100."""

    train: Percent = Field(70, description="Per cent of the rows that the cells are fitted and cross-validated on.")
    validation: Percent = Field(
        15,
        description="Per cent of the rows that the winner is judged on, and the targets are compared with.",
    )
    test: Percent = Field(
        15, description="Per cent of the rows that are opened once, by the final step; they steer nothing."
    )
    method: SplitMethod = Field(
        SplitMethod.AUTO,
        description="Stratified keeps the shares of the classes in every part; Random does not look at them. Auto: "
        "Stratified for classification, Random for regression.",
    )
    seed: Seed = Field(
        0, description="Seed of the split, and of estimators that have a random_state and are given none."
    )
    rules: ClassVar[tuple[Rule, ...]] = (
        Rule(
            "",
            "self.train + self.validation + self.test == 100",
            "train, validation and test must add up to 100",
            lambda s: s.train + s.validation + s.test == 100,
            lambda s: f"{s.train} + {s.validation} + {s.test} = {s.train + s.validation + s.test}",
        ),
    )


class NumericPreprocessing(ApiModel):
    """Preprocessing of numeric columns."""

    impute: NumericImputation = Field(
        NumericImputation.MEDIAN, description="What replaces a missing number. None leaves it missing."
    )
    scale: Scale = Field(Scale.STANDARD, description="How the columns are scaled. None leaves them.")


class CategoricalPreprocessing(ApiModel):
    """Preprocessing of categorical columns."""

    impute: CategoricalImputation = Field(
        CategoricalImputation.MOST_FREQUENT,
        description="What replaces a missing category. None keeps it as a category of its own.",
    )
    encode: Encode = Field(
        Encode.ONE_HOT,
        description="OneHot: a column of 0 and 1 per category; Ordinal: one column of codes.",
    )


class Preprocessing(ApiModel):
    """Steps that learn from the data; they are fitted inside each fold, so nothing leaks."""

    numeric: NumericPreprocessing = Field(
        default_factory=NumericPreprocessing, description="Preprocessing of numeric columns."
    )
    categorical: CategoricalPreprocessing = Field(
        default_factory=CategoricalPreprocessing, description="Preprocessing of categorical columns."
    )


FreeMap = Annotated[dict[str, Any], Field(max_length=100)]
Axis = Annotated[list[Any], Field(min_length=1, max_length=1000)]


class Estimator(ApiModel):
    """The estimator to tune."""

    class_name: Annotated[str, Field(min_length=1, max_length=256, pattern=r"^sklearn(\.[A-Za-z][A-Za-z0-9_]*)+$")] = (
        Field(
            description="Full name of a classifier or regressor of scikit-learn, such as "
            "sklearn.linear_model.LogisticRegression."
        )
    )
    parameters: FreeMap = Field(
        default_factory=dict,
        description="Parameters that are the same in all cells, by name. Where 1 and 1.0 mean different things, write "
        "{int: 1} or {float: 1}.",
    )
    preprocessing: Preprocessing = Field(
        default_factory=Preprocessing,
        description="Imputation, scaling and encoding, fitted inside each fold.",
    )


class Search(ApiModel):
    """Which cells are tried."""

    grid: Annotated[list[Annotated[dict[str, Axis], Field(max_length=50)]], Field(min_length=1, max_length=50)] = Field(
        description="A list of grids. Each is the product of its axes: name of a parameter, list of its values. "
        "preprocessing.numeric.impute, preprocessing.numeric.scale, preprocessing.categorical.impute and "
        "preprocessing.categorical.encode vary the preprocessing. Write {int: 1} or {float: 1} where the two "
        "mean different things."
    )
    max_cells: Annotated[Int, Field(ge=1, le=10000)] = Field(
        1000, description="The job is refused if its grid has more cells than this."
    )


class CrossValidation(ApiModel):
    """How each cell is judged on the training part."""

    folds: Annotated[Int, Field(ge=2, le=100)] = Field(5, description="Number of folds.")
    method: CrossValidationMethod = Field(
        CrossValidationMethod.AUTO,
        description="Stratified keeps the shares of the classes in every fold; KFold does not look at them. Auto: "
        "Stratified for classification, KFold for regression.",
    )
    repeats: Annotated[Int, Field(ge=1, le=100)] = Field(1, description="How many times the folds are drawn anew.")
    seed: Seed = Field(0, description="Seed of the folds.")


Metric = Literal["accuracy", "precision", "recall", "f1"]
DEFAULT_METRICS: tuple[Metric, ...] = ("accuracy", "precision", "recall", "f1")


class Scoring(ApiModel):
    """What is measured."""

    objective: Metric = Field("f1", description="The metric that decides: the highest mean over the folds wins.")
    metrics: Annotated[list[Metric], Field(min_length=1, max_length=20)] = Field(
        default_factory=lambda: list(DEFAULT_METRICS),
        description="The metrics to measure in every fold.",
    )
    average: Average = Field(
        Average.AUTO,
        description="How precision, recall and F1 of the classes become one number. Auto: Binary for two classes, "
        "Macro for more.",
    )
    targets: Annotated[dict[str, Decimal], Field(max_length=20)] = Field(
        default_factory=dict,
        description='Least validation scores that are wanted, by metric, as decimal strings: accuracy: "0.85". The '
        "condition TargetsMet tells whether they are reached.",
    )
    rules: ClassVar[tuple[Rule, ...]] = (
        Rule(
            "objective",
            "self.objective in self.metrics",
            "must be one of metrics",
            lambda s: s.objective in s.metrics,
            lambda s: s.objective,
        ),
        Rule(
            "metrics",
            "self.metrics.all(m, self.metrics.exists_one(other, other == m))",
            "must not name a metric twice",
            lambda s: len(set(s.metrics)) == len(s.metrics),
            lambda s: s.metrics,
        ),
        Rule(
            "targets",
            "!has(self.targets) || self.targets.all(metric, metric in self.metrics)",
            "must name only metrics that are measured",
            lambda s: set(s.targets) <= set(s.metrics),
            lambda s: sorted(s.targets),
        ),
    )


class ResourceList(ApiModel):
    """Amounts of compute resources."""

    cpu: Quantity | None = Field(None, description='Processors, such as "1" or "500m".')
    memory: Quantity | None = Field(None, description="Memory, such as 2Gi.")


def _default_requests() -> ResourceList:
    return ResourceList(cpu="1", memory="1Gi")


class Resources(ApiModel):
    """Compute resources of each pod of the trainer."""

    requests: ResourceList = Field(
        default_factory=_default_requests, description="What the scheduler sets aside for the pod."
    )
    limits: ResourceList = Field(default_factory=ResourceList, description="What the pod may use at most.")


class Toleration(ApiModel):
    """A taint that the pods tolerate, as in a pod's spec."""

    key: Annotated[str, Field(max_length=316)] | None = Field(None, description="Key of the taint; without it, all.")
    operator: Literal["Exists", "Equal"] = Field(
        "Equal", description="Equal compares the value; Exists does not look at it."
    )
    value: Annotated[str, Field(max_length=63)] | None = Field(None, description="Value of the taint.")
    effect: Literal["NoSchedule", "PreferNoSchedule", "NoExecute"] | None = Field(
        None, description="Effect of the taint; without it, all."
    )


class PodTemplate(ApiModel):
    """Where the cells' pods may run."""

    node_selector: Annotated[dict[str, Annotated[str, Field(max_length=63)]], Field(max_length=32)] = Field(
        default_factory=dict, description="Labels that a node must have to run a cell."
    )
    tolerations: Annotated[list[Toleration], Field(max_length=32)] = Field(
        default_factory=list, description="Taints of nodes that cells tolerate."
    )


class Execution(ApiModel):
    """How the cells are run. Nothing here but threads changes a score."""

    parallelism: Annotated[Int, Field(ge=1, le=10000)] = Field(
        20, description="How many cells run at the same time, at most."
    )
    threads: Annotated[Int, Field(ge=1, le=256)] = Field(
        1,
        description="Threads of each cell, handed on to OpenMP and BLAS. Other numbers than 1 can change the last "
        "bits of a score.",
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
    resources: Resources = Field(default_factory=Resources, description="Compute resources of each pod.")
    template: PodTemplate = Field(default_factory=PodTemplate, description="Where the cells' pods may run.")


class Output(ApiModel):
    """Where results go."""

    uri: FolderUri = Field(
        description="Folder of this job's results, ending in a slash: s3://bucket/folder/. With `gridfold run` also "
        "file:FOLDER/."
    )
    cache_uri: FolderUri | None = Field(
        None,
        description="Folder of prepared data and results of cells. Jobs that name the same one share work; whoever can "
        "write there can change their results. Default: cache/ below uri.",
    )


class TrainingJobSpec(ApiModel):
    """What is to be trained, tuned and tested."""

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
    execution: Execution = Field(
        default_factory=Execution, description="How the cells are run: parallelism, threads, resources."
    )
    output: Output = Field(description="Where results and cached work go.")

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


class TrainingJob(ApiModel):
    """One search for the best parameters of an estimator on one data set, judged by cross-validation."""

    api_version: Literal["gridfold.dev/v1alpha1"]
    kind: Literal["TrainingJob"]
    metadata: Metadata
    spec: TrainingJobSpec
    status: TrainingJobStatus = Field(default_factory=TrainingJobStatus)
