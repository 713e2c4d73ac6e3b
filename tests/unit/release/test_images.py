"""For which architectures images are built, on which base, and what is said of those that cannot be."""

import io
import sys
import tarfile
from pathlib import Path

import pytest
from hack.release import images
from hack.release.archives import rewrite
from hack.release.image import Base, base, base_faults

ROOT = Path(__file__).parents[3]
HERE = sys.executable  # a program that is there
NO_ARM = (
    "No image for arm64 can be built here: this machine is amd64 and cannot run programs of arm64. Install QEMU's user "
    "mode (Debian, Ubuntu: qemu-user-static), or build on another machine."
)


@pytest.fixture(autouse=True)
def machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A machine of amd64 without QEMU; its folder of what the kernel knows of other machines' programs."""
    monkeypatch.setattr(images.platform, "machine", lambda: "x86_64")
    monkeypatch.setattr(images, "_BINFMT", tmp_path)
    return tmp_path


def test_a_machine_builds_for_itself_and_says_what_is_left_out() -> None:
    assert images.faults("", HERE) == []
    assert images.architectures("") == ["amd64"]
    assert images.left_out("") == [NO_ARM]


@pytest.mark.parametrize(("handler", "both"), [("enabled\ninterpreter /usr/bin/qemu\n", True), ("disabled\n", False)])
def test_a_machine_with_qemu_builds_for_both(machine: Path, handler: str, both: bool) -> None:
    (machine / "qemu-aarch64").write_text(handler)
    assert images.architectures("") == (["amd64", "arm64"] if both else ["amd64"])
    assert images.left_out("") == ([] if both else [NO_ARM])
    assert images.faults("amd64,arm64", HERE) == ([] if both else [NO_ARM])


def test_an_architecture_that_was_named_is_never_left_out() -> None:
    assert images.faults("arm64", HERE) == [NO_ARM]
    assert images.faults("amd64", HERE) == []
    assert (images.architectures("amd64"), images.left_out("amd64")) == (["amd64"], [])


@pytest.mark.parametrize("asked", ["arm", "amd64, arm64", "amd64,", "x86_64", "amd64,none"])
def test_an_architecture_that_is_none_is_refused(asked: str) -> None:
    (fault,) = images.faults(asked, HERE)
    assert fault == f"ARCHITECTURES is {asked}; expected amd64 or arm64, both with a comma between, or none."


def test_without_buildah_no_image_is_built_only_where_none_was_asked_for() -> None:
    (fault,) = images.faults("", "no-such-buildah")
    assert fault == "no-such-buildah is not on the path; install it, or build no images: ARCHITECTURES=none"
    assert images.faults("none", "no-such-buildah") == []
    assert images.architectures("none") == images.left_out("none") == []


@pytest.mark.parametrize(
    ("given", "read"),
    [
        ("", Base("python", "3.12-slim", "3.12", None)),
        ("python:3.13", Base("python", "3.13", "3.13", None)),
        (
            "mirror.example.com:5000/a/python:3.12.4-slim",
            Base("mirror.example.com:5000/a/python", "3.12.4-slim", "3.12", None),
        ),
        (f"python:3.12-slim@sha256:{'a' * 64}", Base("python", "3.12-slim", "3.12", f"sha256:{'a' * 64}")),
    ],
)
def test_the_tag_of_the_base_tells_its_python(given: str, read: Base) -> None:
    assert base(given, ROOT) == read
    assert str(read) == given or not given
    assert base_faults(given, ROOT) == []


@pytest.mark.parametrize(
    "given", ["python", "python:slim", "python:latest", "python@sha256:" + "a" * 64, "python:3.12@sha256:1"]
)
def test_a_base_that_does_not_tell_its_python_is_refused(given: str) -> None:
    assert base_faults(given, ROOT) == [
        f"BASE is {given}; expected NAME:TAG or NAME:TAG@sha256:DIGEST with the version of Python at the beginning of "
        "the tag, such as python:3.12-slim."
    ]


def test_an_archive_is_the_same_whatever_the_order_times_and_owners(tmp_path: Path) -> None:
    def packed(name: str, names: list[str], time: int, mode: int, user: int) -> bytes:
        with tarfile.open(tmp_path / name, "w") as archive:
            for each in names:
                member = tarfile.TarInfo(each)
                member.mtime, member.mode, member.uid, member.uname = time, mode, user, f"user{user}"
                member.type, member.size = (tarfile.DIRTYPE, 0) if each == "a" else (tarfile.REGTYPE, 3)
                archive.addfile(member, io.BytesIO(each[-3:].encode()))
        written = io.BytesIO()
        rewrite(tmp_path / name, written, epoch=7)
        return written.getvalue()

    one, two = (
        packed("1.tar", ["a", "a/one", "a/two"], 1, 0o600, 0),
        packed("2.tar", ["a/two", "a", "a/one"], 2, 0o664, 9),
    )
    assert one == two
    with tarfile.open(fileobj=io.BytesIO(one)) as archive:
        assert [(found.name, found.mtime, found.mode) for found in archive] == [
            ("a", 7, 0o755), ("a/one", 7, 0o644), ("a/two", 7, 0o644)
        ]  # fmt: skip
        assert archive.extractfile("a/two").read() == b"two"  # type: ignore[union-attr]


def test_an_archive_with_a_link_is_refused(tmp_path: Path) -> None:
    link = tarfile.TarInfo("a")
    link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
    with tarfile.open(tmp_path / "1.tar", "w") as archive:
        archive.addfile(link)
    with pytest.raises(ValueError, match="a is neither a file nor a folder"):
        rewrite(tmp_path / "1.tar", io.BytesIO(), epoch=7)
