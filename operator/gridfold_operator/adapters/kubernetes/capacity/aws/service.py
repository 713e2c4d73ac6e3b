"""What is done with one Auto Scaling group: every call to AWS, and what its answers are read as."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self

from gridfold_operator.adapters.kubernetes.capacity.aws.cloud import Cloud
from gridfold_operator.adapters.kubernetes.capacity.aws.errors import AwsError
from gridfold_operator.adapters.kubernetes.capacity.aws.group import AwsGroup
from gridfold_operator.adapters.kubernetes.capacity.aws.node_group import NodeGroup
from gridfold_operator.capacity_settings import AwsTarget

AUTOSCALING = "autoscaling"


EKS = "eks"
#: What AWS does by itself when nobody of ours is there any more.
ACTION = "gridfold-hand-back"


@dataclass(frozen=True)
class GroupService:
    """One group."""

    cloud: Cloud
    target: AwsTarget
    name: str  #: "": there is none
    node_group: NodeGroup | None = None  #: where it is one of EKS

    @classmethod
    async def find(cls, cloud: Cloud, target: AwsTarget) -> Self:
        """Return the group that settings or a record name."""
        if target.eks_node_group is None:
            return cls(cloud, target, target.auto_scaling_group or "")
        whose = {"clusterName": target.eks_node_group.cluster, "nodegroupName": target.eks_node_group.name}
        try:
            found = await cloud.call(EKS, "describe_nodegroup", **whose)
        except AwsError as error:
            if error.code != "ResourceNotFoundException":
                raise
            return cls(cloud, target, "")
        node_group = NodeGroup.of(found["nodegroup"])
        return cls(cloud, target, node_group.group, node_group)

    async def read(self, now: datetime) -> AwsGroup | None:
        """Return the group as it is now, None where there is none."""
        if not self.name:
            return None
        found = await self._call("describe_auto_scaling_groups", AutoScalingGroupNames=[self.name])
        return next((AwsGroup.of(document, int(now.timestamp())) for document in found["AutoScalingGroups"]), None)

    async def activities(self) -> list[dict[str, Any]]:
        """Return the last scaling activities, newest first."""
        found = await self._call("describe_scaling_activities", AutoScalingGroupName=self.name, MaxRecords=10)
        activities: list[dict[str, Any]] = found["Activities"]
        return activities

    async def set_desired(self, number: int) -> None:
        """Have so many machines; where there are more, AWS chooses which of them go."""
        await self._call(
            "set_desired_capacity", AutoScalingGroupName=self.name, DesiredCapacity=number, HonorCooldown=False
        )

    async def end(self, instance: str) -> None:
        """End one machine, and have one fewer."""
        await self._call(
            "terminate_instance_in_auto_scaling_group", InstanceId=instance, ShouldDecrementDesiredCapacity=True
        )

    async def schedule(self, number: int, at: datetime) -> None:
        """Have AWS itself set the desired capacity at that time, unless it is told otherwise before."""
        when = {"StartTime": at, "DesiredCapacity": number}
        await self._call(
            "put_scheduled_update_group_action",
            AutoScalingGroupName=self.name,
            ScheduledActionName=ACTION,
            **when,
        )

    async def unschedule(self) -> None:
        """Have AWS do nothing by itself; where nothing was scheduled, that is fine."""
        try:
            await self._call("delete_scheduled_action", AutoScalingGroupName=self.name, ScheduledActionName=ACTION)
        except AwsError as error:
            if "not found" not in error.message:
                raise

    async def write(self, tags: Mapping[str, str]) -> None:
        """Keep tags of the group, all in one call."""
        found = [self._tag(key, Value=value, PropagateAtLaunch=False) for key, value in tags.items()]
        await self._call("create_or_update_tags", Tags=found)

    async def forget(self, keys: Iterable[str]) -> None:
        """Drop tags of the group, all in one call; those that are not there are fine."""
        await self._call("delete_tags", Tags=[self._tag(key) for key in keys])

    def _tag(self, key: str, **more: Any) -> dict[str, Any]:
        return {"ResourceId": self.name, "ResourceType": "auto-scaling-group", "Key": key, **more}

    async def _call(self, operation: str, **arguments: Any) -> dict[str, Any]:
        return await self.cloud.call(AUTOSCALING, operation, **arguments)
