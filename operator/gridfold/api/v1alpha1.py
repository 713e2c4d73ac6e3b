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
URI_PATTERN = r"^(s3://[^/?*\[]+/.*|https://[^/?#@]+/.*|file:.+)$"
FOLDER_PATTERN = r"^(s3://[^/]+/(.*/)?|file:.+/)$"
ENDPOINT_PATTERN = r"^https?://[^/?#]+/?$"
CLASS_PATTERN = r"^[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)+$"
#: What people are told where a text does not match.
PATTERN_WORDS = {
    URI_PATTERN: "must be s3://bucket/key, https://host/path or, on a laptop, file:PATH",
    FOLDER_PATTERN: "must be a folder and end in a slash: s3://bucket/folder/ or, on a laptop, file:FOLDER/",
    ENDPOINT_PATTERN: "must be the address of a server: http://HOST:PORT or https://HOST",
    CLASS_PATTERN: "must be the full name of a class, such as sklearn.svm.SVC",
}
Uri = Annotated[str, Field(min_length=1, max_length=1024, pattern=URI_PATTERN)]
FolderUri = Annotated[str, Field(min_length=1, max_length=1024, pattern=FOLDER_PATTERN)]


class AddressingStyle(StrEnum):
    """How a bucket is addressed."""

    AUTO = "Auto"
    PATH = "Path"
    VIRTUAL = "Virtual"


class DataFormat(StrEnum):
    """The format of the sources."""

    CSV = "CSV"
    PARQUET = "Parquet"
    JSON_LINES = "JSONLines"


class Encoding(StrEnum):
    """How the text of a CSV file is encoded."""

    UTF_8 = "UTF8"
    LATIN_1 = "Latin1"


class ColumnType(StrEnum):
    """The type of a column."""

    NUMERIC = "Numeric"
    CATEGORICAL = "Categorical"


class SplitMethod(StrEnum):
    """How rows are divided into training, validation and test part."""

    AUTO = "Auto"
    STRATIFIED = "Stratified"
    RANDOM = "Random"
    GROUPED = "Grouped"
    TIME_ORDERED = "TimeOrdered"


class CrossValidationMethod(StrEnum):
    """How the training part is divided into folds."""

    AUTO = "Auto"
    K_FOLD = "KFold"
    STRATIFIED = "Stratified"
    GROUPED = "Grouped"
    STRATIFIED_GROUPED = "StratifiedGrouped"
    TIME_SERIES = "TimeSeries"


class SearchAlgorithm(StrEnum):
    """Which cells of the grid are tried."""

    GRID = "Grid"
    RANDOM = "Random"


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

    endpoint: Annotated[str, Field(max_length=1024, pattern=ENDPOINT_PATTERN)] | None = Field(
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
        "trainer's pods; the operator never reads them. Without it, and with `gridfold run`, the SDK looks for "
        "credentials where it always does: the pod's identity, the environment.",
    )
    ca_bundle_config_map_name: ObjectName | None = Field(
        None,
        description="Name of a ConfigMap in the same namespace whose key ca.crt holds, as PEM, the certificates of "
        "the authorities that signed the server's certificate, where they are not public ones.",
    )


class Source(ApiModel):
    """One or more objects to read rows from."""

    uri: Uri = Field(
        description="Where the rows are: s3://bucket/key, all objects below s3://bucket/prefix/, all that match "
        "s3://bucket/glob*.csv (in byte order of their keys; * stays within a folder, ** does not), or "
        "https://host/path. With `gridfold run` on a laptop also file:PATH, relative to the folder of the YAML file."
    )
    sha256: Annotated[str, Field(max_length=64, pattern=r"^[0-9a-f]{64}$")] | None = Field(
        None,
        description="SHA-256 of the object, in hexadecimal. If it is given and the object has another one, "
        "the job fails before any cell runs. Of a prefix or glob it is the SHA-256 of a list with one line for each "
        "object: KEY TAB SHA256 NEWLINE.",
    )
    storage: Storage | None = Field(
        None,
        description="The object storage of this source, where it is not the one of spec.storage, of which nothing "
        "is taken over then. With https:// only caBundleConfigMapName counts.",
    )


