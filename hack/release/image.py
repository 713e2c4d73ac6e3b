"""The two images: what they are built from."""

import re
from dataclasses import dataclass
from pathlib import Path

_BASE = re.compile(
    r"(?P<name>[a-z0-9][a-z0-9./:_-]*):(?P<tag>(?P<python>3\.\d+)[\w.-]*)(?:@(?P<digest>sha256:[0-9a-f]{64}))?"
)


@dataclass(frozen=True)
class Image:
    """An image: its Dockerfile, and the requirement files that this installs."""

    name: str
    dockerfile: str
    requirements: tuple[str, ...]


#: As the Dockerfiles install them unless they are told otherwise; a test compares.
IMAGES = (
    Image("gridfold-operator", "operator/Dockerfile", ("operator.txt",)),
    Image("gridfold-trainer", "trainer_image/Dockerfile", ("trainer.txt", "frames.txt")),
)


@dataclass(frozen=True)
class Base:
    """The image that both stand on; its tag tells the Python that requirement files are read for."""

    name: str
    tag: str
    python: str
    digest: str | None

    def __str__(self) -> str:
        return f"{self.name}:{self.tag}" + (f"@{self.digest}" if self.digest else "")


def base(given: str, sources: Path) -> Base:
    """Return the base image that is asked for, or else that of the Dockerfiles."""
    if not given:
        texts = [(sources / image.dockerfile).read_text("utf-8") for image in IMAGES]
        stated = {found for text in texts for found in re.findall(r"^ARG BASE=(\S+)$", text, re.MULTILINE)}
        (given,) = stated
    found = _BASE.fullmatch(given)
    if found is None:
        raise ValueError(
            f"BASE is {given}; expected NAME:TAG or NAME:TAG@sha256:DIGEST with the version of Python at the beginning "
            "of the tag, such as python:3.12-slim."
        )
    return Base(**found.groupdict())


def base_faults(given: str, sources: Path) -> list[str]:
    """Return why there is no such base image."""
    try:
        base(given, sources)
    except ValueError as error:
        return [str(error)]
    return []
