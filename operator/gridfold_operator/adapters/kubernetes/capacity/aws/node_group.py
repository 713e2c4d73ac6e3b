"""A managed node group of EKS: which Auto Scaling group is behind it, and what EKS says of it. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from gridfold.api.conditions import Reason
from gridfold.domain.capacity.held import Trouble
from gridfold_operator.adapters.kubernetes.capacity.aws.errors import MOST_WORDS

LEAVING = frozenset({"DELETING", "CREATE_FAILED", "DELETE_FAILED"})
BUSY = frozenset({"CREATING", "UPDATING"})


@dataclass(frozen=True)
class NodeGroup:
    """A node group as it was read."""

    group: str  #: name of the Auto Scaling group; "": there is none, or not yet
    status: str = ""
    issues: str = ""  #: what EKS says of its health

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> Self:
        """Return a node group as DescribeNodegroup tells of it."""
        groups = (document.get("resources") or {}).get("autoScalingGroups") or ()
        issues = (document.get("health") or {}).get("issues") or ()
        words = "; ".join(f"{issue.get('code', '')}: {issue.get('message', '')}" for issue in issues)
        status = document.get("status", "")
        name = "" if status in LEAVING else next((group["name"] for group in groups), "")
        return cls(name, status, words[:MOST_WORDS])

    @property
    def is_busy(self) -> bool:
        """Tell whether EKS itself is changing the number of machines."""
        return self.status in BUSY

    def trouble(self, place: str) -> Trouble | None:
        """Return what EKS says of a group that is not well."""
        if not self.issues:
            return None
        return Trouble(Reason.PROVIDER_FAILED, f"{place} is not well, EKS says: {self.issues} (mend it there)")
