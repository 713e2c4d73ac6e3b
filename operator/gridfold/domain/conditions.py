"""Conditions: set one, read one."""

from datetime import UTC, datetime

from gridfold.api.conditions import ConditionType
from gridfold.api.status import MESSAGE_LIMIT, Condition
from gridfold.domain.visible import bounded

#: These stand in the list only while they are true (kstatus takes their mere truth for trouble or work).
ABNORMAL = (ConditionType.STALLED, ConditionType.RECONCILING)


def format_time(now: datetime) -> str:
    """Return a time as Kubernetes writes it: UTC, whole seconds."""
    return now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def is_true(conditions: list[Condition], kind: ConditionType) -> bool:
    """Tell whether a condition is there and true."""
    return any(c.type == kind and c.status == "True" for c in conditions)


class Conditions:
    """The conditions of one status while it is being built; times change only where a status does."""

    def __init__(self, previous: list[Condition], generation: int, now: datetime) -> None:
        self._conditions = {c.type: c for c in previous}
        self._generation, self._now = generation, format_time(now)

    def set(self, kind: ConditionType, value: bool, reason: str, message: str = "") -> None:
        """Set a condition; one that is abnormal when true leaves the list when it is false.

        What comes from data (names of columns, words of an exception) is made visible here, for Events, too.
        """
        if kind in ABNORMAL and not value:
            self._conditions.pop(kind, None)
            return
        status, message = "True" if value else "False", bounded(message, MESSAGE_LIMIT)
        before = self._conditions.get(kind)
        since = before.last_transition_time if before and before.status == status else self._now
        self._conditions[kind] = Condition(
            type=kind,
            status=status,
            reason=reason,
            message=message,
            last_transition_time=since,
            observed_generation=self._generation,
        )

    def remove(self, kind: ConditionType) -> None:
        """Take a condition out of the list."""
        self._conditions.pop(kind, None)

    def reason(self, kind: ConditionType) -> str:
        """Return the reason of a condition, "" where it is not there."""
        return self._conditions[kind].reason if kind in self._conditions else ""

    def is_true(self, kind: ConditionType) -> bool:
        """Tell whether a condition is there and true."""
        return kind in self._conditions and self._conditions[kind].status == "True"

    def is_false(self, kind: ConditionType) -> bool:
        """Tell whether a condition is there and false."""
        return kind in self._conditions and self._conditions[kind].status == "False"

    def keep_time(self, kind: ConditionType, since: str) -> None:
        """Say of a condition that it is as it is since then."""
        self._conditions[kind] = self._conditions[kind].model_copy(update={"last_transition_time": since})

    def list(self) -> list[Condition]:
        """Return the conditions in the order of ConditionType."""
        order: dict[str, int] = {kind: position for position, kind in enumerate(ConditionType)}
        return sorted(
            (c.model_copy(update={"observed_generation": self._generation}) for c in self._conditions.values()),
            key=lambda c: order.get(c.type, len(order)),
        )
