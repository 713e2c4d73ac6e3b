"""What is in an image, read from its OCI archive: its digest, Debian's packages, Python's packages."""

import json
import re
import tarfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from email import message_from_string
from pathlib import Path
from typing import Any

from packaging.utils import canonicalize_name

_STATUS = re.compile(r"var/lib/dpkg/(status|status\.d/[^/]+)")
_RELEASE = "usr/lib/os-release"
_OURS = "opt/gridfold/"  # where the Dockerfiles install
_METADATA = re.compile(r".*/([^/]+)-([^/-]+)\.dist-info/METADATA")
_SOURCE = re.compile(r"(\S+)(?: \((\S+)\))?")


@dataclass(frozen=True)
class DebianPackage:
    """An installed package, and the source package that it was built from, which advisories name."""

    name: str
    version: str
    architecture: str
    source: str
    source_version: str


@dataclass(frozen=True)
class Contents:
    """The digest by which a registry knows the image, and what is in it."""

    digest: str
    distribution: str  # debian-12; "" where nothing says so
    debian: list[DebianPackage]
    python: set[tuple[str, str]]  # name and version of those that we have installed
    base_python: set[tuple[str, str]]  # and of those that the base has, such as pip


def read_archive(path: Path) -> Contents:
    """Return what is in an archive of one image."""
    with tarfile.open(path) as archive:
        (stated,) = json.loads(_member(archive, "index.json"))["manifests"]
        texts, names = _files(archive, json.loads(_blob(archive, stated["digest"])))
    release = dict(re.findall(r'^(\w+)="?(.*?)"?$', texts.pop(_RELEASE, ""), re.MULTILINE))
    return Contents(
        stated["digest"],
        "-".join(release[key] for key in ("ID", "VERSION_ID") if key in release),
        sorted((package for text in texts.values() for package in _installed(text)), key=lambda one: one.name),
        _packages(name for name in names if name.startswith(_OURS)),
        _packages(name for name in names if not name.startswith(_OURS)),
    )


def _packages(names: Iterable[str]) -> set[tuple[str, str]]:
    return {(canonicalize_name(found[1]), found[2]) for name in names if (found := _METADATA.fullmatch(name))}


def _files(archive: tarfile.TarFile, manifest: dict[str, Any]) -> tuple[dict[str, str], set[str]]:
    """Return the texts that tell of Debian's packages, and all names; what a later layer has counts."""
    texts: dict[str, str] = {}
    names: set[str] = set()
    for layer in manifest["layers"]:
        blob = archive.extractfile(_path(layer["digest"]))
        with tarfile.open(fileobj=blob, mode="r|*") as opened:
            for member in opened:
                name = member.name.removeprefix("./")
                names.add(name)
                if member.isreg() and (name == _RELEASE or _STATUS.fullmatch(name)):
                    texts[name] = opened.extractfile(member).read().decode("utf-8")  # type: ignore[union-attr]
    return texts, names


def _installed(text: str) -> Iterator[DebianPackage]:
    for paragraph in re.split(r"\n\n+", text.strip()):
        fields = message_from_string(paragraph)
        if fields.get("Status", "install ok installed").endswith(" installed") and "Version" in fields:
            source = _SOURCE.fullmatch(fields.get("Source", fields["Package"]))
            if source is None:
                raise ValueError(f"Debian's package {fields['Package']} is of an unreadable source: {fields['Source']}")
            version = fields["Version"]
            yield DebianPackage(fields["Package"], version, fields["Architecture"], source[1], source[2] or version)


def _path(digest: str) -> str:
    return f"blobs/{digest.replace(':', '/')}"


def _blob(archive: tarfile.TarFile, digest: str) -> bytes:
    return _member(archive, _path(digest))


def _member(archive: tarfile.TarFile, name: str) -> bytes:
    file = archive.extractfile(name)
    if file is None:
        raise ValueError(f"{name} is no file in the image's archive.")
    return file.read()
