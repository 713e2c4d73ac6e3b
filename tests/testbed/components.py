"""The table of components: what is started, and how it is known that it is ready."""

import shlex
from collections.abc import Callable
from dataclasses import dataclass, field

from tests.testbed.addresses import SERVICE_CIDR
from tests.testbed.instance import API_PORT, REGION, S3_DOMAIN, S3_PORT, S3_TLS_PORT, Instance
from tests.testbed.shell import SYSTEM_PATH
from tests.testbed.waiting import probe

#: What Kubernetes's own tests set in the Job controller, where 1 s and 10 s are written: see `go/kube/main.go`.
QUICK_JOBS = {"JOB_BATCH_PERIOD": "100ms", "JOB_POD_FAILURE_BACKOFF": "2s"}


@dataclass(frozen=True)
class Component:
    """One program of an instance. `missing` returns None when it is ready, or what it does instead."""

    name: str
    argv: tuple[str, ...]
    missing: Callable[[], str | None]
    env: dict[str, str] = field(default_factory=dict)
    mounts: str = ""  # commands in a mount namespace of its own, for what a program looks for at a place of its choice

    def script(self, bin_dir: str) -> str:
        """Return the script that becomes the program: a bare environment, no proxy, no credentials of ours."""
        env = {"PATH": f"{bin_dir}:{SYSTEM_PATH}"} | self.env
        words = [f"{key}={value}" for key, value in env.items()]
        program = f"exec env -i {shlex.join([*words, *self.argv])}"
        return (
            f"exec unshare --mount sh -ec {shlex.quote(f'{self.mounts}; {program}')}\n"
            if self.mounts
            else f"{program}\n"
        )


def foundation(instance: Instance) -> list[Component]:
    """Return what all others stand on."""
    return [_etcd(instance), _apiserver(instance), _containerd(instance), _s3(instance), _s3_tls(instance)]


def controllers(instance: Instance) -> list[Component]:
    """Return what needs an API server to talk to."""
    return [
        _controller_manager(instance),
        _scheduler(instance),
        _kubelet(instance),
        _proxy(instance),
        _kwok(instance),
    ]


def everything(instance: Instance) -> list[Component]:
    return [*foundation(instance), *controllers(instance)]


def _etcd(instance: Instance) -> Component:
    health = f"http://{instance.addresses.node_ip}:2381"
    argv = (
        "etcd",
        f"--data-dir={instance.state}/etcd",
        "--listen-client-urls=http://127.0.0.1:2379",
        "--advertise-client-urls=http://127.0.0.1:2379",
        "--listen-peer-urls=http://127.0.0.1:2380",
        f"--listen-metrics-urls={health}",
        "--unsafe-no-fsync",  # nothing here has to survive a power cut
        "--quota-backend-bytes=8589934592",
        "--log-level=error",
    )
    return Component("etcd", argv, lambda: probe(f"{health}/health"))


def _apiserver(instance: Instance) -> Component:
    pki = instance.state / "pki"
    argv = (
        "kube-apiserver",
        "--etcd-servers=http://127.0.0.1:2379",
        f"--advertise-address={instance.addresses.node_ip}",
        f"--secure-port={API_PORT}",
        f"--tls-cert-file={pki}/api.crt",
        f"--tls-private-key-file={pki}/api.key",
        f"--client-ca-file={pki}/ca.crt",
        f"--kubelet-client-certificate={pki}/api-client.crt",
        f"--kubelet-client-key={pki}/api-client.key",
        "--kubelet-preferred-address-types=InternalIP",  # no name server runs here
        "--service-account-issuer=https://kubernetes.default.svc.cluster.local",
        f"--service-account-key-file={pki}/sa.key",
        f"--service-account-signing-key-file={pki}/sa.key",
        f"--service-cluster-ip-range={SERVICE_CIDR}",
        "--authorization-mode=Node,RBAC",
        f"--token-auth-file={instance.state}/tokens.csv",
        "--allow-privileged=true",
        f"--audit-policy-file={instance.state}/audit.yaml",
        f"--audit-log-path={instance.audit_log}",
    )
    ready = f"{instance.api_url}/readyz"
    return Component("kube-apiserver", argv, lambda: probe(ready, token=instance.token, ca=pki / "ca.crt"))


def _containerd(instance: Instance) -> Component:
    argv = ("containerd", f"--config={instance.state}/containerd.toml")
    return Component("containerd", argv, lambda: _listens(str(instance.containerd_socket)))


def _listens(socket: str) -> str | None:
    """Tell whether somebody accepts connections at a socket that is named by its place in a namespace."""
    import socket as sockets

    with sockets.socket(sockets.AF_UNIX, sockets.SOCK_STREAM) as client:
        try:
            client.connect(socket)
        except OSError as error:
            return f"{socket}: {error}."
    return None


