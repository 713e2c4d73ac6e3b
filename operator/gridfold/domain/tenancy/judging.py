"""Whether a platform accepts a document, for whoever has its settings and no cluster. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gridfold.api.validation import InvalidTrainingJobError, Problem
from gridfold.domain.one_machine import on_one_machine
from gridfold.domain.tenancy.defaults import parse_filled
from gridfold.domain.tenancy.rules import check, check_trainer
from gridfold.domain.tenancy.settings import Limit, TenancySettings


@dataclass(frozen=True)
class PlatformRules:
    """What of the operator's settings decides whether a spec is accepted."""

    tenancy: TenancySettings
    trainers: Sequence[str]  #: names of the trainer's images
    estimator_prefixes: Sequence[str]  #: packages beside scikit-learn that they have
    endpoints: Sequence[str]  #: that all may connect to, where tenancy says nothing else

    def judge(
        self, document: Mapping[str, Any], namespace: str, labels: Mapping[str, str]
    ) -> tuple[tuple[Problem, ...], dict[str, Any]]:
        """Return what keeps a document from being accepted in a namespace, and what is filled in of `spec.execution`.

        The problems are those that the operator tells of a new spec. One that is suspended is judged, too: it is when
        it goes on.
        """
        defaults = self.tenancy.defaults_of(namespace, labels)
        try:
            job, filled = parse_filled(document, defaults, self.estimator_prefixes)
        except InvalidTrainingJobError as error:
            return error.problems, {}
        endpoints, setting = self.tenancy.endpoints_of(namespace, labels, self.endpoints)
        limits = {**self.tenancy.limits_of(namespace, labels), "allowed_endpoints": Limit(endpoints, setting)}
        limited = check(job.spec, namespace, limits)
        return (*on_one_machine(job.spec), *check_trainer(job.spec, self.trainers), *limited), filled
