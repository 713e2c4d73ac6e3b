"""What stands for buildah in tests of a release: it keeps the order of calls, and writes small images.

An image has a base with two packages of Debian and pip, and what the requirement files of its Dockerfile pin. usage: as
buildah's build, push, rmi; the folder of images is the first argument.
"""

import gzip
import hashlib
import io
import itertools
import json
import re
import sys
import tarfile
from pathlib import Path

STATUS = """\
Package: libssl3
Status: install ok installed
Source: openssl (3.0.20-1)
Architecture: amd64
Version: 3.0.20-1+b1
Description: secure sockets
 Package: not-a-package

Package: gone
Status: deinstall ok config-files
Architecture: all
Version: 1

Package: base-files
Status: install ok installed
Architecture: all
Version: 12.4
"""
BASE = {
    "usr/lib/os-release": 'PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\nVERSION_ID="12"\nID=debian\n',
    "var/lib/dpkg/status-old": "Package: old\nStatus: install ok installed\nArchitecture: all\nVersion: 1\n",
    "var/lib/dpkg/status": STATUS,
    "usr/local/lib/python3.12/site-packages/pip-25.1.dist-info/METADATA": "Name: pip",
}


def main(store: Path, verb: str, *words: str) -> None:
    if verb == "build":
        options = dict(itertools.pairwise(words))
        dockerfile = Path(options["--file"])
        image = hashlib.sha256(dockerfile.read_bytes()).hexdigest()
        (store / image).write_bytes(archive(installed(dockerfile, Path(words[-1]))))
        Path(options["--iidfile"]).write_text(f"sha256:{image}")
    elif verb == "push":
        image, where = words
        kind, path, _name = where.split(":", 2)
        assert kind == "oci-archive"
        Path(path).write_bytes((store / image).read_bytes())
    else:
        assert verb == "rmi"
        (store / words[0]).unlink()


def installed(dockerfile: Path, context: Path) -> dict[str, str]:
    """Return the files of the packages that pip would install on Python 3.12."""
    (version,) = re.findall(r'^version = "(.+)"$', (context / "pyproject.toml").read_text(), re.MULTILINE)
    found = {"gridfold": version}
    for name in re.findall(r"-r /opt/gridfold/requirements/(\S+)", dockerfile.read_text()):
        text = (context / "requirements" / name).read_text()
        for package, version, marker in re.findall(r"^(\S+)==(\S+)(?: ; (.*?))? \\$", text, re.MULTILINE):
            if name != "aws.txt" and "win32" not in marker and "< '3.12'" not in marker:
                found[package.replace("-", "_")] = version
    folder = "opt/gridfold/lib/python3.12/site-packages"
    return {f"{folder}/{name}-{version}.dist-info/METADATA": f"Name: {name}" for name, version in found.items()}


def archive(files: dict[str, str]) -> bytes:
    blobs: dict[str, bytes] = {}

    def add(content: bytes) -> dict[str, object]:
        digest = hashlib.sha256(content).hexdigest()
        blobs[f"blobs/sha256/{digest}"] = content
        return {"digest": f"sha256:{digest}", "size": len(content)}

    layers = [add(gzip.compress(tar(each, 0), mtime=0)) for each in (BASE, files)]
    stated = add(json.dumps({"schemaVersion": 2, "layers": layers}).encode())
    return tar({"oci-layout": "{}", **blobs, "index.json": json.dumps({"manifests": [stated]})}, id(blobs) % 1000)


def tar(files: dict[str, str] | dict[str, bytes | str], time: int) -> bytes:
    written = io.BytesIO()
    with tarfile.open(fileobj=written, mode="w") as opened:
        for name, text in files.items():
            content = text if isinstance(text, bytes) else text.encode()
            member = tarfile.TarInfo(name)
            member.size, member.mtime = len(content), time
            opened.addfile(member, io.BytesIO(content))
    return written.getvalue()


if __name__ == "__main__":
    main(Path(sys.argv[1]), *sys.argv[2:])
