"""One trainer image a run: every stage runs the image that prepared the data, whatever the platform's is by then.

So a platform's upgrade changes nothing for runs that are on their way. A change of `spec.retry` lets a run go over to
the platform's image: the data is prepared anew; results of the same versions are found, all others are computed again.
"""

from gridfold.domain.plan import Action, Delete
from gridfold.domain.run import Run


def change_over(run: Run) -> tuple[Action, ...] | None:
    """Return what ends all that runs on another image than the platform's, once its owner wants that; else None."""
    prepared = run.status.prepared
    if prepared is None or prepared.retry == run.spec.retry:
        return None
    if run.job.image == prepared.image or not prepared.image:
        run.status.note_retry(run.spec.retry)
        return None
    run.status.prepare_anew(
        f"spec.retry has changed: the run goes over from the trainer image {prepared.image} to the platform's "
        f"{run.job.image}. Its data is prepared again; results of the same versions are found, others computed anew."
    )
    stages = (stage.name for stage in (*run.children.prepares, *run.children.refits))
    return tuple(Delete(name) for name in (*stages, *(wave.name for wave in run.children.waves)))
