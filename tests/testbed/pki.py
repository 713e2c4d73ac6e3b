"""Certificates of an instance, by openssl: an authority, the API server, its identity towards kubelet."""

from pathlib import Path

from tests.testbed.addresses import SERVICE_IP
from tests.testbed.instance import S3_DOMAIN, Instance
from tests.testbed.paths import CONFIG
from tests.testbed.shell import environment, run

_DAYS = "30"
_NEW_KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")


def write(instance: Instance) -> None:
    """Write all keys and certificates under the instance's `pki` folder."""
    folder = instance.state / "pki"
    folder.mkdir(exist_ok=True)
    _certificate(folder, "ca", "authority", name="testbed-ca")
    # In-cluster clients come through the Service's address: it must be among the names.
    names = [
        *("DNS:localhost", "DNS:kubernetes", "DNS:kubernetes.default", "DNS:kubernetes.default.svc"),
        *("IP:127.0.0.1", f"IP:{SERVICE_IP}", f"IP:{instance.addresses.node_ip}"),
    ]
    _certificate(folder, "api", "server", name="kube-apiserver", names=",".join(names))
    s3_names = (f"IP:{instance.addresses.node_ip}", f"DNS:{S3_DOMAIN}", f"DNS:*.{S3_DOMAIN}")
    _certificate(folder, "s3", "server", name="s3", names=",".join(s3_names))
    _certificate(folder, "api-client", "client", name="kube-apiserver-kubelet-client", group="system:masters")
    run(["openssl", "ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", folder / "sa.key"])


def write_server(instance: Instance, name: str) -> None:
    """Write the key and the certificate of a further server at the node's address: `pki/NAME.key`, `pki/NAME.crt`."""
    _certificate(instance.state / "pki", name, "server", name=name, names=f"IP:{instance.addresses.node_ip}")


def _certificate(
    folder: Path, file: str, kind: str, *, name: str, group: str = "testbed", names: str = "DNS:unused"
) -> None:
    """Make a key and a certificate; all but the authority's own are signed by it."""
    env = environment(CERT_NAME=name, CERT_GROUP=group, CERT_SANS=names)
    signer: list[str | Path] = [] if file == "ca" else ["-CA", folder / "ca.crt", "-CAkey", folder / "ca.key"]
    out: list[str | Path] = ["-keyout", folder / f"{file}.key", "-out", folder / f"{file}.crt"]
    kind_of: list[str | Path] = ["-config", CONFIG / "openssl.cnf", "-extensions", kind]
    run(["openssl", "req", "-x509", *_NEW_KEY, *kind_of, *signer, "-days", _DAYS, *out], env=env)
