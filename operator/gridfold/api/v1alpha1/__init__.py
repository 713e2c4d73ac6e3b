"""The TrainingJob resource, version v1alpha1: the one source of the CRD, of validation and of `kubectl explain`.

A file for each part of the spec. Every field has a description and a bound. A field is here only once it works.
"""

from gridfold.api.v1alpha1.capacity import NONE, CapacitySettings
from gridfold.api.v1alpha1.cleaning import Cleaning
from gridfold.api.v1alpha1.cross_validation import CrossValidation, CrossValidationMethod
from gridfold.api.v1alpha1.csv_form import Csv, Encoding, RepeatedHeader, UnnamedColumns
from gridfold.api.v1alpha1.dataset import ColumnType, DataFormat, Dataset, DatePart
from gridfold.api.v1alpha1.estimator import Estimator, FreeMap
from gridfold.api.v1alpha1.execution import MOST_PARALLEL_FOLDS, Execution
from gridfold.api.v1alpha1.fields import (
    CLASS_PATTERN,
    DEFAULT_TRAINER,
    ENDPOINT_PATTERN,
    FOLDER_PATTERN,
    PATTERN_WORDS,
    URI_PATTERN,
    Bool,
    ColumnName,
    Decimal,
    FolderUri,
    Int,
    ObjectName,
    Percent,
    Quantity,
    Seed,
    ShortText,
    Uri,
)
from gridfold.api.v1alpha1.learning_curve import LearningCurve
from gridfold.api.v1alpha1.metrics import (
    AVERAGED,
    DEFAULT_CLASSIFICATION_METRICS,
    DEFAULT_REGRESSION_METRICS,
    METRICS,
    PROBABILITY,
    RANKING,
    TOP_K,
    TWO_CLASSES,
    ClassificationMetric,
    Metric,
    RegressionMetric,
)
from gridfold.api.v1alpha1.number_format import Negative, NumberFormat
from gridfold.api.v1alpha1.out_of_memory import OutOfMemory
from gridfold.api.v1alpha1.output import Output
from gridfold.api.v1alpha1.packing import Packing, PackingMode
from gridfold.api.v1alpha1.pod_template import PodTemplate, Toleration
from gridfold.api.v1alpha1.preprocessing import (
    CategoricalImputation,
    CategoricalPreprocessing,
    Encode,
    NumericImputation,
    NumericPreprocessing,
    Preprocessing,
    Scale,
)
from gridfold.api.v1alpha1.resource import API_VERSION, GROUP, KIND, PLURAL, VERSION
from gridfold.api.v1alpha1.resources import Resources
from gridfold.api.v1alpha1.scoring import Average, Scoring
from gridfold.api.v1alpha1.search import Axis, Search, SearchAlgorithm
from gridfold.api.v1alpha1.select import Prefer, Select, SimplestParameter
from gridfold.api.v1alpha1.source import Source
from gridfold.api.v1alpha1.split import Split, SplitMethod
from gridfold.api.v1alpha1.stage_settings import StageSettings
from gridfold.api.v1alpha1.storage import AddressingStyle, Storage
from gridfold.api.v1alpha1.training_job import Metadata, TrainingJob, TrainingJobSpec

__all__ = [
    "API_VERSION",
    "AVERAGED",
    "CLASS_PATTERN",
    "DEFAULT_CLASSIFICATION_METRICS",
    "DEFAULT_REGRESSION_METRICS",
    "DEFAULT_TRAINER",
    "ENDPOINT_PATTERN",
    "FOLDER_PATTERN",
    "GROUP",
    "KIND",
    "METRICS",
    "MOST_PARALLEL_FOLDS",
    "NONE",
    "PATTERN_WORDS",
    "PLURAL",
    "PROBABILITY",
    "RANKING",
    "TOP_K",
    "TWO_CLASSES",
    "URI_PATTERN",
    "VERSION",
    "AddressingStyle",
    "Average",
    "Axis",
    "Bool",
    "CapacitySettings",
    "CategoricalImputation",
    "CategoricalPreprocessing",
    "ClassificationMetric",
    "Cleaning",
    "ColumnName",
    "ColumnType",
    "CrossValidation",
    "CrossValidationMethod",
    "Csv",
    "DataFormat",
    "Dataset",
    "DatePart",
    "Decimal",
    "Encode",
    "Encoding",
    "Estimator",
    "Execution",
    "FolderUri",
    "FreeMap",
    "Int",
    "LearningCurve",
    "Metadata",
    "Metric",
    "Negative",
    "NumberFormat",
    "NumericImputation",
    "NumericPreprocessing",
    "ObjectName",
    "OutOfMemory",
    "Output",
    "Packing",
    "PackingMode",
    "Percent",
    "PodTemplate",
    "Prefer",
    "Preprocessing",
    "Quantity",
    "RegressionMetric",
    "RepeatedHeader",
    "Resources",
    "Scale",
    "Scoring",
    "Search",
    "SearchAlgorithm",
    "Seed",
    "Select",
    "ShortText",
    "SimplestParameter",
    "Source",
    "Split",
    "SplitMethod",
    "StageSettings",
    "Storage",
    "Toleration",
    "TrainingJob",
    "TrainingJobSpec",
    "UnnamedColumns",
    "Uri",
]
