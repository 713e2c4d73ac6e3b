"""A TrainingJob of the cluster as the trainer on this machine is asked about it."""

import os
from collections.abc import Mapping
from typing import Any

from gridfold.api.estimator_names import parse_prefixes
from gridfold.api.handoff import ESTIMATOR_PREFIXES_VARIABLE, PreparedRun, StageInput
from gridfold.api.status import Resolved, TrainingJobStatus
from gridfold.api.v1alpha1 import TrainingJob
from gridfold.api.validation import InvalidTrainingJobError, parse_training_job
from gridfold_cli.errors import CommandError

#: Said where this machine has to read the job's storage.
READING = (
    "This machine has to reach the job's storage for that, with the keys in AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
)


def job_of(document: Mapping[str, Any]) -> TrainingJob:
    """Return the job of a document that the API server has stored.

    Raises:
        CommandError: it is of another version.
    """
    plain = {name: value for name, value in document.items() if name != "status"}
    prefixes = parse_prefixes(os.environ.get(ESTIMATOR_PREFIXES_VARIABLE, ""))
    try:
        return parse_training_job(plain, prefixes)
    except InvalidTrainingJobError as error:
        raise CommandError(
            f"the TrainingJob {document['metadata']['name']} is not one that this version of gridfold knows "
            f"({error.problems[0]}): install the version that the cluster has"
        ) from error


def stage_input(document: Mapping[str, Any], status: TrainingJobStatus) -> StageInput:
    """Return what the pods of a job's current run are told, as far as prepare has come."""
    job, metadata = job_of(document), document["metadata"]
    prepared = None
    if status.prepared and status.dataset:
        prepared = PreparedRun(
            digest=status.dataset.digest,
            environment=status.prepared.environment,
            resolved=status.resolved or Resolved(),
            split_digest=status.dataset.split_digest,
        )
    return StageInput(
        namespace=metadata["namespace"],
        name=metadata["name"],
        uid=metadata["uid"],
        generation=metadata["generation"],
        run_digest=status.run_digest or "",
        spec=job.spec,
        prepared=prepared,
    )
