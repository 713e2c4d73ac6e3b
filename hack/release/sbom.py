"""What each image and the distribution are made of, as CycloneDX.

The lists of the images come from the requirement files with hashes that the images are built from: pip installs these
versions and takes no other file. Of an image that is built, what Debian has in its base is listed, too.
"""

import uuid
import zipfile
from email import message_from_bytes
from pathlib import Path

from cyclonedx.contrib.this.builders import this_component
from cyclonedx.model import ExternalReference, ExternalReferenceType, HashAlgorithm, HashType, XsUri
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentScope, ComponentType
from cyclonedx.output.json import JsonV1Dot6
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from hack.release.checksums import sha256
from hack.release.contents import Contents, DebianPackage, read_archive
from hack.release.distributions import Distributions
from hack.release.image import IMAGES, Base, Image
from hack.release.locks import Locked, read
from hack.release.source import Commit
from packageurl import PackageURL
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name


def write(sources: Path, folder: Path, version: str, commit: Commit, built: Distributions, base: Base) -> None:
    """Write one file for the distribution and one for each image; what the schema does not allow is not written."""
    _write(folder / f"gridfold-{version}.cdx.json", _of_distribution(version, built), commit)
    for image in IMAGES:
        _write(folder / f"{image.name}-{version}.cdx.json", _of_image(image, sources, version, base, None), commit)


def write_of_archive(image: Image, archive: Path, sources: Path, version: str, commit: Commit, base: Base) -> None:
    """Write what is in an image beside its archive; packages that the requirement files do not pin are refused."""
    contents = read_archive(archive)
    pinned = {(package.name, package.version) for package in _packages(image, sources, base)} | {("gridfold", version)}
    for what, packages in (("has", contents.python - pinned), ("lacks", pinned - contents.python)):
        if packages:
            raise ValueError(
                f"{archive.name} {what} {', '.join(' '.join(one) for one in sorted(packages))}, unlike "
                f"{' and '.join(image.requirements)} for Python {base.python}. Does the tag of BASE tell its Python?"
            )
    path = archive.with_name(archive.name.replace(".oci.tar", ".cdx.json"))
    _write(path, _of_image(image, sources, version, base, contents), commit)


def _of_image(image: Image, sources: Path, version: str, base: Base, contents: Contents | None) -> Bom:
    libraries = map(_library, _packages(image, sources, base))
    subject = Component(name=image.name, version=version, type=ComponentType.CONTAINER, bom_ref=image.name)
    if contents:
        subject.hashes = [HashType(alg=HashAlgorithm.SHA_256, content=contents.digest.removeprefix("sha256:"))]
        subject.purl = PackageURL("oci", name=image.name, version=contents.digest, qualifiers={"tag": version})
    return _bom(subject, [_container(base, contents), _gridfold(version), *libraries])


def _packages(image: Image, sources: Path, base: Base) -> list[Locked]:
    files = [sources / "requirements" / name for name in image.requirements]
    return [package for file in files for package in read(file, base.python)]


def _of_distribution(version: str, built: Distributions) -> Bom:
    """List what pip will ask for: the distribution holds nothing but the project, and states ranges of versions."""
    subject = _gridfold(version)
    for file in (built.wheel, built.sdist):
        subject.external_references.add(_distributed(file.name, [sha256(file)]))
    return _bom(subject, [_required(name, ranges) for name, ranges in sorted(_requirements(built.wheel).items())])


def _requirements(wheel: Path) -> dict[str, list[Requirement]]:
    with zipfile.ZipFile(wheel) as archive:
        (name,) = (name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
        stated = message_from_bytes(archive.read(name)).get_all("Requires-Dist", [])
    found: dict[str, list[Requirement]] = {}
    for requirement in map(Requirement, stated):
        if canonicalize_name(requirement.name) != "gridfold":  # an extra that is made of others
            found.setdefault(canonicalize_name(requirement.name), []).append(requirement)
    return found


def _required(name: str, ranges: list[Requirement]) -> Component:
    always = any("extra" not in str(one.marker) for one in ranges)
    return Component(
        name=name,
        type=ComponentType.LIBRARY,
        bom_ref=f"pkg:pypi/{name}",
        purl=PackageURL("pypi", name=name),
        scope=ComponentScope.REQUIRED if always else ComponentScope.OPTIONAL,
        description=", or ".join(sorted(map(str, ranges))),
    )


def _library(package: Locked) -> Component:
    found = _distribution(package.name, package.version, ComponentType.LIBRARY)
    found.external_references.add(_distributed(str(found.purl), package.sha256))  # pip's index is not known
    return found


def _gridfold(version: str) -> Component:
    return _distribution("gridfold", version, ComponentType.APPLICATION)


def _distribution(name: str, version: str, kind: ComponentType) -> Component:
    purl = PackageURL("pypi", name=name, version=version)
    return Component(name=name, version=version, type=kind, bom_ref=str(purl), purl=purl)


def _container(base: Base, contents: Contents | None) -> Component:
    purl = _docker(base)
    return Component(
        name=base.name,
        version=base.tag,
        type=ComponentType.CONTAINER,
        bom_ref=str(purl),
        purl=purl,
        description="The base image." if contents else "The base image; what is in it is not listed here.",
        components=_in_base(contents) if contents else [],
    )


def _in_base(contents: Contents) -> list[Component]:
    python = [PackageURL("pypi", name=name, version=version) for name, version in sorted(contents.base_python)]
    return [*(_debian(package, contents.distribution) for package in contents.debian), *map(_named, python)]


def _named(purl: PackageURL) -> Component:
    library = ComponentType.LIBRARY
    return Component(name=purl.name, version=purl.version, type=library, bom_ref=f"base/{purl}", purl=purl)


def _debian(package: DebianPackage, distribution: str) -> Component:
    qualifiers = {"arch": package.architecture, "distro": distribution}
    qualifiers["upstream"] = f"{package.source}@{package.source_version}"
    return _named(PackageURL("deb", "debian", package.name, package.version, qualifiers))


def _docker(base: Base) -> PackageURL:
    """Name an image as https://github.com/package-url/purl-spec says: a registry but Docker's is a qualifier."""
    *namespace, name = base.name.split("/")
    elsewhere = bool(namespace) and (namespace[0] == "localhost" or any(sign in namespace[0] for sign in ".:"))
    qualifiers = {"repository_url": namespace.pop(0)} if elsewhere else None
    return PackageURL("docker", "/".join(namespace), name, base.digest or base.tag, qualifiers)


def _distributed(where: str, digests: list[str] | tuple[str, ...]) -> ExternalReference:
    hashes = [HashType(alg=HashAlgorithm.SHA_256, content=digest) for digest in digests]
    return ExternalReference(type=ExternalReferenceType.DISTRIBUTION, url=XsUri(where), hashes=hashes)


def _bom(subject: Component, parts: list[Component]) -> Bom:
    bom = Bom(components=parts)
    bom.metadata.component = subject
    bom.metadata.tools.components.add(this_component())
    bom.register_dependency(subject, parts)
    return bom


def _write(path: Path, bom: Bom, commit: Commit) -> None:
    bom.metadata.timestamp = commit.time
    bom.serial_number = uuid.uuid5(uuid.NAMESPACE_URL, f"{commit.hash}/{path.name}")
    text = JsonV1Dot6(bom).output_as_string(indent=2)
    fault = JsonStrictValidator(SchemaVersion.V1_6).validate_str(text)
    if fault is not None:
        raise ValueError(f"{path.name} is not as CycloneDX 1.6 wants it: {fault}")
    path.write_text(f"{text}\n", encoding="utf-8")
