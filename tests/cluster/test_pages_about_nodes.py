"""The pages about nodes: their values are the chart's, and the rights that they name are those that it gives."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.cluster.test_operator_chart import render
from tests.testbed.plugin import Cluster

pytestmark = pytest.mark.cluster

DOCS = Path(__file__).parents[2] / "docs"
OVERVIEW = DOCS / "nodes.md"
PAGES = [page for page in sorted((DOCS / "nodes").glob("*.md")) if page.stem != "none"]
NAMESPACE = "gridfold-system"
#: Roles that are there without a provider, too.
OTHERS = {f"{NAMESPACE}-gridfold{part}" for part in ("", "-edit", "-view", "-leader")}


def blocks(page: Path) -> list[str]:
    return re.findall(r"^```yaml\n(.*?)^```$", page.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)


def rights(page: Path) -> dict[tuple[str, str], Any]:
    """Return the rules of a page by the kind and name of the role that its first line tells."""
    found = ((re.match(r"# (Role|ClusterRole) ([a-z-]+)", block), block) for block in blocks(page))
    return {(name[1], name[2]): yaml.safe_load(block) for name, block in found if name}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_the_values_of_a_page_render_and_the_rights_are_those_of_the_page(testbed: Cluster, page: Path) -> None:
    (values,) = [found for block in blocks(page) if "capacity" in (found := yaml.safe_load(block))]
    rendered = render(testbed, NAMESPACE, **values)
    roles = {
        (kind, name): document["rules"]
        for (kind, name), document in rendered.items()
        if kind in {"Role", "ClusterRole"} and name not in OTHERS
    }
    assert {**rights(OVERVIEW), **rights(page)} == roles


def test_without_a_provider_no_such_right_is_given(testbed: Cluster) -> None:
    roles = {name for kind, name in render(testbed, NAMESPACE) if kind in {"Role", "ClusterRole"}}
    assert roles == OTHERS
    rules = render(testbed, NAMESPACE)["ClusterRole", f"{NAMESPACE}-gridfold"]["rules"]
    assert not {"nodes", "leases", "nodepools"} & {name for rule in rules for name in rule["resources"]}
