"""All kinds of providers."""

from gridfold_operator.adapters.kubernetes.capacity.hand_back import Drivers
from gridfold_operator.adapters.kubernetes.capacity.karpenter import KarpenterDriver
from gridfold_operator.adapters.kubernetes.capacity.scale import ScaleDriver
from gridfold_operator.adapters.kubernetes.client import KubernetesClient


def build_drivers(client: KubernetesClient) -> Drivers:
    """Return what each kind of provider does."""
    return {"Karpenter": KarpenterDriver(client), "Scale": ScaleDriver(client)}
