"""Pods that are refused for what their spec names: the reader learns the name and what to do."""

import pytest

from gridfold.domain.observed import Waiting
from gridfold.domain.remedies import told


@pytest.mark.parametrize(
    ("message", "remedy"),
    [
        (
            'Error creating: pods "a-" is forbidden: no PriorityClass with name urgent was found',
            "create the PriorityClass urgent, or name one that exists in spec.execution.template.priorityClassName",
        ),
        (
            'Error creating: pods "a-" is forbidden: error looking up service account team/train: serviceaccount '
            '"train" not found',
            "create the ServiceAccount train in the job's namespace, or name one",
        ),
        (
            'MountVolume.SetUp failed for volume "input" : secret "s3" not found',
            "create the Secret s3 in the job's namespace with the keys AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or",
        ),
        (
            'MountVolume.SetUp failed for volume "input" : references non-existent secret key: AWS_ACCESS_KEY_ID',
            "put the key AWS_ACCESS_KEY_ID into the Secret that spec.storage.credentialsSecretName names",
        ),
        (
            'Error creating: pods "a-" is forbidden: pod rejected: RuntimeClass "gvisor" not found',
            "create the RuntimeClass gvisor, or name one that exists in spec.execution.template.runtimeClassName",
        ),
        (
            'Error creating: pods "a-" is forbidden: maximum memory usage per Container is 1Gi, but limit is 2Gi',
            "a LimitRange of the namespace allows a maximum of 1Gi of memory: change spec.execution.resources",
        ),
        (
            'Error creating: pods "a-" is forbidden: exceeded quota: small, requested: pods=1, used: pods=0',
            "raise the ResourceQuota small, free some of it, or ask for less",
        ),
        (
            "in the queue team of Kueue: LocalQueue team doesn't exist",
            "create the LocalQueue team in the job's namespace, or name one that exists in spec.execution.queueName",
        ),
        (
            "in the queue team of Kueue: ClusterQueue all is inactive",
            "ask who runs the ClusterQueue all (kubectl describe tells its state), or name another LocalQueue",
        ),
        (
            "in the queue team of Kueue: couldn't assign flavors to pod set main: resource nvidia.com/gpu unavailable "
            "in ClusterQueue",
            "the queue has no quota for nvidia.com/gpu: leave it out of spec.execution.resources",
        ),
        (
            "in the queue team of Kueue: couldn't assign flavors to pod set main: insufficient quota for cpu in flavor "
            "default, previously considered podsets requests (0) + current podset request (8) > maximum capacity (4)",
            "the queue never has more cpu than 4: lower spec.execution.parallelism, set spec.execution.minParallelism",
        ),
    ],
)
def test_a_refusal_is_told_with_the_name_and_what_to_do(message: str, remedy: str) -> None:
    words = told(Waiting("FailedCreate", message, 3))
    assert words.startswith(f"FailedCreate: {message}. To do: {remedy}")
    assert words.endswith("; the run goes on by itself then.")


def test_words_that_are_not_known_are_told_as_they_are() -> None:
    assert told(Waiting("FailedMount", 'volume "x" not found', 1)) == 'FailedMount: volume "x" not found'
