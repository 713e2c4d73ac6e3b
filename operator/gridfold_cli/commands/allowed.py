"""Whether a platform allows the job of a file, judged by its settings and without a cluster."""

import json
from collections.abc import Sequence
from pathlib import Path

import click

from gridfold.domain.tenancy.judging import PlatformRules
from gridfold_cli.commands.namespaces import named_namespace
from gridfold_cli.errors import InvalidInputError
from gridfold_cli.reading.documents import JobFile
from gridfold_cli.reading.platform import load_rules
from gridfold_cli.terminal.say import say


def load_platform(settings: Path | None, namespace: str, labels: Sequence[str]) -> PlatformRules | None:
    """Return what a platform allows by a file of its settings, None without one.

    Raises:
        InvalidInputError: it is no such file.
        click.UsageError: options that need one are given without it.
    """
    if settings is not None:
        return load_rules(settings)
    if namespace or labels:
        raise click.UsageError("-n and --namespace-label say whose limits count: give --settings FILE with them.")
    return None


def check_allowed(file: JobFile, rules: PlatformRules, namespace: str, labels: Sequence[str]) -> str:
    """Return in words that a valid job is allowed, and what is filled in.

    Raises:
        InvalidInputError: with all that is not allowed, or why that cannot be known.
        click.BadParameter: a label is none.
    """
    chosen = named_namespace(file.resource, namespace, file.path) or namespace
    if not chosen:
        raise InvalidInputError(
            f"{file.path}: has no metadata.namespace, and what is allowed depends on it; give -n NAME"
        )
    carried = dict(_label(given) for given in labels)
    if rules.tenancy.selectors and not carried:
        say(f"{file.path}: limits by labels were not looked at; give each --namespace-label of {chosen}", err=True)
    problems, filled = rules.judge(file.resource, chosen, carried)
    if problems:
        raise InvalidInputError(*file.tell(problems))
    told = f"; what spec.execution leaves open becomes {json.dumps(filled)}" if filled else ""
    return f"allowed in namespace {chosen}{told}"


def _label(given: str) -> tuple[str, str]:
    key, equals, value = given.partition("=")
    if not key or not equals:
        raise click.BadParameter(f"{given}: expected KEY=VALUE", param_hint="--namespace-label")
    return key, value
