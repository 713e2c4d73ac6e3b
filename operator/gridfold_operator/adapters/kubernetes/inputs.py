"""What earlier waves were told, read again: their ConfigMaps never change, so each is read once."""

from collections import OrderedDict

from pydantic import ValidationError

from gridfold.api.handoff import JOB_FILE, StageInput
from gridfold.api.v1alpha1 import TrainingJobSpec
from gridfold_operator.adapters.kubernetes import paths
from gridfold_operator.adapters.kubernetes.client import KubernetesClient
from gridfold_operator.errors import ApiNotFoundError

KEPT = 32  #: specs in memory; a job seldom has more than one earlier wave, and not for long


class Inputs:
    """Specs by ConfigMap."""

    def __init__(self) -> None:
        self._specs: OrderedDict[tuple[str, str], TrainingJobSpec | None] = OrderedDict()

    async def spec_of(self, client: KubernetesClient, namespace: str, name: str) -> TrainingJobSpec | None:
        """Return the spec of an input, None where it is gone or another version has written it."""
        key = namespace, name
        if key not in self._specs:
            self._specs[key] = await _read(client, namespace, name)
            if len(self._specs) > KEPT:
                self._specs.popitem(last=False)
        return self._specs[key]


async def _read(client: KubernetesClient, namespace: str, name: str) -> TrainingJobSpec | None:
    try:
        found = await client.get(paths.config_map(namespace, name))
        return StageInput.model_validate_json(found["data"][JOB_FILE]).spec
    except (ApiNotFoundError, ValidationError, KeyError):
        return None
