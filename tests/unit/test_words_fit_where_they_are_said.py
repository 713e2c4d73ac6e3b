"""No message of the trainer or the command line speaks of pods on a laptop, or of a laptop in a cluster."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FOLDERS = (
    "trainer_image/gridfold_trainer",
    "operator/gridfold_cli",
    "operator/gridfold/api",
    "operator/gridfold/domain",
)
WORDS = re.compile(r"\b(pods?|Secrets?|ConfigMaps?|laptops?|kubectl|images?|ephemeral|namespaces?)\b")
#: What is only said where it fits, or fits everywhere: the beginning of each file's name, and of the words.
FITTING = {
    "operator/gridfold/domain/": "conditions and Events of a cluster; a laptop shows few of them",
    "operator/gridfold/api/v1alpha1/": "descriptions of fields, which name a laptop where one is meant",
    "operator/gridfold/api/status.py": "descriptions of fields",
    "operator/gridfold/api/conditions.py": "names of reasons",
    "operator/gridfold_cli/cluster/": "what a cluster answers, or why none is found",
    "operator/gridfold_cli/commands/allowed.py": "what a cluster's operator will say",
    "operator/gridfold_cli/commands/delete.py": "a command about a cluster's jobs",
    "operator/gridfold_cli/commands/following_to_end.py": "a command about a cluster's jobs",
    "operator/gridfold_cli/commands/list.py": "a command about a cluster's jobs",
    "operator/gridfold_cli/commands/logs.py": "a command about a cluster's jobs",
    "operator/gridfold_cli/commands/submit.py": "a command about a cluster's jobs",
    "operator/gridfold_cli/commands/first_job.py": "comments of a job that both can run",
    "operator/gridfold_cli/commands/namespaces.py": "what a cluster has, and -n names",
    "operator/gridfold_cli/commands/planned_nodes.py": "what a job asks for in a cluster",
    "operator/gridfold_cli/reading/platform.py": "settings that a cluster has",
    "operator/gridfold_export/": "words of the exported script",
    "trainer_image/gridfold_trainer/asked/kept_logs.py": "asked about jobs of a cluster alone",
    "trainer_image/gridfold_trainer/storage/addresses.py": "refused in a cluster alone",
    "trainer_image/gridfold_trainer/storage/opening.py": "stores of a cluster: a laptop has returned before",
    "trainer_image/gridfold_trainer/data/raw_rows.py": "the program of the model card",
}
SINGLE = {
    "namespace",
    "kubectl gridfold",
    "must be s3://bucket/key, https://host/path or, on a laptop, file:PATH",
}


def said(tree: ast.AST, inside: frozenset[str] = frozenset()) -> Iterator[tuple[str, frozenset[str]]]:
    """Yield every text but docstrings, with the names of the arguments that it is in."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            continue
        names = inside | {node.arg} if isinstance(node, ast.keyword) and node.arg else inside
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value, names
        yield from said(node, names)


def messages() -> Iterator[tuple[str, str]]:
    for folder in FOLDERS:
        for path in sorted((ROOT / folder).rglob("*.py")):
            name = str(path.relative_to(ROOT))
            if name.startswith(tuple(FITTING)):
                continue
            for text, names in said(ast.parse(path.read_text(encoding="utf-8"))):
                if " " in text.strip() and not names & {"cluster", "laptop", "help", "description"}:
                    yield name, text


def test_words_of_one_place_stand_where_the_place_is_asked_for() -> None:
    wrong = [f"{name}: {text}" for name, text in messages() if WORDS.search(text) and text.strip() not in SINGLE]
    assert wrong == []


def test_the_sweep_would_find_one() -> None:
    tree = ast.parse('def f():\n    """A pod."""\n    g(here(cluster="a pod", laptop="x"), f"the pod {1} ran out")')
    assert [text for text, names in said(tree) if WORDS.search(text) and not names & {"cluster"}] == ["the pod "]


@pytest.mark.parametrize("name", sorted(FITTING))
def test_what_is_left_out_is_still_there(name: str) -> None:
    assert (ROOT / name).exists()
