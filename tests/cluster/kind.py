"""The kind TrainingJob on a test's cluster."""

import json

from gridfold.api.crd import build_crd
from tests.testbed.kubectl import Kubectl


def ensure_kind(kubectl: Kubectl) -> None:
    """Have the API server serve TrainingJobs as the models are now."""
    kubectl("apply", "--server-side", "--force-conflicts", "-f", "-", stdin=json.dumps(build_crd()))
    kubectl.wait_until_served("crd/trainingjobs.gridfold.dev")
