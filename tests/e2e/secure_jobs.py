"""What a job needs for the S3 server behind TLS: a Secret with its keys, a ConfigMap with its authority."""

from dataclasses import dataclass
from typing import Any

from tests.e2e.cluster_jobs import ClusterJobs
from tests.testbed.plugin import Bucket, SecureStorage

KEYS, AUTHORITY = "secure-keys", "secure-authority"


@dataclass(frozen=True)
class SecureJobs:
    """The server behind TLS and a bucket on it, as a namespace knows them."""

    server: SecureStorage
    bucket: Bucket

    def add_access(self, jobs: ClusterJobs) -> None:
        """Put the Secret and the ConfigMap into the namespace."""
        access_key, secret_key = self.server.keys
        keys = {"AWS_ACCESS_KEY_ID": access_key, "AWS_SECRET_ACCESS_KEY": secret_key}
        bundle = {"ca.crt": self.server.ca_bundle.read_text()}
        for kind, name, data in (("Secret", KEYS, {"stringData": keys}), ("ConfigMap", AUTHORITY, {"data": bundle})):
            manifest = {"apiVersion": "v1", "kind": kind, "metadata": {"name": name}, **data}
            jobs.kubectl.apply(manifest, namespace=jobs.namespace)

    def storage(self, **changes: Any) -> dict[str, Any]:
        """Return the section `storage` of a spec or of a source."""
        return {
            "endpoint": self.server.endpoint,
            "region": "us-east-1",
            "credentialsSecretName": KEYS,
            "caBundleConfigMapName": AUTHORITY,
            **changes,
        }
