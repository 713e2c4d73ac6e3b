"""What to do about pods that are refused for what their spec names: in words beside those of Kubernetes."""

import re
from collections.abc import Iterable
from dataclasses import replace

from gridfold.domain.observed import Waiting
from gridfold.domain.words import counted

#: Why a container waits for its image.
_NO_IMAGE = frozenset({"ErrImagePull", "ImagePullBackOff", "ErrImageNeverPull", "InvalidImageName"})
_GOES_ON = "; the run goes on by itself then"
#: Words of the API server's admission (1.31 to 1.36), and what helps.
_REMEDIES = (
    (
        r"no PriorityClass with name (?P<name>\S+) was found",
        "create the PriorityClass {name}, or name one that exists in spec.execution.template.priorityClassName "
        "(kubectl get priorityclasses lists them)",
    ),
    (
        r"serviceaccount \"(?P<name>[^\"]+)\" not found",
        "create the ServiceAccount {name} in the job's namespace, or name one that exists in "
        "spec.execution.template.serviceAccountName",
    ),
    (
        r"secret \"(?P<name>[^\"]+)\" not found",
        "create the Secret {name} in the job's namespace with the keys AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or "
        "name one that exists in spec.storage.credentialsSecretName (or a source's own storage)",
    ),
    (
        r"references non-existent secret key: (?P<name>\S+)",
        "put the key {name} into the Secret that spec.storage.credentialsSecretName names, or name another one",
    ),
    (
        r"RuntimeClass \"(?P<name>[^\"]+)\" not found",
        "create the RuntimeClass {name}, or name one that exists in spec.execution.template.runtimeClassName (kubectl "
        "get runtimeclasses lists them)",
    ),
    (
        r"(?P<what>maximum|minimum) (?P<name>\S+) usage per (Container|Pod) is (?P<bound>[^,. ]+)",
        "a LimitRange of the namespace allows a {what} of {bound} of {name}: change spec.execution.resources (or that "
        "of spec.execution.prepare or refit), or have the LimitRange changed",
    ),
    (
        r"LocalQueue (?P<name>\S+) doesn't exist",
        "create the LocalQueue {name} in the job's namespace, or name one that exists in spec.execution.queueName "
        "(kubectl get localqueues lists them)",
    ),
    (
        r"(?P<kind>LocalQueue|ClusterQueue) (?P<name>\S+) (?:doesn't exist|is inactive|is stopped|is terminating)",
        "ask who runs the {kind} {name} (kubectl describe tells its state), or name another LocalQueue in "
        "spec.execution.queueName",
    ),
    (
        r"insufficient quota for (?P<name>\S+) in flavor .*maximum capacity \((?P<bound>[^)]+)\)",
        "the queue never has more {name} than {bound}: lower spec.execution.parallelism, set "
        "spec.execution.minParallelism so that fewer cells at a time are enough, or ask for less in "
        "spec.execution.resources",
    ),
    (
        r"resource (?P<name>\S+) unavailable in ClusterQueue",
        "the queue has no quota for {name}: leave it out of spec.execution.resources (and of prepare and refit), name "
        "a queue that has it in spec.execution.queueName, or have {name} added to its ClusterQueue",
    ),
    (
        r"exceeded quota: (?P<name>[^,]+)",
        "raise the ResourceQuota {name}, free some of it, or ask for less in spec.execution.resources",
    ),
)


def told(cause: Waiting) -> str:
    """Return reason and message of pods that wait, with what to do where that is known."""
    words = f"{cause.reason}: {cause.message}"
    for pattern, remedy in _REMEDIES:
        found = re.search(pattern, cause.message)
        if found:
            return f"{words.rstrip('. ')}. To do: {remedy.format(**found.groupdict())}{_GOES_ON}."
    return words


def with_image_remedy(causes: Iterable[Waiting], own: str, platform: str) -> tuple[Waiting, ...]:
    """Return causes with what to do where a run's image is not there any more, and the platform has another."""
    if not own or own == platform:
        return tuple(causes)
    remedy = (
        f"To do: the run keeps the trainer image that prepared it, {own}; bring it back, or change spec.retry, which "
        f"lets the run go over to the platform's image, {platform}."
    )
    return tuple(
        replace(cause, message=f"{cause.message.rstrip('. ')}. {remedy}") if cause.reason in _NO_IMAGE else cause
        for cause in causes
    )


def pods_wait(number: int) -> str:
    """Return the beginning of a sentence about pods that wait."""
    return f"{counted(number, 'pod')} {'waits' if number == 1 else 'wait'}"
