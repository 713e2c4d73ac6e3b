"""Auto Scaling groups in memory that refuse what AWS refuses, whose machines come and go when the test says so."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from gridfold_operator.adapters.kubernetes import paths
from gridfold_operator.adapters.kubernetes.capacity.aws.driver import AwsDriver
from gridfold_operator.adapters.kubernetes.capacity.aws.errors import refused, silent
from gridfold_operator.capacity_settings import AwsSettings
from gridfold_operator.errors import ApiConflictError, ApiUnavailableError
from tests.contract.aws_worlds import node, settings
from tests.contract.capacity_worlds import OTHER, PROVIDER, MemoryWorld

MOST_TAGS = 50


@dataclass
class MemoryGroup:
    """A group."""

    desired: int = 0
    least: int = 0
    most: int = 100
    instances: dict[str, str] = field(default_factory=dict)  #: states by id
    tags: dict[str, str] = field(default_factory=dict)
    actions: dict[str, tuple[datetime, int]] = field(default_factory=dict)  #: scheduled ones: when, and what number
    activities: list[dict[str, Any]] = field(default_factory=list)  #: newest first
    made: int = 0
    ours: int = 0  #: what operators have added to the desired capacity

    @property
    def alive(self) -> list[str]:
        return [name for name, state in self.instances.items() if state == "InService"]

    def set_desired(self, number: int) -> None:
        """Have so many; machines above that go, the newest first."""
        self.desired = number
        for name in self.alive[number:]:
            self.instances[name] = "Terminating"


@dataclass
class MemoryCloud:
    """Implements aws.cloud.Cloud."""

    groups: dict[str, MemoryGroup]
    before: Callable[[str, str], None] = lambda _operation, _group: None  #: called before each call; may raise
    after: Callable[[str, str], None] = lambda _operation, _group: None
    denied: set[str] = field(default_factory=set)
    node_groups: dict[str, dict[str, Any]] = field(default_factory=dict)  #: of EKS, by name
    calls: list[str] = field(default_factory=list)

    async def call(self, service: str, operation: str, **arguments: Any) -> dict[str, Any]:
        action = f"{service}:{operation}"
        try:
            self.before(operation, action)
            if operation in self.denied:
                raise refused(action, "AccessDenied", "")
            self.calls.append(operation)
            answer: dict[str, Any] = getattr(self, f"_{operation}")(**arguments) or {}
            self.after(operation, action)
        except (ApiUnavailableError, ApiConflictError) as error:
            raise silent(action, str(error)) from error
        return answer

    def _describe_auto_scaling_groups(self, AutoScalingGroupNames: list[str]) -> dict[str, Any]:
        names = [name for name in AutoScalingGroupNames if name in self.groups]
        return {"AutoScalingGroups": [self._document(name, self.groups[name]) for name in names]}

    def _describe_nodegroup(self, clusterName: str, nodegroupName: str) -> dict[str, Any]:
        self._check(
            nodegroupName in self.node_groups, f"No node group found for {clusterName}", "ResourceNotFoundException"
        )
        return {"nodegroup": self.node_groups[nodegroupName]}

    def _describe_scaling_activities(self, AutoScalingGroupName: str, MaxRecords: int) -> dict[str, Any]:
        return {"Activities": self._group(AutoScalingGroupName).activities[:MaxRecords]}

    def _document(self, name: str, group: MemoryGroup) -> dict[str, Any]:
        return {
            "AutoScalingGroupName": name,
            "DesiredCapacity": group.desired,
            "MinSize": group.least,
            "MaxSize": group.most,
            "Instances": [{"InstanceId": one, "LifecycleState": state} for one, state in group.instances.items()],
            "Tags": [{"Key": key, "Value": value} for key, value in group.tags.items()],
        }

    def _set_desired_capacity(self, AutoScalingGroupName: str, DesiredCapacity: int, HonorCooldown: bool) -> None:
        group = self._group(AutoScalingGroupName)
        self._check(group.least <= DesiredCapacity <= group.most, "New SetDesiredCapacity value is out of bounds")
        group.ours += DesiredCapacity - group.desired
        group.set_desired(DesiredCapacity)

    def _terminate_instance_in_auto_scaling_group(self, InstanceId: str, ShouldDecrementDesiredCapacity: bool) -> None:
        found = [group for group in self.groups.values() if InstanceId in group.alive]
        self._check(bool(found), f"Instance Id not found - No managed instance found for instance ID {InstanceId}")
        (group,) = found
        self._check(group.desired > group.least, "Currently, desiredSize equals minSize")
        group.instances[InstanceId] = "Terminating"
        group.desired -= 1
        group.ours -= 1

    def _create_or_update_tags(self, Tags: list[dict[str, Any]]) -> None:
        group = self._group(Tags[0]["ResourceId"])
        tags = {**group.tags, **{tag["Key"]: tag["Value"] for tag in Tags}}
        self._check(len(tags) <= MOST_TAGS, "too many tags", "LimitExceeded")
        self._check(all(len(key) <= 128 and len(value) <= 256 for key, value in tags.items()), "a tag is too long")
        group.tags = tags

    def _put_scheduled_update_group_action(
        self, AutoScalingGroupName: str, ScheduledActionName: str, StartTime: datetime, DesiredCapacity: int
    ) -> None:
        self._group(AutoScalingGroupName).actions[ScheduledActionName] = (StartTime, DesiredCapacity)

    def _delete_scheduled_action(self, AutoScalingGroupName: str, ScheduledActionName: str) -> None:
        found = self._group(AutoScalingGroupName).actions.pop(ScheduledActionName, None)
        self._check(found is not None, f"Scheduled action name not found - {ScheduledActionName}")

    def _delete_tags(self, Tags: list[dict[str, Any]]) -> None:
        group = self._group(Tags[0]["ResourceId"])
        for tag in Tags:
            group.tags.pop(tag["Key"], None)

    def _group(self, name: str) -> MemoryGroup:
        self._check(name in self.groups, "AutoScalingGroup name not found - null")
        return self.groups[name]

    def _check(self, fine: bool, words: str, code: str = "ValidationError") -> None:
        if not fine:
            raise refused("autoscaling", code, words)


class _NobodyElse:
    """One's turn, where other processes are to be seen in the group alone."""

    async def __aenter__(self) -> None: ...

    async def __aexit__(self, *_: object) -> None: ...