class Csv(ApiModel):
    """How a CSV file is to be read."""

    header: Bool = Field(True, description="Whether the first line holds the names of the columns.")
    column_names: Annotated[list[ColumnName], Field(max_length=10000)] | None = Field(
        None, description="Names of the columns, in order: required where header is false, forbidden where it is true."
    )
    delimiter: Annotated[str, Field(min_length=1, max_length=1, pattern=r"^[\t -!#-~]$")] = Field(
        ",", description="The one ASCII character between two fields. Default: a comma."
    )
    encoding: Encoding = Field(Encoding.UTF_8, description="How the text is encoded.")
    quote_character: Annotated[str, Field(min_length=1, max_length=1, pattern=r"^[!-/:-@\[-`{-~]$")] = Field(
        '"',
        description="The character around fields that contain a delimiter, a quote or a line break. "
        "Default: the double quote.",
    )
    missing_values: Annotated[list[ShortText], Field(max_length=100)] = Field(
        default_factory=list,
        description='Texts that mean "no value", such as "?", in every column, the target too, and in every format. An '
        "empty field always does; nothing else does unless it is named here, not even NA.",
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
        Rule(
            "quoteCharacter",
            "self.quoteCharacter != self.delimiter",
            "must not be the delimiter",
            lambda csv: csv.quote_character != csv.delimiter,
            lambda csv: csv.quote_character,
        ),
    )


