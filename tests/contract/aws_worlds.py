"""A world of the Capacity port with Auto Scaling groups of AWS, as moto plays it."""

from dataclasses import dataclass, field
from functools import cache
from typing import Any

import boto3

from gridfold_operator.adapters.kubernetes import paths
from gridfold_operator.adapters.kubernetes.capacity.aws.cloud import BotoCloud
from gridfold_operator.adapters.kubernetes.capacity.aws.driver import AwsDriver
from gridfold_operator.capacity_settings import AwsSettings, CapacitySettings
from tests.contract.capacity_worlds import OTHER, PROVIDER, SHAPE, SYSTEM, MemoryWorld

REGION = "eu-central-1"
POOL = "testbed.gridfold.dev/pool"
SINCE = "2026-01-01T00:00:00Z"


@cache
def autoscaling() -> Any:
    """Return a client, which is expensive to make."""
    return boto3.client("autoscaling", region_name=REGION)


def aws(name: str, **changes: Any) -> dict[str, Any]:
    """Return the settings of a provider whose group has its own name."""
    target = {"region": REGION, "autoScalingGroup": name, "nodeLabels": {POOL: name}}
    return {"name": name, "kind": "AWS", "shape": SHAPE, "target": target, **changes}


def settings() -> CapacitySettings:
    """Return settings with two groups."""
    providers = [aws(PROVIDER, maxNodesPerJob=50), aws(OTHER)]
    return CapacitySettings.model_validate({"namespace": SYSTEM, "providers": providers, "leaseSeconds": 600})


def node(name: str, instance: str, pool: str) -> dict[str, Any]:
    """Return a node that is ready, of a machine."""
    ready = {"type": "Ready", "status": "True", "lastTransitionTime": SINCE}
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {"name": name, "labels": {POOL: pool}},
        "spec": {"providerID": f"aws:///{REGION}a/{instance}"},
        "status": {"conditions": [ready]},
    }


@dataclass
class SlowCloud(BotoCloud):
    """moto, whose machines come and go at once; here they do so when the test says so."""

    shown: dict[str, set[str]] = field(default_factory=dict)  #: machines that have come, by group
    leaving: dict[str, set[str]] = field(default_factory=dict)  #: those that are being ended

    async def call(self, service: str, operation: str, **arguments: Any) -> dict[str, Any]:
        answer = self._call(service, operation, arguments)
        for group in answer.get("AutoScalingGroups") or ():
            name = group["AutoScalingGroupName"]
            there, shown = {one["InstanceId"] for one in group["Instances"]}, self.shown.setdefault(name, set())
            self.leaving.setdefault(name, set()).update(shown - there)
            shown &= there
            group["Instances"] = [one for one in group["Instances"] if one["InstanceId"] in shown]
            gone = self.leaving[name]
            group["Instances"] += [{"InstanceId": one, "LifecycleState": "Terminating"} for one in sorted(gone)]
        return answer


class AwsWorld(MemoryWorld):
    """KubernetesCapacity on an API server in memory, with groups of AWS; to be used within mock_aws()."""

    def __init__(self, desired: int = 0, most: int = 100, least: int = 0) -> None:
        super().__init__(settings=settings())
        self.api.kinds |= {"nodes", "pods"}
        self.boto = autoscaling()
        self.cloud = SlowCloud(REGION, {"autoscaling": self.boto})
        self.boto.create_launch_configuration(
            LaunchConfigurationName="machines", ImageId="ami-12c6146b", InstanceType="m5.xlarge"
        )
        for name in (PROVIDER, OTHER):
            self.boto.create_auto_scaling_group(
                AutoScalingGroupName=name,
                LaunchConfigurationName="machines",
                MinSize=least,
                MaxSize=most,
                DesiredCapacity=desired,
                AvailabilityZones=[f"{REGION}a"],
            )
        self.bring(desired)
        providers = tuple(one for one in self.settings.providers if isinstance(one, AwsSettings))
        driver = AwsDriver(self.api, providers, self, 3600, clouds=lambda _: self.cloud)  # type: ignore[arg-type]
        self.drivers = {**self.drivers, "AWS": driver}
        self.start()

    def group(self, name: str = PROVIDER) -> dict[str, Any]:
        """Return a group as AWS has it."""
        (found,) = self.boto.describe_auto_scaling_groups(AutoScalingGroupNames=[name])["AutoScalingGroups"]
        return dict(found)

    def desired(self, name: str = PROVIDER) -> int:
        return int(self.group(name)["DesiredCapacity"])

    def tags(self, name: str = PROVIDER) -> dict[str, str]:
        return {tag["Key"]: tag["Value"] for tag in self.group(name)["Tags"]}

    def scale(self, desired: int, name: str = PROVIDER) -> None:
        """Have somebody else set the desired capacity."""
        self.boto.set_desired_capacity(AutoScalingGroupName=name, DesiredCapacity=desired)

    def bring(self, nodes: int) -> None:
        for name in (PROVIDER, OTHER):
            there = [one["InstanceId"] for one in self.group(name)["Instances"]]
            self.cloud.shown[name] = set(sorted(there)[:nodes])
            self._join(name)

    def take(self) -> None:
        for name in (PROVIDER, OTHER):
            there = {one["InstanceId"] for one in self.group(name)["Instances"]}
            self.cloud.shown[name] = self.cloud.shown.get(name, set()) & there
            self.cloud.leaving[name] = set()
            self._join(name)

    def _join(self, name: str) -> None:
        """Have the machines of a group be nodes of the cluster, and no others."""
        wanted = {f"{paths.CORE}/nodes/{name}-{one}": one for one in self.cloud.shown[name]}
        for path in self.api.of_kind("nodes"):
            if path.startswith(f"{paths.CORE}/nodes/{name}-") and path not in wanted:
                self.api.remove(path)
        for path, instance in wanted.items():
            if path not in self.api.objects:
                self.api.put(path, node(f"{name}-{instance}", instance, name))
