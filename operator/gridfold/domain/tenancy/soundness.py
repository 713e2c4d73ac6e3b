"""Whether the platform's defaults fit the platform's limits: else every spec that leaves them open would be refused."""

from collections.abc import Collection, Iterator

from gridfold.api.validation import InvalidTrainingJobError, Problem
from gridfold.domain.tenancy.defaults import parse_filled
from gridfold.domain.tenancy.rules import check
from gridfold.domain.tenancy.settings import TenancySettings

#: A spec that leaves all of `spec.execution` open.
_OPEN = {
    "apiVersion": "gridfold.dev/v1alpha1",
    "kind": "TrainingJob",
    "metadata": {"name": "open", "namespace": "open"},
    "spec": {
        "dataset": {"sources": [{"uri": "s3://bucket/data.csv"}], "target": "target"},
        "estimator": {"className": "sklearn.linear_model.LogisticRegression"},
        "search": {"grid": [{}]},
        "scoring": {"metrics": ["accuracy"]},
        "output": {"uri": "s3://bucket/output/"},
    },
}


def unfit_defaults(tenancy: TenancySettings, trainers: Collection[str]) -> Iterator[str]:
    """Yield what is wrong with the defaults of each place, as a sentence; `trainers` are the names of all images."""
    for path, namespace, labels in tenancy.examples():
        defaults = tenancy.defaults_of(namespace, labels)
        if not defaults:
            continue
        try:
            job, _ = parse_filled(_OPEN, defaults, ())
            problems = check(job.spec, namespace, tenancy.limits_of(namespace, labels))
        except InvalidTrainingJobError as error:
            problems = error.problems[:-1]  # the last one tells that they come from here
        # Of what has no default a value is asked of the spec, not of the platform.
        yield from (
            f"tenancy.{path}: of what counts there, the default {problem.path} is {problem.value}: "
            f"{_rule_alone(problem)}"
            for problem in problems
            if problem.value and problem.path.startswith("spec.execution.")
        )
        trainer = defaults.get("trainer")
        if trainer is not None and trainer not in trainers:
            yield f"tenancy.{path}: the default trainer {trainer} is not among trainer.images ({', '.join(trainers)})"


def _rule_alone(problem: Problem) -> str:
    """Return what is allowed, without the advice, which is for who writes a spec."""
    return problem.rule.partition(". ")[0]
