"""All kinds of providers."""

from functools import partial

from gridfold.engine.ports import Clock
from gridfold_operator.adapters.kubernetes.capacity.aws.cloud import BotoCloud
from gridfold_operator.adapters.kubernetes.capacity.aws.driver import AwsDriver
from gridfold_operator.adapters.kubernetes.capacity.hand_back import Drivers
from gridfold_operator.adapters.kubernetes.capacity.karpenter import KarpenterDriver
from gridfold_operator.adapters.kubernetes.capacity.scale import ScaleDriver
from gridfold_operator.adapters.kubernetes.client import KubernetesClient
from gridfold_operator.capacity_settings import AwsSettings, CapacitySettings, ScaleSettings
from gridfold_operator.term import Gate, let_pass

#: Before AWS takes back by itself what nobody looks after, the reaper has had its chance.
LEAST_SECONDS = 3600


def build_drivers(client: KubernetesClient, settings: CapacitySettings, clock: Clock, gate: Gate = let_pass) -> Drivers:
    """Return what each kind of provider does, for the providers that are configured.

    Clouds ask the gate before each change; for what is changed at the API server, the client does.
    """
    providers = settings.providers
    groups = tuple(provider for provider in providers if isinstance(provider, ScaleSettings))
    machines = tuple(provider for provider in providers if isinstance(provider, AwsSettings))
    return {
        "Karpenter": KarpenterDriver(
            client, clock, configured=any(provider.kind == "Karpenter" for provider in providers)
        ),
        "AWS": AwsDriver(
            client, machines, clock, max(LEAST_SECONDS, 3 * settings.lease_seconds), partial(BotoCloud, gate=gate)
        ),
        "Scale": ScaleDriver(client, groups),
    }
