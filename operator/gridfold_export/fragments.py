"""Fragments of a script: imports at the top of each file, then code with `$name` where the job's words go."""

import sys
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from string import Template

from gridfold_export.literals import LINE_CHARACTERS

_SUFFIX = ".py.txt"


@dataclass(frozen=True)
class Fragment:
    """A part of a script and what it imports."""

    code: str
    imports: tuple[str, ...] = ()  #: import statements of one name each


def load(name: str, /, **words: str) -> Fragment:
    """Return a fragment of the package with its words filled in; a word that is missing is an error."""
    lines = _read(name).splitlines()
    count = next((number for number, line in enumerate(lines) if not line.startswith(("import ", "from "))), 0)
    imports = tuple(single for line in lines[:count] for single in _singles(line))
    return Fragment(Template("\n".join(lines[count:]).strip("\n")).substitute(words), imports)


def merge_imports(fragments: list[Fragment]) -> str:
    """Return all imports of some fragments as isort orders them: standard library first, names of a module together."""
    statements = {statement for fragment in fragments for statement in fragment.imports}
    blocks = [[s for s in statements if _is_standard(s)], [s for s in statements if not _is_standard(s)]]
    return "\n\n".join(_block(block) for block in blocks if block)


def _block(statements: list[str]) -> str:
    plain = sorted(statement for statement in statements if statement.startswith("import "))
    modules: dict[str, list[str]] = {}
    for statement in statements:
        if statement.startswith("from "):
            _, module, _, name = statement.split(" ", 3)
            modules.setdefault(module, []).append(name)
    return "\n".join([*plain, *(_from(module, sorted(modules[module], key=_order)) for module in sorted(modules))])


def _from(module: str, names: list[str]) -> str:
    line = f"from {module} import {', '.join(names)}"
    if len(line) <= LINE_CHARACTERS:
        return line
    return "\n".join([f"from {module} import (", *(f"    {name}," for name in names), ")"])


def _order(name: str) -> tuple[int, str]:
    """Return isort's order: constants, classes, functions."""
    if name.isupper() and len(name) > 1:
        return 0, name
    return (1 if name[0].isupper() else 2), name


def _singles(line: str) -> list[str]:
    """Return an import line as statements of one name each."""
    if line.startswith("import "):
        return [line]
    module, _, names = line.partition(" import ")
    return [f"{module} import {name.strip()}" for name in names.split(",")]


def _is_standard(statement: str) -> bool:
    return statement.split()[1].partition(".")[0] in sys.stdlib_module_names


@cache
def _read(name: str) -> str:
    return (files(__package__) / "templates" / f"{name}{_SUFFIX}").read_text(encoding="utf-8")
