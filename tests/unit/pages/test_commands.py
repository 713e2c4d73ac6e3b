"""Each command of a page is there, with its options, and a shell reads it as it is meant."""

import re
import shlex
from collections.abc import Iterator
from itertools import groupby, pairwise
from pathlib import Path
from typing import Any

import click
import pytest
import yaml

from gridfold_cli.commands.group import gridfold
from tests.unit.pages.fences import FENCES, PAGES, ROOT, Fence, every

MAKEFILE = (ROOT / "Makefile").read_text("utf-8")
VALUES = yaml.safe_load((ROOT / "charts/gridfold/values.yaml").read_text("utf-8"))
KUBECTL = {"apply", "auth", "delete", "describe", "diff", "explain", "get", "logs", "rollout", "wait"}
HELM = {"get", "install", "rollback", "uninstall", "upgrade"}
#: What of a page's other words is a command of one of these programs: in prose, between backquotes.
PROSE = re.compile(r"`((?:--set|gridfold|helm|make) [^`]+)`")
_QUOTED = r"""'[^']*'|"(?:\\.|[^"\\])*\""""
_PUNCTUATION = "();<>|&\n"


def commands(text: str) -> Iterator[list[str]]:
    """Yield the words of each command of a shell's text, those in loops, pipes and substitutions, too."""
    text = re.sub(rf"({_QUOTED})|(?<!\S)#[^\n]*", lambda found: found[1] or "", text)
    lexer = shlex.shlex(text.replace("\\\n", " "), posix=True, punctuation_chars=_PUNCTUATION)
    lexer.whitespace, lexer.whitespace_split, lexer.commenters = " \t", True, ""
    for apart, words in groupby(lexer, lambda word: set(word) <= set(_PUNCTUATION)):
        if not apart:
            found = list(words)
            found = found[1:] if found[0] in {"do", "then"} else found
            if found:
                yield found


def typed(fence: Fence) -> str:
    """Return what is typed: of a console's lines those behind the prompt."""
    if fence.language == "sh":
        return fence.text
    return "".join(f"{line}\n" for line in re.findall(r"^\$ (.*)$", fence.text, re.MULTILINE))


def problems(text: str) -> list[str]:
    """Return what is wrong with a shell's text."""
    bare = re.sub(_QUOTED, "", text)
    found = [
        f"{word}: a shell expands these braces; quote it" for word in re.findall(r"\S*(?<!\$)\{\S+,\S*\}\S*", bare)
    ]
    found += ["something goes on in the background" for _ in re.findall(r"(?<!&)&(?!&|>)", bare)]
    judges = {"gridfold": of_gridfold, "make": of_make, "helm": of_helm, "kubectl": of_kubectl}
    for words in commands(text):
        judge = judges.get(words[0].removeprefix(".venv/bin/"))
        found += judge(words[1:]) if judge else []
    return found


def of_gridfold(words: list[str]) -> list[str]:
    command = gridfold.get_command(click.Context(gridfold), words[0])
    if command is None:
        return [f"gridfold {words[0]} is not there"]
    try:
        command.make_context(words[0], words[1:])
    except click.UsageError as error:
        return [f"gridfold {shlex.join(words)}: {error.format_message()}"]
    return []


def of_make(words: list[str]) -> list[str]:
    targets = [word for word in words if "=" not in word]
    names = [word.partition("=")[0] for word in words if "=" in word]
    return [
        *(f"make {name} is not there" for name in targets if not re.search(rf"(?m)^{name}:.*##", MAKEFILE)),
        *(f"{name}= is not read by make" for name in names if not re.search(rf"\b{name}=|\$\({name}\)", MAKEFILE)),
    ]


