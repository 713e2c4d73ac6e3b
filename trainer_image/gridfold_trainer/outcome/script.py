"""The job as a plain scikit-learn script with the same numbers: what `gridfold export` prints, and the report shows."""

import logging

from gridfold.api.handoff import StageInput
from gridfold.api.inspection import EstimatorReport, RefusedCells
from gridfold.api.v1alpha1 import TrainingJobSpec
from gridfold.domain.grid import format_ranges
from gridfold.domain.versions import shareable_document
from gridfold_export import NoScriptError, export_script
from gridfold_trainer import preflight
from gridfold_trainer.learning import boosters, estimators
from gridfold_trainer.learning.label_parameters import label_parameters

#: A longer one, of a grid with thousands of values, is for `gridfold export` alone.
_CHARACTERS = 65_536
_log = logging.getLogger(__name__)


def script_of(job: StageInput) -> str:
    """Return the script of a job, without what is a secret in its spec; empty where there is none to show."""
    try:
        spec = TrainingJobSpec.model_validate(shareable_document(job.spec))
        script = export_script(job.name, spec, describe(spec))
    except NoScriptError:
        return ""
    except Exception:  # a run is not lost for a script, whatever is wrong with that
        _log.exception("the job cannot be written as a script; report.html goes without")
        return ""
    return script if len(script) <= _CHARACTERS else ""


def describe(spec: TrainingJobSpec) -> EstimatorReport:
    """Return what a script must know of the estimator, whose parameters are known to be right."""
    cls = estimators.load_class(spec.estimator.class_name)
    return EstimatorReport(
        classifier=estimators.is_classifier(cls),
        takes_random_state=estimators.takes_random_state(cls),
        label_parameters={name: list(words) for name, words in label_parameters(cls).items()},
        fixed=boosters.fixed_values(cls, spec.execution.threads),
        refused=[
            RefusedCells(cells=format_ranges(cells), message=message)
            for message, cells in preflight.refused_by_itself(spec, cls).items()
        ],
    )
