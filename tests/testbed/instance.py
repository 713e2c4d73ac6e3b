"""What is known of an instance: written down before anything is started, so that `down` always finds it."""

import dataclasses
import json
import secrets
import zlib
from dataclasses import dataclass
from pathlib import Path

from tests.testbed import addresses, paths
from tests.testbed.addresses import Addresses

REGION = "us-east-1"
S3_PORT = 7070
S3_TLS_PORT = 7071
S3_DOMAIN = "s3.testbed"  #: buckets of the TLS server are hosts below it; nothing resolves them
API_PORT = 6443


@dataclass(frozen=True)
class Instance:
    """One cluster: its identity, its secrets, its addresses."""

    name: str
    id: str
    slot: int
    bin_dir: str
    token: str
    access_key: str
    secret_key: str
    init_pid: int | None = None  # process 1 of its namespaces, by the machine's numbers
    init_start: int | None = None  # … and its start time: a number alone is used again

    @property
    def state(self) -> Path:
        return paths.instance(self.name)

    @property
    def root(self) -> Path:
        """The file system of its namespaces, as the machine sees it."""
        return Path("/proc", str(self.init_pid), "root")

    @property
    def containerd_socket(self) -> Path:
        return self.root / "run" / "containerd" / "containerd.sock"

    @property
    def addresses(self) -> Addresses:
        return Addresses(self.slot)

    @property
    def cgroup(self) -> str:
        return f"gridfold-{self.id}"

    @property
    def link(self) -> str:
        """The machine's end of the link; a name has at most 15 characters."""
        return f"gf{self.id}h"

    @property
    def peer_link(self) -> str:
        return f"gf{self.id}n"

    @property
    def node_name(self) -> str:
        return "node-0"

    @property
    def kubeconfig(self) -> Path:
        return self.state / "kubeconfig"

    @property
    def api_url(self) -> str:
        return f"https://{self.addresses.node_ip}:{API_PORT}"

    @property
    def s3_url(self) -> str:
        return f"http://{self.addresses.node_ip}:{S3_PORT}"

    @property
    def s3_tls_url(self) -> str:
        return f"https://{self.addresses.node_ip}:{S3_TLS_PORT}"

    @property
    def tls_keys(self) -> tuple[str, str]:
        """The second S3 server's access key and secret key: the first server does not know them."""
        return self.access_key[::-1], self.secret_key[::-1]

    @property
    def audit_log(self) -> Path:
        """What service accounts have written at the API server, an event in each line."""
        return self.state / "log" / "audit.log"

    @property
    def quick_jobs(self) -> Path:
        """A file that is there if its Job controller is as quick as in Kubernetes's own tests."""
        return self.state / "quick-jobs"

    def log(self, component: str) -> Path:
        return self.state / "log" / f"{component}.log"

    def save(self) -> None:
        """Write it down whole or not at all; its secrets are for root alone."""
        self.state.mkdir(parents=True, exist_ok=True)
        self.state.chmod(0o700)
        fresh = self.state / "instance.json.new"
        fresh.write_text(json.dumps(dataclasses.asdict(self), indent=1))
        fresh.rename(self.state / "instance.json")


def load(name: str) -> Instance | None:
    """Return the instance of that name, up or not, or None if there is none."""
    try:
        return Instance(**json.loads((paths.instance(name) / "instance.json").read_text()))
    except FileNotFoundError:
        return None


def create(name: str, bin_dir: Path) -> Instance:
    """Reserve a name and addresses, and draw an id and secrets."""
    taken = {found.slot for found in everyone()}
    chosen = addresses.choose(zlib.crc32(name.encode()) % addresses.SLOTS, taken)
    made = Instance(
        name=name,
        id=secrets.token_hex(4),
        slot=chosen.slot,
        bin_dir=str(bin_dir),
        token=secrets.token_urlsafe(24),
        access_key=secrets.token_hex(10).upper(),
        secret_key=secrets.token_urlsafe(30),
    )
    made.save()
    return made


def everyone() -> list[Instance]:
    """Return all instances that are written down."""
    folder = paths.cache() / "instances"
    names = sorted(entry.name for entry in folder.iterdir()) if folder.exists() else []
    return [found for name in names if (found := load(name)) is not None]
