"""All kinds of providers."""

from collections.abc import Iterable

from gridfold.engine.ports import Clock
from gridfold_operator.adapters.kubernetes.capacity.aws.driver import AwsDriver
from gridfold_operator.adapters.kubernetes.capacity.hand_back import Drivers
from gridfold_operator.adapters.kubernetes.capacity.karpenter import KarpenterDriver
from gridfold_operator.adapters.kubernetes.capacity.scale import ScaleDriver
from gridfold_operator.adapters.kubernetes.client import KubernetesClient
from gridfold_operator.capacity_settings import AwsSettings, ProviderSettings, ScaleSettings


def build_drivers(client: KubernetesClient, providers: Iterable[ProviderSettings], clock: Clock) -> Drivers:
    """Return what each kind of provider does, for the providers that are configured."""
    providers = tuple(providers)
    groups = tuple(provider for provider in providers if isinstance(provider, ScaleSettings))
    machines = tuple(provider for provider in providers if isinstance(provider, AwsSettings))
    return {
        "Karpenter": KarpenterDriver(
            client, clock, configured=any(provider.kind == "Karpenter" for provider in providers)
        ),
        "AWS": AwsDriver(client, machines, clock),
        "Scale": ScaleDriver(client, groups),
    }
