"""Write a release into dist/VERSION: make release REGISTRY=… [ARCHITECTURES=…] [BASE=…]."""

import argparse
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from hack.release import chart, checksums, distributions, images, manifests
from hack.release.checks import faults
from hack.release.image import base, base_faults
from hack.release.source import Commit, export
from hack.release.versions import project_version

ROOT = Path(__file__).resolve().parents[2]


def main() -> int:
    """Build everything, print the files, and return the exit code."""
    parser = argparse.ArgumentParser(prog="make release", description=__doc__)
    parser.add_argument("registry", help="where the images will be, for the manifests: registry.example.com/team")
    parser.add_argument("--architectures", default="", help="of the images: amd64,arm64 or none; default: all that can")
    parser.add_argument("--base", default="", help="the image that both stand on; default: that of the Dockerfiles")
    parser.add_argument("--helm", default="helm", help="the program")
    parser.add_argument("--buildah", default="buildah", help="the program")
    given = parser.parse_args()
    if not given.registry:
        parser.error("which registry? For example: make release REGISTRY=registry.example.com/team")
    found = [
        *faults(ROOT, given.helm),
        *base_faults(given.base, ROOT),
        *images.faults(given.architectures, given.buildah),
    ]
    if found:
        sys.stderr.write("No release can be built of this tree:\n" + "".join(f"- {fault}\n" for fault in found))
        return 1
    try:
        folder = _release(given)
    except ValueError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    except subprocess.CalledProcessError as error:
        sys.stderr.write(f"{error}\n{error.stdout or ''}{error.stderr or ''}")
        return 1
    for sentence in images.left_out(given.architectures):
        sys.stderr.write(f"{sentence}\n")
    for file in sorted(folder.iterdir()):
        sys.stdout.write(f"{file}\n")
    return 0


def _release(given: argparse.Namespace) -> Path:
    """Build the commit's release; the folder appears whole, in the place of an earlier one of the same version."""
    from hack.release import sbom  # it needs a library, which the checks have found to be there

    commit, version = Commit.of(ROOT), project_version(ROOT)
    (ROOT / "dist").mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=ROOT / "dist", prefix="release-") as scratch:
        sources, files = Path(scratch, "sources"), Path(scratch, "files")
        files.mkdir()
        export(ROOT, commit, sources)
        built = distributions.build(sources, files, commit)
        chart.package(sources, files, commit, given.helm)
        manifests.write(sources, files, given.registry, version, given.helm)
        under = base(given.base, sources)
        sbom.write(sources, files, version, commit, built, under)
        for image, archive in images.write(sources, files, version, commit, under, given.architectures, given.buildah):
            sbom.write_of_archive(image, archive, sources, version, commit, under)
        checksums.write(files)
        folder = ROOT / "dist" / version
        shutil.rmtree(folder, ignore_errors=True)
        files.rename(folder)
    return folder


if __name__ == "__main__":
    sys.exit(main())