def of_helm(words: list[str]) -> list[str]:
    settings = [setting for before, setting in pairwise(words) if before == "--set"]
    charts = [word for word in words if word.startswith("charts/")]
    return [
        *([] if HELM & {*words} else [f"helm {shlex.join(words)}: it has no command of {sorted(HELM)}"]),
        *(f"{setting} is no value of the chart" for setting in settings if not is_value(setting.partition("=")[0])),
        *(f"{chart} is not there" for chart in charts if not (ROOT / chart).is_dir()),
    ]


def is_value(name: str) -> bool:
    """Tell whether the chart has a value of this name; what stands below an empty map is the user's."""
    found: Any = VALUES
    for part in re.sub(r"\[\d+\]", "", name).split("."):
        if found == {}:
            return True
        if not isinstance(found, dict) or part not in found:
            return False
        found = found[part]
    return True


def of_kubectl(words: list[str]) -> list[str]:
    return [] if KUBECTL & {*words} else [f"kubectl {shlex.join(words)}: it has no command of {sorted(KUBECTL)}"]


@every("sh", "console")
def test_a_command_of_a_page_can_be_typed(fence: Fence) -> None:
    assert problems(typed(fence)) == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_a_command_in_prose_has_the_options_that_it_names(page: Path) -> None:
    """Arguments may be left out there: it is told what a command is for."""
    found = []
    text = re.sub(r"^( *)```.*?^\1```$", "", page.read_text("utf-8"), flags=re.DOTALL | re.MULTILINE)
    for span in (span.replace("\n", " ") for span in PROSE.findall(text)):
        words = next(commands(span.replace("\\|", "/")))
        if words[0] == "gridfold":
            found += unknown(words[1:])
        elif words[0] == "make":
            found += of_make(words[1:])
        elif words[0] == "--set":
            found += problems(f"helm upgrade {span}")
    assert found == []


def unknown(words: list[str]) -> list[str]:
    """Return what a command does not have, of one whose arguments are left out."""
    if words[0].isupper():  # COMMAND, any of them
        return []
    command = gridfold.get_command(click.Context(gridfold), words[0])
    if command is None:
        return [f"gridfold {words[0]} is not there"]
    known = {name for option in command.params for name in (*option.opts, *option.secondary_opts)} | {"--help"}
    return [f"gridfold {words[0]} has no {word}" for word in words if word.startswith("-") and word not in known]


def test_what_a_program_prints_is_not_taken_for_what_is_typed() -> None:
    starts = re.compile(r"^(?:python|gridfold|kubectl|helm|make) ", re.MULTILINE)
    assert [str(fence) for fence in FENCES if not fence.language and starts.search(fence.text)] == []


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("helm upgrade gridfold charts/gridfold --set trainer.allowedEndpoints={a,b}", "quote it"),
        ("helm upgrade gridfold charts/gridfold --set kueue.enable=true", "kueue.enable=true is no value"),
        ("helm upgrade gridfold charts/gridfolt", "charts/gridfolt is not there"),
        ("kubectl port-forward deployment/gridfold 8080 & curl localhost:8080", "background"),
        ("make image", "make image is not there"),
        ("make images REGISTER=here", "REGISTER= is not read"),
        ("gridfold result churn", "gridfold result is not there"),
        ("gridfold results churn --name-space team-a   # what it's for", "No such option"),
        ("gridfold results", "Missing argument"),
        ("for name in a b; do\n  gridfold watch\ndone", "Missing argument"),
    ],
)
def test_what_is_wrong_is_told(text: str, words: str) -> None:
    assert any(words in problem for problem in problems(text)), problems(text)


@pytest.mark.parametrize(
    "text",
    [
        "helm upgrade gridfold charts/gridfold --set 'trainer.allowedEndpoints={a,b}' --set nodeSelector.pool=a",
        "gridfold results churn -n team-a && make check   # that's it",
        'for pod in $(kubectl get pods -o name); do\n  kubectl get --raw "/${pod#pod/}:8080"\ndone',
    ],
)
def test_what_is_right_is_not_refused(text: str) -> None:
    assert problems(text) == []
