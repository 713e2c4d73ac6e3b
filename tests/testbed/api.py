"""What tests and scripts are told about a running instance."""

import dataclasses
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import ClassVar, Self

from tests.testbed import cluster, images, instance, namespace, project_images
from tests.testbed.errors import NotRunningError
from tests.testbed.instance import REGION, Instance


@dataclass(frozen=True)
class Description:
    """How to reach an instance. The S3 endpoint is the same from this machine and from pods."""

    name: str
    instance_id: str
    process: int
    kubeconfig: str
    api_server: str
    s3_endpoint: str
    s3_access_key: str
    s3_secret_key: str
    s3_region: str
    bin_dir: str
    node_name: str
    host_ip: str
    pod_cidr: str
    python_image: str

    def as_dict(self) -> dict[str, str | int]:
        return dataclasses.asdict(self)

    def as_environment(self) -> dict[str, str]:
        """Return the variables by which other tools find the cluster and its storage."""
        direct = f"localhost,127.0.0.1,10.96.0.0/16,{self.pod_cidr},{self.s3_endpoint.split('/')[2].split(':')[0]}"
        return {
            "KUBECONFIG": self.kubeconfig,
            "AWS_ENDPOINT_URL": self.s3_endpoint,
            "AWS_ACCESS_KEY_ID": self.s3_access_key,
            "AWS_SECRET_ACCESS_KEY": self.s3_secret_key,
            "AWS_DEFAULT_REGION": self.s3_region,
            "NO_PROXY": direct,
            "no_proxy": direct,
        }


class Testbed:
    """One instance by its name."""

    __test__: ClassVar[bool] = False  # pytest would collect a class of this name

    def __init__(self, name: str = "default") -> None:
        self.name = name

    @classmethod
    def of_environment(cls) -> Self:
        """Return the one that GRIDFOLD_TESTBED_NAME names; of tests that run side by side each process has its own."""
        parts = (os.environ.get("GRIDFOLD_TESTBED_NAME", "default"), os.environ.get("PYTEST_XDIST_WORKER"))
        return cls("-".join(filter(None, parts)))

    def up(self, *, quick_jobs: bool = False) -> Description:
        """Start what is not up, on demand with a quick Job controller, and return when all of it is ready."""
        return _describe(cluster.up(self.name, quick_jobs=quick_jobs))

    def down(self) -> bool:
        """End it and remove all it left; return whether there was anything."""
        return cluster.down(self.name)

    @contextmanager
    def borrowed(self, *, quick_jobs: bool = False) -> Iterator[Description]:
        """Have it up; one that was not up before is ended afterwards, unless GRIDFOLD_TESTBED_KEEP is 1."""
        was_up = self.is_up()
        try:
            yield self.up(quick_jobs=quick_jobs)
        finally:
            if not was_up and os.environ.get("GRIDFOLD_TESTBED_KEEP") != "1":
                self.down()

    def is_up(self) -> bool:
        found = instance.load(self.name)
        return found is not None and namespace.alive(found)

    def instance(self) -> Instance:
        """Return the running instance, or raise NotRunningError."""
        found = instance.load(self.name)
        if found is None or not namespace.alive(found):
            raise NotRunningError(f"No instance {self.name!r} is up: `python -m tests.testbed up --name {self.name}`.")
        return found

    def describe(self) -> Description:
        return _describe(self.instance())

    def load_images(self) -> dict[str, str]:
        """Build the project's images as the sources are now, import them, and return their names."""
        running = self.instance()
        built = project_images.ensure()
        images.load_into(running, built.values())
        return {name: image.reference for name, image in built.items()}


def _describe(found: Instance) -> Description:
    return Description(
        name=found.name,
        instance_id=found.id,
        process=found.init_pid or 0,
        kubeconfig=str(found.kubeconfig),
        api_server=found.api_url,
        s3_endpoint=found.s3_url,
        s3_access_key=found.access_key,
        s3_secret_key=found.secret_key,
        s3_region=REGION,
        bin_dir=found.bin_dir,
        node_name=found.node_name,
        host_ip=found.addresses.host_ip,
        pod_cidr=found.addresses.pod_cidr,
        python_image=images.python_image().reference,
    )
