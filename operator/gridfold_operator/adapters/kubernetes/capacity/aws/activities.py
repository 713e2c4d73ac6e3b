"""Why machines of a group do not come, from what AWS tells of its scaling activities. Pure."""

from collections.abc import Iterable, Mapping
from typing import Any

from gridfold.api.conditions import Reason
from gridfold.domain.capacity.held import Trouble
from gridfold_operator.adapters.kubernetes.capacity.aws.errors import MOST_WORDS

FAILED = frozenset({"Failed", "Cancelled"})

#: What to do, by a word of what AWS says. It tries again by itself, whatever it is.
ADVICE = {
    "InsufficientInstanceCapacity": "AWS has no such machines left there for now: let the group have more instance "
    "types or zones",
    "InsufficientFreeAddressesInSubnet": "the subnet has no free address: let the group have larger or more subnets",
    "InstanceLimitExceeded": "have the account's quota of EC2 raised",
    "MaxSpotInstanceCountExceeded": "have the account's quota of spot machines raised",
    "VcpuLimitExceeded": "have the account's quota of EC2 raised",
    "SpotMaxPriceTooLow": "raise the group's highest price for spot machines, or set none",
    "UnfulfillableCapacity": "no spot machines are to be had there for now: let the group have more instance types",
    "InvalidAMIID": "correct the image in the group's launch template",
    "InvalidKeyPair": "correct the key pair in the group's launch template",
    "InvalidGroup": "correct the security groups in the group's launch template",
    "launch template": "correct the group's launch template",
    "KMS": "let the group's service-linked role use the key with which its volumes are encrypted",
    "not authorized": "let the group's service-linked role launch machines",
}
OTHERWISE = "see the group's activity history"


def trouble_of(activities: Iterable[Mapping[str, Any]], place: str) -> Trouble | None:
    """Return why no machine comes, by the last activity that is over; None where that did not fail. Newest first."""
    for activity in activities:
        status, words = activity.get("StatusCode", ""), " ".join(str(activity.get("StatusMessage") or "").split())
        if status in FAILED and words:
            advice = next((advice for word, advice in ADVICE.items() if word in words), OTHERWISE)
            said = words if len(words) <= MOST_WORDS else f"{words[:MOST_WORDS]} …"
            return Trouble(
                Reason.PROVIDER_FAILED, f"{place} gets no machine: {said} ({advice}; AWS tries again by itself)"
            )
        if status == "Successful":
            return None
    return None
