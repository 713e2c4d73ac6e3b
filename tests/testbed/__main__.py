"""The command: `python -m tests.testbed up|down|status|build|images|env|clean` from the project's root."""

import argparse
import json
import shlex
import sys
import time

from tests.testbed import build, buildah, cluster, machine, project_images
from tests.testbed.api import Testbed
from tests.testbed.errors import TestbedError


def main(words: list[str] | None = None) -> int:
    """Run one command; a failure is one message and exit code 1."""
    arguments = _parser().parse_args(words)
    try:
        return int(arguments.run(arguments) or 0)
    except TestbedError as error:
        print(f"testbed: {error}", file=sys.stderr)
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.testbed", description="A real Kubernetes for the tests.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    table = [
        ("up", _up, "start it, or what is missing of it, and return when all is ready"),
        ("down", _down, "end it; nothing stays behind"),
        ("status", _status, "what each component does; exit code 1 unless all are ready"),
        ("env", _env, "how to reach it, as JSON"),
        ("images", _images, "build the project's images as the sources are now, and import them if it is up"),
        ("build", _build, "build the programs only"),
        ("clean", _clean, "remove the image store (builds and instances stay)"),
    ]
    for name, function, told in table:
        command = commands.add_parser(name, help=told, description=told)
        command.set_defaults(run=function)
        command.add_argument("--name", default="default", help="which instance (default: %(default)s)")
        if name == "up":
            quick = "with the quick Job controller that tests have"
            command.add_argument("--quick-jobs", action="store_true", help=quick)
        if name == "env":
            command.add_argument("--shell", action="store_true", help="print export lines for a shell instead")
    return parser


def _up(arguments: argparse.Namespace) -> None:
    started = time.monotonic()
    described = Testbed(arguments.name).up(quick_jobs=arguments.quick_jobs)
    print(f"testbed {described.name} is up after {time.monotonic() - started:.1f} s: {described.api_server}")
    print(f"export KUBECONFIG={shlex.quote(described.kubeconfig)} PATH={shlex.quote(described.bin_dir)}:$PATH")


def _down(arguments: argparse.Namespace) -> None:
    there = Testbed(arguments.name).down()
    print(f"testbed {arguments.name} is down." if there else f"There is no testbed {arguments.name}.")


def _status(arguments: argparse.Namespace) -> int:
    said = cluster.status(arguments.name)
    for component, what in said.items():
        print(f"{component:<24} {what}")
    return 0 if all(what == "ready" for what in said.values()) else 1


def _env(arguments: argparse.Namespace) -> None:
    described = Testbed(arguments.name).describe()
    if not arguments.shell:
        print(json.dumps(described.as_dict(), indent=2))
        return
    for key, value in described.as_environment().items():
        print(f"export {key}={shlex.quote(value)}")
    print(f"export PATH={shlex.quote(described.bin_dir)}:$PATH")


def _images(arguments: argparse.Namespace) -> None:
    machine.require()
    build.build()
    bed = Testbed(arguments.name)
    if bed.is_up():
        built = bed.load_images()
    else:
        built = {name: image.reference for name, image in project_images.ensure().items()}
    print(json.dumps(built, indent=2))


def _build(arguments: argparse.Namespace) -> None:
    print(build.build())


def _clean(arguments: argparse.Namespace) -> None:
    print("The image store is removed." if buildah.free() else "There is no image store.")


if __name__ == "__main__":
    sys.exit(main())
