"""What AWS refuses, with what to do. Pure: no secret and nothing of what was signed is ever told."""

from gridfold.api.conditions import Reason
from gridfold_operator.adapters.kubernetes.capacity.driver import ProviderError

CREDENTIALS = frozenset(
    {
        "AuthFailure",
        "ExpiredToken",
        "ExpiredTokenException",
        "IncompleteSignature",
        "InvalidAccessKeyId",
        "InvalidClientTokenId",
        "MissingAuthenticationToken",
        "RequestExpired",
        "SignatureDoesNotMatch",
        "UnrecognizedClientException",
    }
)
DENIED = frozenset({"AccessDenied", "AccessDeniedException", "UnauthorizedOperation"})
#: Refused before anything was done, and tried in vain a few times already.
THROTTLED = frozenset(
    {
        "RequestLimitExceeded",
        "RequestThrottled",
        "RequestThrottledException",
        "Throttling",
        "ThrottlingException",
        "TooManyRequestsException",
    }
)
BUSY = frozenset({"ResourceContention", "ResourceInUseException", "ScalingActivityInProgress"})
#: What AWS says, the reason, and what to do.
KNOWN = (
    (
        "AutoScalingGroup name not found",
        Reason.PROVIDER_MISSING,
        "The group has been deleted: create it again, or have the platform name another one (the chart's value "
        "capacity.providers)",
    ),
    (
        "above max value",
        Reason.PROVIDER_FAILED,
        "It is tried again with what the group's maximum size allows; have that raised for more",
    ),
    (
        "LimitExceeded",
        Reason.PROVIDER_FAILED,
        "The group may have 50 tags, and each job that holds nodes of it needs three: it is tried again when other "
        "jobs have ended; drop tags that nobody needs, or configure another group beside it",
    ),
)
#: Characters of AWS' own words that are told.
MOST_WORDS = 200
IDENTITY = (
    "give the operator's and the reaper's service accounts a role (the chart's values serviceAccount.annotations and "
    "capacity.reaper.serviceAccount.annotations, or EKS Pod Identity) whose credentials are valid"
)


class AwsError(ProviderError):
    """AWS did not do what it was asked for: nothing has changed."""

    def __init__(self, reason: str, message: str, code: str = "") -> None:
        super().__init__(reason, message)
        self.code = code


class AwsSilentError(AwsError):
    """AWS gave no answer: nobody knows whether anything has changed."""


def refused(action: str, code: str, words: str) -> AwsError:
    """Return the error for an answer of AWS to an action, such as autoscaling:SetDesiredCapacity."""
    if code in CREDENTIALS:
        return without_credentials(action, code)
    said = f"{code}: {words.strip()[:MOST_WORDS]}" if words.strip() else code
    if code in DENIED:
        return AwsError(
            Reason.PROVIDER_FORBIDDEN,
            f"AWS does not allow the operator {action} ({code}): add the action to the IAM policy of its role "
            "(docs/nodes.md has the whole policy)",
            code,
        )
    if code in THROTTLED:
        return AwsError(
            Reason.PROVIDER_FAILED,
            f"AWS takes no more calls of {action} for now ({code}): it is tried again, less and less often; have the "
            "account's limit raised if that stays so",
            code,
        )
    if code in BUSY:
        return AwsError(
            Reason.PROVIDER_FAILED, f"AWS is changing the group already ({said}): it is tried again by itself", code
        )
    for sign, reason, advice in KNOWN:
        if sign in said:
            return AwsError(reason, f"AWS refused {action}: {said.rstrip('.')}. {advice}", code)
    return AwsError(Reason.PROVIDER_FAILED, f"AWS refused {action}: {said.rstrip('.')}. It is tried again", code)


def without_credentials(action: str, why: str) -> AwsError:
    """Return the error where AWS does not know who asks, or nobody told who the operator is."""
    return AwsError(
        Reason.PROVIDER_FORBIDDEN, f"the operator has no valid credentials for {action} of AWS ({why}): {IDENTITY}", why
    )


def silent(action: str, why: str) -> AwsSilentError:
    """Return the error where no answer came."""
    return AwsSilentError(
        Reason.PROVIDER_FAILED,
        f"AWS gave no answer to {action} ({why}): it is tried again; see that the operator's pods may reach the "
        "endpoint of AWS in that region (NetworkPolicy, proxy, DNS)",
        why,
    )
