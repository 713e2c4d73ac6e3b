"""Types and reasons of conditions. The same words are the reasons of Events and errors."""

from enum import StrEnum


class ConditionType(StrEnum):
    """What a condition observes."""

    ACCEPTED = "Accepted"
    DATASET_READY = "DatasetReady"
    CAPACITY_READY = "CapacityReady"
    RUNNING = "Running"
    SUSPENDED = "Suspended"
    TARGETS_MET = "TargetsMet"
    COMPLETE = "Complete"
    FAILED = "Failed"
    STALLED = "Stalled"
    RECONCILING = "Reconciling"


class Reason(StrEnum):
    """Why a condition is as it is."""

    # the spec
    VALID = "Valid"
    INVALID_SPEC = "InvalidSpec"
    TOO_MANY_CELLS = "TooManyCells"
    NOT_ALLOWED = "NotAllowed"
    # prepare
    PREPARING = "Preparing"
    PREPARED = "Prepared"
    PREPARE_FAILED = "PrepareFailed"
    PREPARED_CORRUPT = "PreparedCorrupt"
    SOURCE_CHANGED = "SourceChanged"
    # object storage
    STORAGE_UNAVAILABLE = "StorageUnavailable"
    HOST_UNKNOWN = "HostUnknown"
    # the search
    SEARCHING = "Searching"
    SEARCHED = "Searched"
    TOO_MANY_FAILED_CELLS = "TooManyFailedCells"
    NO_CELL_SUCCEEDED = "NoCellSucceeded"
    # pods
    PODS_SCHEDULED = "PodsScheduled"
    UNSCHEDULABLE = "Unschedulable"
    PODS_WAITING = "PodsWaiting"
    RUN_ENDED = "RunEnded"
    # nodes for this job alone
    NODES_REQUESTED = "NodesRequested"
    NODES_LATE = "NodesLate"
    NODE_LIMIT = "NodeLimit"
    NODE_HOURS_USED = "NodeHoursUsed"
    NODES_UNUSED = "NodesUnused"
    POD_DOES_NOT_FIT = "PodDoesNotFit"
    PROVIDER_OFF = "ProviderOff"
    PROVIDER_UNKNOWN = "ProviderUnknown"
    PROVIDER_MISSING = "ProviderMissing"
    PROVIDER_FORBIDDEN = "ProviderForbidden"
    PROVIDER_FAILED = "ProviderFailed"
    # a queue of Kueue, or somebody else who suspends Jobs
    QUEUED = "Queued"
    INADMISSIBLE = "Inadmissible"
    PREEMPTED = "Preempted"
    EVICTED = "Evicted"
    JOB_SUSPENDED = "JobSuspended"
    # steering
    SUSPENDED = "Suspended"
    RESUMED = "Resumed"
    RETRYING = "Retrying"
    TRAINER_IMAGE_CHANGED = "TrainerImageChanged"
    DEADLINE_EXCEEDED = "DeadlineExceeded"
    # refit and the end
    REFITTING = "Refitting"
    REFIT_FAILED = "RefitFailed"
    RESULTS_MISSING = "ResultsMissing"
    COMPLETED = "Completed"
    COMPLETED_WITH_FAILURES = "CompletedWithFailures"
    TARGETS_MET = "TargetsMet"
    TARGETS_MISSED = "TargetsMissed"
    INTERNAL_ERROR = "InternalError"