class MemoryAwsWorld(MemoryWorld):
    """KubernetesCapacity on an API server in memory, with groups of AWS in memory."""

    def __init__(self, desired: int = 0, least: int = 0, most: int = 100) -> None:
        super().__init__(settings=settings())
        self.fired = False  #: whether AWS has done anything by itself
        self.api.kinds |= {"nodes", "pods"}
        self.cloud = MemoryCloud({name: MemoryGroup(desired, least, most) for name in (PROVIDER, OTHER)})
        self.start()
        self.bring(desired)

    def start(self) -> None:
        if hasattr(self, "cloud"):
            providers = tuple(one for one in self.settings.providers if isinstance(one, AwsSettings))
            self.drivers = {
                **self.drivers,
                "AWS": AwsDriver(
                    self.api,  # type: ignore[arg-type]
                    providers,
                    self,
                    3600,
                    lambda _: self.cloud,
                    lambda _: _NobodyElse(),
                ),
            }
        super().start()

    def wait(self, seconds: float) -> None:
        super().wait(seconds)
        for group in self.cloud.groups.values():
            for name, (at, number) in list(group.actions.items()):
                if at <= self.time:
                    del group.actions[name]
                    self.fired = True
                    group.ours += number - group.desired
                    group.set_desired(number)

    def bring(self, nodes: int) -> None:
        for name, group in self.cloud.groups.items():
            while len(group.alive) < min(nodes, group.desired):
                group.made += 1
                group.instances[f"i-{name}-{group.made}"] = "InService"
            self._join(name, group)

    def take(self) -> None:
        for name, group in self.cloud.groups.items():
            group.instances = {one: state for one, state in group.instances.items() if state == "InService"}
            self._join(name, group)

    def _join(self, name: str, group: MemoryGroup) -> None:
        prefix = f"{paths.CORE}/nodes/{name}-"
        for path in self.api.of_kind("nodes"):
            if path.startswith(prefix) and path.removeprefix(prefix) not in group.instances:
                self.api.remove(path)
        for instance in group.instances:
            if f"{prefix}{instance}" not in self.api.objects:
                self.api.put(f"{prefix}{instance}", node(f"{name}-{instance}", instance, name))
