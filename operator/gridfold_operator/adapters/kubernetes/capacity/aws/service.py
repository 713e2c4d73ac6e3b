"""What is done with one Auto Scaling group: every call to AWS, and what its answers are read as."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from gridfold_operator.adapters.kubernetes.capacity.aws.cloud import Cloud
from gridfold_operator.adapters.kubernetes.capacity.aws.group import AwsGroup
from gridfold_operator.capacity_settings import AwsTarget

AUTOSCALING = "autoscaling"


@dataclass(frozen=True)
class GroupService:
    """One group."""

    cloud: Cloud
    target: AwsTarget

    async def read(self) -> AwsGroup | None:
        """Return the group as it is, None where there is none."""
        found = await self._call("describe_auto_scaling_groups", AutoScalingGroupNames=[self.name])
        return next((AwsGroup.of(document) for document in found["AutoScalingGroups"]), None)

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

    async def write(self, tags: Mapping[str, str]) -> None:
        """Keep tags of the group, all in one call."""
        found = [self._tag(key, Value=value, PropagateAtLaunch=False) for key, value in tags.items()]
        await self._call("create_or_update_tags", Tags=found)

    async def forget(self, keys: Iterable[str]) -> None:
        """Drop tags of the group, all in one call; those that are not there are fine."""
        await self._call("delete_tags", Tags=[self._tag(key) for key in keys])

    @property
    def name(self) -> str:
        """Return the group's name."""
        return self.target.auto_scaling_group

    def _tag(self, key: str, **more: Any) -> dict[str, Any]:
        return {"ResourceId": self.name, "ResourceType": "auto-scaling-group", "Key": key, **more}

    async def _call(self, operation: str, **arguments: Any) -> dict[str, Any]:
        return await self.cloud.call(AUTOSCALING, operation, **arguments)
