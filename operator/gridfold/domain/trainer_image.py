"""One trainer image a run: every stage runs the image that prepared the data, whatever the platform's is by then.

So a platform's upgrade changes nothing for runs that are on their way. A change of `spec.retry` lets a run go over to
the platform's image, and one of `spec.execution.trainer` to another of its images: the data is prepared anew; results
of the same versions are found, all others are computed again.
"""

from gridfold.api.v1alpha1 import TrainingJobSpec
from gridfold.api.validation import Problem
from gridfold.domain.observed import ObservedJob, SingleStage, Wave
from gridfold.domain.plan import Action, Delete
from gridfold.domain.run import Run
from gridfold.domain.tenancy.rules import check_trainer


def change_over(run: Run) -> tuple[Action, ...] | None:
    """Return what ends all that runs on another image than the platform's, once its owner wants that; else None."""
    prepared, trainer = run.status.prepared, run.spec.execution.trainer
    if prepared is None or (prepared.retry, prepared.trainer) == (run.spec.retry, trainer):
        return None
    if run.job.image == prepared.image or not prepared.image:
        run.status.note_asked(run.spec.retry, trainer)
        return None
    changed = "spec.retry" if prepared.trainer == trainer else "spec.execution.trainer"
    run.status.prepare_anew(
        f"{changed} has changed: the run goes over from the trainer image {prepared.image} to the platform's "
        f"{run.job.image}. Its data is prepared again; results of the same versions are found, others computed anew."
    )
    children: tuple[SingleStage | Wave, ...] = (*run.children.prepares, *run.children.refits, *run.children.waves)
    return tuple(Delete(child.name, child.uid) for child in children)


def unknown_name(job: ObservedJob, spec: TrainingJobSpec) -> tuple[Problem, ...]:
    """Return that the platform has no image of this name, where the run does not have it already."""
    name, prepared = spec.execution.trainer, job.status.prepared
    keeps = job.accepted and prepared is not None and prepared.image and prepared.trainer == name
    return () if not job.trainers or keeps else check_trainer(spec, job.trainers)
