"""From a run to the bytes of its page."""

from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader
from markupsafe import Markup

from gridfold.domain.visible import visible
from gridfold_report import baselines, cautions, costs, facts, leaders, texts, verdict
from gridfold_report.figures.fold_dots import fold_dots
from gridfold_report.figures.heat_map import heat_map
from gridfold_report.figures.learning_curve import learning_curve
from gridfold_report.figures.model import model_figures
from gridfold_report.figures.strips import strips
from gridfold_report.run import Run, at
from gridfold_report.spec_text import yaml_text
from gridfold_report.standing import Standing


def render(run: Run) -> bytes:
    """Return report.html of a run: one file that asks nobody for anything; the same bytes for the same run."""
    page: str = environment().get_template("page.html.j2").render(context_of(run))
    return page.encode()


def summary(run: Run) -> str:
    """Return what the run has found, in a line for a terminal."""
    found = " ".join(filter(None, (verdict.headline(run), verdict.doubt(Standing(run)))))
    return visible(texts.shortened(found)).replace("\n", " ")


def context_of(run: Run) -> dict[str, Any]:
    """Return all that the page says, as the templates name it."""
    standing = Standing(run)
    known = cautions.cautions(standing)
    return {
        "run": run,
        "standing": standing,
        "headline": verdict.headline(run),
        "doubt": verdict.doubt(standing),
        "next_step": verdict.next_step(run, known),
        "figures": list(verdict.figures(standing)),
        "cautions": known[: cautions.MOST],
        "notes": known[cautions.MOST :],
        "baselines": baselines.baselines(standing),
        "dots": fold_dots(standing),
        "strips": strips(run),
        "heat": heat_map(standing),
        "model": model_figures(run),
        "curve": learning_curve(run),
        "table": leaders.table(run),
        "costs": costs.costs(run),
        "facts": facts.groups(run),
        "digests": facts.digests(run),
        "spec": texts.Whole(yaml_text(_document(run))),
        "usage": texts.Whole(run.status.get("usage") or ""),
        "script": texts.Whole(run.status.get("script") or ""),
    }


@cache
def environment() -> Environment:
    """Return the templates; whatever they print from data is escaped, visible, and not longer than it needs to be."""
    made = Environment(
        loader=PackageLoader("gridfold_report"),
        autoescape=True,
        finalize=_printed,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters |= {
        "cut": texts.cut,
        "score": texts.score,
        "whole": texts.Whole,
        "short_name": texts.short_name,
        "duration": texts.duration,
        "mean_and_spread": texts.mean_and_spread,
        "percent": texts.percent,
    }
    made.globals["at"] = at
    return made


def _printed(value: Any) -> Any:
    """Return what is printed for a value of an expression."""
    if isinstance(value, Markup) or not isinstance(value, str):
        return value
    return visible(texts.shortened(value))


def _document(run: Run) -> dict[str, Any]:
    """Return the TrainingJob as a user would write it."""
    job = run.status.get("job") or {}
    names = {name: job[name] for name in ("name", "namespace") if job.get(name)}
    return {
        "apiVersion": "gridfold.dev/v1alpha1",
        "kind": "TrainingJob",
        "metadata": names,
        "spec": run.status.get("spec") or {},
    }
