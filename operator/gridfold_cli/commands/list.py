"""`gridfold list`: the TrainingJobs of a namespace."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from gridfold.api.conditions import ConditionType
from gridfold.domain.durations import format_duration
from gridfold_cli.commands.cluster_options import Connect, cluster_options
from gridfold_cli.commands.examples import examples
from gridfold_cli.terminal.output import result_console
from gridfold_cli.terminal.say import say

HEADERS = ("NAME", "STATE", "REASON", "PROGRESS", "BEST", "OBJECTIVE", "TARGETS", "AGE")


@click.command(
    "list",
    short_help="List the TrainingJobs of a namespace.",
    epilog=examples("gridfold list", "gridfold list -A --context staging"),
)
@click.option("-A", "--all-namespaces", "everywhere", is_flag=True, help="Of all namespaces.")
@cluster_options
def list_(*, connect: Connect, everywhere: bool) -> None:
    """List the TrainingJobs of a namespace, as `kubectl get tj` does."""
    with connect() as jobs:
        found = sorted(jobs.all(everywhere=everywhere), key=_place)
        namespace = jobs.namespace
    if not found:
        where = "in any namespace" if everywhere else f"in the namespace {namespace}"
        say(f"There are no TrainingJobs {where}; `gridfold submit JOB.yaml` makes one.", err=True)
        return
    _print(result_console(), found, everywhere=everywhere)


def _place(job: Mapping[str, Any]) -> tuple[str, str]:
    return job["metadata"]["namespace"], job["metadata"]["name"]


def _print(console: Console, found: list[dict[str, Any]], *, everywhere: bool) -> None:
    now = datetime.now(UTC)  # noqa: TID251 (the command line is its own clock)
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in ("NAMESPACE", *HEADERS) if everywhere else HEADERS:
        table.add_column(name, no_wrap=True)
    for job in found:
        cells = _row(job, now)
        table.add_row(*map(Text, (job["metadata"]["namespace"], *cells) if everywhere else cells))
    console.print(table)


def _row(job: Mapping[str, Any], now: datetime) -> tuple[str, ...]:
    status = job.get("status") or {}
    conditions = status.get("conditions") or ()
    targets = next((found["status"] for found in conditions if found["type"] == ConditionType.TARGETS_MET), "")
    made = datetime.fromisoformat(job["metadata"]["creationTimestamp"])
    return (
        job["metadata"]["name"],
        status.get("state") or "",
        status.get("reason") or "",
        status.get("progress") or "",
        (status.get("best") or {}).get("score") or "",
        status.get("objective") or "",
        targets,
        format_duration((now - made).total_seconds()),
    )
