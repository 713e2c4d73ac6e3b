"""What a finished run is made of: the objects in the cache by which it is shown, replayed and run again."""

import re
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from gridfold.api.handoff import PreparedRun, StageInput
from gridfold.api.inspection import ResultsReport
from gridfold.api.learning import WHOLE
from gridfold.api.status import Resolved
from gridfold.api.v1alpha1 import TrainingJobSpec
from gridfold.domain.grid import Grid
from gridfold.domain.keys import CellKeys, run_folder
from gridfold_trainer.after_prepare import prepared_run
from gridfold_trainer.learning import environment, sampling
from gridfold_trainer.outcome.current_run import NoResultsError
from gridfold_trainer.outcome.curve_points import part_key

#: The end of the URI of a run's folder.
RUN = re.compile(r"runs/\d+-[0-9a-f]{8}/")


@dataclass(frozen=True)
class Reach:
    """Objects of a cache by what they are named by."""

    cells: frozenset[str] = frozenset()  #: keys
    curves: frozenset[str] = frozenset()  #: keys
    prepared: frozenset[str] = frozenset()  #: digests

    def __or__(self, other: "Reach") -> "Reach":
        return Reach(self.cells | other.cells, self.curves | other.curves, self.prepared | other.prepared)


def as_it_was(job: StageInput, found: ResultsReport) -> StageInput:
    """Return a job as the cells of its run knew it; only where its storage is, is said by the job of today.

    Raises:
        NoResultsError: the run is of a version that kept less, or other than this one.
    """
    status = found.status
    try:
        places = {"storage": job.spec.storage.document(), "output": job.spec.output.document()}
        spec = TrainingJobSpec.model_validate({**status["spec"], **places})
        prepared = PreparedRun(
            digest=status["dataset"]["digest"],
            environment=environment.digest_of_versions(status["versions"]),
            resolved=Resolved.model_validate(status["resolved"]),
            split_digest=status["dataset"]["splitDigest"],
        )
    except (KeyError, TypeError, ValidationError) as error:
        raise NoResultsError(
            f"{found.run}status.json is of a Gridfold that kept less, or is not known here ({type(error).__name__}: "
            f"{str(error).splitlines()[0]}); run the job again, or replay it with the version that has run it."
        ) from error
    return job.model_copy(update={"spec": spec, "prepared": prepared})


def reach_of(job: StageInput, found: ResultsReport) -> Reach:
    """Return what a run is made of. Its folder, which is named by all keys, proves that they are the right ones.

    Raises:
        NoResultsError: it cannot be told here.
    """
    then = as_it_was(job, found)
    keys, grid = CellKeys(then.spec, prepared_run(then)), Grid.of(then.spec.search.grid)
    cells = [keys.key(grid[number]) for number in sampling.draw(then.spec.search)]
    made: dict[str, Any] = {"uid": None, "generation": None} | (found.status.get("job") or {})
    if not found.run.endswith(run_folder("", made["uid"], made["generation"], cells)):
        raise NoResultsError(f"{found.run}status.json was written by a Gridfold that names cells in another way.")
    best, curve = found.status.get("best") or {}, then.spec.learning_curve
    fractions = [fraction for fraction in curve.fractions if fraction < WHOLE] if curve and best else []
    return Reach(
        frozenset([*cells, keys.key({})]),  # the estimator's defaults may stand beside the winner
        frozenset(part_key(best["key"], fraction) for fraction in fractions),
        frozenset([prepared_run(then).digest.removeprefix("sha256:")]),
    )