class Dataset(ApiModel):
    """The data: where it is and what its columns mean."""

    sources: Annotated[list[Source], Field(min_length=1, max_length=100)] = Field(
        description="The objects that hold the rows, concatenated in this order. All must have the same columns, in "
        "any order where they are named."
    )
    format: DataFormat | None = Field(
        None,
        description="Format of the sources. Default: what the suffix says (.csv, .parquet, .jsonl, .ndjson; and .gz or "
        ".zst after it for compressed text), CSV where it says nothing.",
    )
    csv: Csv = Field(default_factory=Csv, description="How CSV files are read.")
    target: ColumnName = Field(description="Name of the column to predict.")
    positive_class: ShortText | None = Field(
        None,
        description="The class of a two-class target that precision, recall and F1 are about, as the data writes it. "
        "Default: the one that sorts last.",
    )
    exclude_columns: Annotated[list[ColumnName], Field(max_length=10000)] = Field(
        default_factory=list, description="Columns that the model must not see."
    )
    group_column: ColumnName | None = Field(
        None,
        description="Column that says which rows belong together, such as a patient or a household. Grouped methods "
        "never put rows of one group on two sides. The estimator does not see it.",
    )
    time_column: ColumnName | None = Field(
        None,
        description="Column that orders the rows for method TimeOrdered: numbers, or dates in ISO 8601. The estimator "
        "does not see it.",
    )
    column_types: Annotated[dict[str, ColumnType], Field(max_length=10000)] = Field(
        default_factory=dict,
        description="Types of columns, by name: Numeric or Categorical. A column that is not named here is Numeric if "
        "every value present is a number, and Categorical otherwise.",
    )
    column_missing_values: Annotated[
        dict[str, Annotated[list[ShortText], Field(min_length=1, max_length=20)]], Field(max_length=10000)
    ] = Field(
        default_factory=dict,
        description='Texts that mean "no value" in one column, by its name, beside those of csv.missingValues: a '
        'glucose or a blood pressure of "0" was not measured. In text a value is compared as it is spelled: "0" is not '
        '"0.0". Markers that occur in no row are told.',
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
        description="Stratified keeps the shares of the classes in every part; Random does not look at them; "
        "Grouped keeps rows of one group together (percentages count groups); TimeOrdered takes the latest rows for "
        "test, those before them for validation. Auto: Grouped where dataset.groupColumn is given, TimeOrdered where "
        "dataset.timeColumn is, else Stratified for classification and Random for regression.",
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

    class_name: Annotated[str, Field(min_length=1, max_length=256, pattern=CLASS_PATTERN)] = Field(
        description="Full name of a classifier or regressor of scikit-learn, such as "
        "sklearn.linear_model.LogisticRegression, or of a package that the platform allows."
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
    algorithm: SearchAlgorithm = Field(
        SearchAlgorithm.GRID,
        description="Grid tries all cells of the grid; Random draws some of them, as "
        "scikit-learn's ParameterSampler does.",
    )
    cells: Annotated[Int, Field(ge=1, le=10000)] | None = Field(
        None, description="Random only: how many cells are drawn, without replacement."
    )
    seed: Seed = Field(0, description="Random only: seed of the draw.")
    max_cells: Annotated[Int, Field(ge=1, le=10000)] = Field(
        1000, description="The job is refused if it has more cells than this."
    )
    rules: ClassVar[tuple[Rule, ...]] = (
        Rule(
            "cells",
            "self.algorithm != 'Random' || has(self.cells)",
            "is required where algorithm is Random: it says how many cells are drawn",
            lambda s: s.algorithm is not SearchAlgorithm.RANDOM or s.cells is not None,
            lambda s: s.cells,
        ),
        Rule(
            "cells",
            "self.algorithm == 'Random' || !has(self.cells)",
            "must be left out where algorithm is Grid: all cells of the grid are tried",
            lambda s: s.algorithm is SearchAlgorithm.RANDOM or s.cells is None,
            lambda s: s.cells,
        ),
    )


class CrossValidation(ApiModel):
    """How each cell is judged on the training part."""

    folds: Annotated[Int, Field(ge=2, le=100)] = Field(5, description="Number of folds.")
    method: CrossValidationMethod = Field(
        CrossValidationMethod.AUTO,
        description="Stratified keeps the shares of the classes in every fold; KFold does not look at them; "
        "Grouped and StratifiedGrouped keep rows of one group together; TimeSeries always tests on later rows than it "
        "fits on. Auto follows the split: Stratified, KFold, StratifiedGrouped (Grouped for regression) or TimeSeries.",
    )
    repeats: Annotated[Int, Field(ge=1, le=100)] = Field(
        1, description="How many times the folds are drawn anew; only with KFold and Stratified."
    )
    seed: Seed = Field(0, description="Seed of the folds.")


#: Metrics that are about classes, and those that are about numbers, by scikit-learn's names (greater is better).
ClassificationMetric = Literal[
    "accuracy",
    "balanced_accuracy",
    "precision",
    "recall",
    "f1",
    "roc_auc",
    "average_precision",
    "neg_log_loss",
    "matthews_corrcoef",
]
RegressionMetric = Literal[
    "r2",
    "neg_mean_absolute_error",
    "neg_root_mean_squared_error",
    "neg_mean_absolute_percentage_error",
]
Metric = Literal[ClassificationMetric, RegressionMetric]
DEFAULT_CLASSIFICATION_METRICS: tuple[Metric, ...] = ("accuracy", "precision", "recall", "f1")
DEFAULT_REGRESSION_METRICS: tuple[Metric, ...] = ("r2", "neg_mean_absolute_error", "neg_root_mean_squared_error")


class Scoring(ApiModel):
    """What is measured."""

    objective: Metric | None = Field(
        None,
        description="The metric that decides: the highest mean over the folds wins. Default: f1 for classification, r2 "
        "for regression. Losses have scikit-learn's neg_… names, so greater is always better.",
    )
    metrics: Annotated[list[Metric], Field(min_length=1, max_length=20)] | None = Field(
        None,
        description="The metrics to measure in every fold. Default: accuracy, precision, recall and f1 for "
        "classification; r2, neg_mean_absolute_error and neg_root_mean_squared_error for regression; "
        "and the objective.",
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
            "!has(self.objective) || !has(self.metrics) || self.objective in self.metrics",
            "must be one of metrics",
            lambda s: s.objective is None or s.metrics is None or s.objective in s.metrics,
            lambda s: s.objective,
            "'objective is ' + self.objective + ': must be one of metrics'",
        ),
        Rule(
            "metrics",
            "!has(self.metrics) || self.metrics.all(m, self.metrics.exists_one(other, other == m))",
            "must not name a metric twice",
            lambda s: s.metrics is None or len(set(s.metrics)) == len(s.metrics),
            lambda s: s.metrics,
        ),
        Rule(
            "targets",
            "!has(self.targets) || !has(self.metrics) || self.targets.all(metric, metric in self.metrics)",
            "must name only metrics that are measured",
            lambda s: s.metrics is None or set(s.targets) <= set(s.metrics),
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


def _splits_by_time(spec: "TrainingJobSpec") -> bool:
    by_default = spec.split.method is SplitMethod.AUTO and spec.dataset.time_column is not None
    return spec.split.method is SplitMethod.TIME_ORDERED or by_default


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


class TrainingJob(ApiModel):
    """One search for the best parameters of an estimator on one data set, judged by cross-validation."""

    api_version: Literal["gridfold.dev/v1alpha1"]
    kind: Literal["TrainingJob"]
    metadata: Metadata
    spec: TrainingJobSpec
    status: TrainingJobStatus = Field(default_factory=TrainingJobStatus)
