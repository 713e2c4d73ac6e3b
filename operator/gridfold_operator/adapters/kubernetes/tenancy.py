"""What of the platform's settings counts for a job: those of now, or of when its spec was accepted."""

from dataclasses import dataclass, field, replace

from gridfold.api.status import SettingsStatus
from gridfold.domain.endpoints import PUBLIC
from gridfold.domain.observed import ObservedJob
from gridfold.domain.tenancy.settings import Limit, TenancySettings
from gridfold_operator.adapters.kubernetes import paths
from gridfold_operator.adapters.kubernetes.client import KubernetesClient
from gridfold_operator.settings import TrainerSettings


@dataclass(frozen=True)
class Tenancy:
    """The settings of all namespaces."""

    client: KubernetesClient
    trainer: TrainerSettings
    settings: TenancySettings = field(default_factory=TenancySettings)

    async def look(self, job: ObservedJob) -> ObservedJob:
        """Return the job with the settings that count for its spec, and its limits where that is yet to be judged.

        Of a spec that was accepted they are those of then: no change of them ends a job. An operator that did not
        keep them had no defaults, and let pods connect to the internet whatever endpoints were named.
        """
        kept = job.status.settings
        if job.accepted and kept is not None:
            return replace(job, settings=kept)
        namespace = job.metadata.namespace
        carried = await self._labels_of(namespace)
        endpoints, setting = self.settings.endpoints_of(namespace, carried, self.trainer.allowed_endpoints)
        settings = SettingsStatus(
            execution={} if job.accepted else self.settings.defaults_of(namespace, carried),
            allowed_endpoints=list(endpoints),
            only_allowed_endpoints=not job.accepted,
            estimator_prefixes=list(self.trainer.estimator_prefixes),
        )
        limited = {**self.settings.limits_of(namespace, carried), "allowed_endpoints": Limit(endpoints, setting)}
        return replace(job, settings=settings, limits={} if job.accepted else limited)

    def trainer_of(self, job: ObservedJob, image: str) -> TrainerSettings:
        """Return how the pods of a job are made, with its own image where it has one."""
        changed: dict[str, object] = {"image": image} if image else {}
        if job.settings is not None:
            beside = () if job.settings.only_allowed_endpoints else (PUBLIC,)
            changed["allowed_endpoints"] = tuple(dict.fromkeys((*job.settings.allowed_endpoints, *beside)))
            changed["estimator_prefixes"] = tuple(job.settings.estimator_prefixes)
        return self.trainer.model_copy(update=changed)

    async def _labels_of(self, namespace: str) -> dict[str, str]:
        """Return the labels of a namespace; they are read only where one counts."""
        if not self.settings.selectors:
            return {}
        found = await self.client.get(paths.namespace(namespace))
        labels: dict[str, str] = found["metadata"].get("labels") or {}
        return labels
