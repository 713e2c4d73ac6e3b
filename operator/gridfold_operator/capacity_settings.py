"""Who gives nodes to jobs that name them in spec.capacity.provider: the part of the settings about capacity."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import ConfigDict, Field, field_validator, model_validator

from gridfold.api.node_provider import NodeProvider
from gridfold.api.v1alpha1.capacity import NONE
from gridfold_operator.settings_model import SettingsModel

#: As Karpenter reads them: 30s, 10m, 1h30m.
Duration = Annotated[str, Field(max_length=32, pattern=r"^([0-9]+(s|m|h))+$")]


class TaintSettings(SettingsModel):
    """A taint of a provider's nodes, which pods of jobs that name the provider tolerate."""

    key: Annotated[str, Field(min_length=1, max_length=316)]
    value: Annotated[str, Field(max_length=63)] = ""
    effect: Literal["NoSchedule", "PreferNoSchedule", "NoExecute"] = "NoSchedule"


class NodeClassSettings(SettingsModel):
    """Karpenter's nodeClassRef: the object that says what a machine is at the cloud."""

    group: Annotated[str, Field(min_length=1, max_length=253)]
    kind: Annotated[str, Field(min_length=1, max_length=63)]
    name: Annotated[str, Field(min_length=1, max_length=253)]


class AnyProviderSettings(NodeProvider):
    """What the operator reads of all kinds of providers; here, unknown fields are refused."""

    model_config = ConfigDict(extra="forbid")

    taints: Annotated[tuple[TaintSettings, ...], Field(max_length=16)] = ()  #: tolerated by pods of its jobs


class KarpenterSettings(AnyProviderSettings):
    """A provider that makes a NodePool of Karpenter for each job that needs nodes."""

    kind: Literal["Karpenter"]
    node_class_ref: NodeClassSettings
    requirements: Annotated[tuple[Mapping[str, Any], ...], Field(max_length=90)]
    labels: Mapping[str, str] = Field(default_factory=dict)
    consolidate_after: Duration = "30s"  #: so long a node stays without a pod
    expire_after: Duration = "24h"  #: so long a node stays at most, whoever is alive
    termination_grace_period: Duration = "10m"  #: so long a node that goes waits for its pods


class ScaleTarget(SettingsModel):
    """A group of machines in this cluster: any object with spec.replicas and a scale subresource."""

    api_version: Annotated[str, Field(max_length=253, pattern=r"^([a-z0-9.-]+/)?v[a-z0-9]+$")]
    resource: Annotated[str, Field(max_length=253, pattern="^[a-z0-9-]+$")]  #: its kind's plural: machinedeployments …
    namespace: Annotated[str, Field(max_length=63)] = ""  #: "": it belongs to none
    name: Annotated[str, Field(min_length=1, max_length=253)]
    #: Labels that all nodes of the group have, and no others.
    node_labels: Annotated[Mapping[str, str], Field(min_length=1, max_length=16)]

    @property
    def place(self) -> str:
        """Return its name, with its namespace where it has one."""
        return f"{self.namespace}/{self.name}" if self.namespace else self.name


class ScaleSettings(AnyProviderSettings):
    """A provider that changes the number of replicas of a group of machines that is there."""

    kind: Literal["Scale"]
    target: ScaleTarget
    max_replicas: Annotated[int, Field(ge=1, le=10000)] | None = None  #: of the whole group; none: not limited by us


class EksNodeGroup(SettingsModel):
    """A managed node group of EKS, behind which there is an Auto Scaling group."""

    cluster: Annotated[str, Field(min_length=1, max_length=100)]
    name: Annotated[str, Field(min_length=1, max_length=63)]


class AwsTarget(SettingsModel):
    """An Auto Scaling group of AWS, whose machines are nodes of this cluster."""

    region: Annotated[str, Field(max_length=32, pattern="^[a-z]{2}(-[a-z]+)+-[0-9]+$")]
    auto_scaling_group: Annotated[str, Field(min_length=1, max_length=255)] | None = None
    eks_node_group: EksNodeGroup | None = None  #: in the place of the group's name
    #: Labels that all nodes of the group have, and no others.
    node_labels: Annotated[Mapping[str, str], Field(min_length=1, max_length=16)]

    @property
    def place(self) -> str:
        """Return what it is called."""
        if self.eks_node_group:
            return f"node group {self.eks_node_group.cluster}/{self.eks_node_group.name}"
        return f"Auto Scaling group {self.auto_scaling_group}"

    @model_validator(mode="after")
    def _names_one_group(self) -> Self:
        if bool(self.auto_scaling_group) == bool(self.eks_node_group):
            raise ValueError("give one of autoScalingGroup and eksNodeGroup: the group by its name, or that of EKS")
        return self


class AwsSettings(AnyProviderSettings):
    """A provider that changes the desired capacity of a group of AWS that is there."""

    kind: Literal["AWS"]
    target: AwsTarget


#: What is configured of a provider, by its kind.
ProviderSettings = Annotated[KarpenterSettings | ScaleSettings | AwsSettings, Field(discriminator="kind")]


class CapacitySettings(SettingsModel):
    """Who gives nodes, and where it is recorded who holds which."""

    providers: Annotated[tuple[ProviderSettings, ...], Field(max_length=32)] = ()
    namespace: Annotated[str, Field(max_length=63)] = ""  #: the operator's own, where it records what is held
    lease_seconds: Annotated[int, Field(ge=60, le=86400)] = 600  #: so long nodes are held without an operator

    @field_validator("providers")
    @classmethod
    def _are_told_apart(cls, providers: tuple[ProviderSettings, ...]) -> tuple[ProviderSettings, ...]:
        names = [NONE, *(provider.name for provider in providers)]
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise ValueError(
                f"the name {twice[0]} is taken: give each provider its own ({NONE} stands for no provider)"
            )
        return providers

    @model_validator(mode="after")
    def _has_a_place_for_records(self) -> Self:
        if self.providers and not self.namespace:
            raise ValueError("namespace is missing: there the operator records the nodes that jobs hold")
        return self
