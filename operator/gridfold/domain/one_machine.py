"""What of a spec lies on one machine alone: `gridfold run` reads and writes it there, and no pod sees it. Pure."""

from gridfold.api.v1alpha1 import TrainingJobSpec
from gridfold.api.validation import Problem, show
from gridfold.domain.tenancy import asked

LOCAL = "file:"


def on_one_machine(spec: TrainingJobSpec) -> tuple[Problem, ...]:
    """Return each source and output of a spec that no pod can reach."""
    places = (*asked.sources(spec), *asked.outputs(spec))
    return tuple(_unseen(path, uri) for path, uri in places if uri.startswith(LOCAL))


def _unseen(path: str, uri: str) -> Problem:
    object_storage = "s3://BUCKET/KEY" if path.startswith("spec.dataset") else "s3://BUCKET/FOLDER/"
    rule = (
        f"a file of one machine, which no pod can see; put it into object storage ({object_storage}), or compute on "
        "that machine: gridfold run JOB.yaml"
    )
    return Problem(path, show(uri), rule)
