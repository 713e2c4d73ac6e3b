"""Write the generated CRD to crds/ and into the chart: crds.py [--check] fails on a difference instead."""

import sys
from pathlib import Path

import yaml

from gridfold.api.crd import build_crd

ROOT = Path(__file__).resolve().parent.parent
TARGETS = (ROOT / "crds/gridfold.dev_trainingjobs.yaml", ROOT / "charts/gridfold/files/trainingjobs.yaml")
HEADER = "# Generated from operator/gridfold/api by `make crds`. Do not edit.\n"


class Dumper(yaml.SafeDumper):
    """Plain YAML without anchors, words of enumerations as text."""

    def ignore_aliases(self, data: object) -> bool:  # noqa: ARG002 (the base class calls it so)
        return True


Dumper.add_multi_representer(str, lambda dumper, text: dumper.represent_str(str(text)))

text = HEADER + yaml.dump(build_crd(), Dumper=Dumper, sort_keys=False, width=110, allow_unicode=True)
stale = [path for path in TARGETS if not path.exists() or path.read_text() != text]
if "--check" in sys.argv and stale:
    sys.exit(f"{', '.join(str(p.relative_to(ROOT)) for p in stale)} differ from the models: run `make crds`")
for path in stale:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