def _s3(instance: Instance) -> Component:
    argv = (
        "versitygw",
        f"--port={instance.addresses.node_ip}:{S3_PORT}",
        f"--region={REGION}",
        "--health=/health",
        "posix",
        f"--sidecar={instance.state}/s3/attributes",  # so that any file system will do
        f"{instance.state}/s3/objects",
    )
    keys = {"ROOT_ACCESS_KEY": instance.access_key, "ROOT_SECRET_KEY": instance.secret_key}
    return Component("versitygw", argv, lambda: probe(f"{instance.s3_url}/health"), keys)


def _s3_tls(instance: Instance) -> Component:
    """Return a second server: with a certificate of our own authority, other keys, and buckets as host names too."""
    pki, folder = instance.state / "pki", instance.state / "s3-tls"
    argv = (
        "versitygw",
        f"--port={instance.addresses.node_ip}:{S3_TLS_PORT}",
        f"--region={REGION}",
        f"--cert={pki}/s3.crt",
        f"--key={pki}/s3.key",
        f"--virtual-domain={S3_DOMAIN}:{S3_TLS_PORT}",  # it is looked for in the Host header, port and all
        "--health=/health",
        "posix",
        f"--sidecar={folder}/attributes",
        f"{folder}/objects",
    )
    access_key, secret_key = instance.tls_keys
    keys = {"ROOT_ACCESS_KEY": access_key, "ROOT_SECRET_KEY": secret_key}
    return Component("versitygw-tls", argv, lambda: probe(f"{instance.s3_tls_url}/health", ca=pki / "ca.crt"), keys)


def _controller_manager(instance: Instance) -> Component:
    argv = (
        "kube-controller-manager",
        *_as_admin(instance),
        f"--service-account-private-key-file={instance.state}/pki/sa.key",
        f"--root-ca-file={instance.state}/pki/ca.crt",
        "--use-service-account-credentials",
        f"--bind-address={instance.addresses.node_ip}",
    )
    return Component(
        "kube-controller-manager", argv, _health(instance, 10257), QUICK_JOBS if instance.quick_jobs.exists() else {}
    )


def _scheduler(instance: Instance) -> Component:
    argv = ("kube-scheduler", *_as_admin(instance), f"--bind-address={instance.addresses.node_ip}")
    return Component("kube-scheduler", argv, _health(instance, 10259))


def _as_admin(instance: Instance) -> tuple[str, ...]:
    """Return the flags of a controller that has the only replica and must not be the slow part of a test."""
    kubeconfigs = ("kubeconfig", "authentication-kubeconfig", "authorization-kubeconfig")
    return (
        *(f"--{flag}={instance.kubeconfig}" for flag in kubeconfigs),
        "--leader-elect=false",
        "--kube-api-qps=500",
        "--kube-api-burst=1000",
    )


def _kubelet(instance: Instance) -> Component:
    argv = (
        "kubelet",
        f"--config={instance.state}/kubelet.yaml",
        f"--kubeconfig={instance.kubeconfig}",
        f"--hostname-override={instance.node_name}",
        f"--node-ip={instance.addresses.node_ip}",
        f"--root-dir={instance.state}/kubelet",
        f"--cert-dir={instance.state}/kubelet/pki",
        "--v=2",
    )
    return Component("kubelet", argv, _health(instance, 10248, scheme="http"))


def _proxy(instance: Instance) -> Component:
    argv = (
        "kube-proxy",
        f"--kubeconfig={instance.kubeconfig}",
        "--proxy-mode=iptables",
        f"--cluster-cidr={instance.addresses.pod_cidr}",
        f"--hostname-override={instance.node_name}",
        f"--healthz-bind-address={instance.addresses.node_ip}:10256",
        # Zero leaves the machine's own connection tracking as it is.
        "--conntrack-max-per-core=0",
        "--conntrack-tcp-timeout-established=0",
        "--conntrack-tcp-timeout-close-wait=0",
    )
    return Component("kube-proxy", argv, _health(instance, 10256, scheme="http"))


def _kwok(instance: Instance) -> Component:
    argv = (
        "kwok",
        f"--kubeconfig={instance.kubeconfig}",
        f"--config={instance.state}/kwok-nodes.yaml",
        f"--config={instance.state}/kwok-pods.yaml",
        "--manage-all-nodes=false",
        "--manage-nodes-with-annotation-selector=kwok.x-k8s.io/node=fake",
        f"--node-ip={instance.addresses.node_ip}",
        "--cidr=10.203.0.1/16",  # simulated pods' addresses lead nowhere
        f"--server-address={instance.addresses.node_ip}:10247",
    )
    return Component("kwok", argv, _health(instance, 10247, scheme="http"))


def _health(instance: Instance, port: int, scheme: str = "https") -> Callable[[], str | None]:
    url = f"{scheme}://{instance.addresses.node_ip}:{port}/healthz"
    return lambda: probe(url)
