"""Labels and annotations of what Gridfold creates."""

#: On every child and pod: name of the TrainingJob (truncated with a digest where it is longer than a label may be).
JOB = "gridfold.dev/training-job"
#: On every child and pod: digest of the run that it belongs to.
RUN = "gridfold.dev/run"
#: On every child and pod: prepare, cell or refit.
STAGE = "gridfold.dev/stage"
#: On waves: the wave's number.
WAVE = "gridfold.dev/wave"
#: Annotation of every Job: name of the ConfigMap with its input; "" where its pod carries it.
INPUT = "gridfold.dev/input"
#: Annotation of the pod of prepare or refit: its input.
JOB_FILE = "gridfold.dev/job.json"
#: Annotation of every Job: digest of its pods' spec, which tells whether it would be made otherwise now.
TEMPLATE = "gridfold.dev/template"
#: Annotation of waves: their cells as ranges, grouped where a pod has several.
CELLS = "gridfold.dev/cells"
#: Annotation of every Job: memory of its pods.
MEMORY = "gridfold.dev/memory"
#: On every Job of a run in a queue: name of the LocalQueue of Kueue.
QUEUE = "kueue.x-k8s.io/queue-name"
#: Annotation of waves in a queue: with how few pods Kueue may admit them; then it lowers their parallelism.
QUEUE_MIN_PARALLELISM = "kueue.x-k8s.io/job-min-parallelism"
#: Annotation of waves in a queue: the same as the spec says it, whatever the wave's parallelism is.
MIN_PARALLELISM = "gridfold.dev/min-parallelism"
#: Finalizer of a wave that is drained: its Job is being deleted, so it makes no pods, and stays for those that run.
DRAINING = "gridfold.dev/draining"
#: On nodes that a job has for itself, as their label and taint, and on the records of them: digest of the job.
CAPACITY = "gridfold.dev/capacity"
#: On what an operator makes outside of namespaces: its own namespace.
SYSTEM = "gridfold.dev/system"
#: Annotation of such a record, a Lease: what is held, as a JSON document.
CAPACITY_RECORD = "gridfold.dev/capacity-record"
#: Begins the annotation of a group of machines that tells how many of its replicas are whose; the job's digest follows.
CAPACITY_SHARE = "capacity.gridfold.dev/"
#: Finalizer of a TrainingJob for which something is held.
CAPACITY_FINALIZER = "gridfold.dev/capacity"
#: On every child: so that the operator watches only what is its own.
MANAGED_BY = "app.kubernetes.io/managed-by"
MANAGED_BY_VALUE = "gridfold"
