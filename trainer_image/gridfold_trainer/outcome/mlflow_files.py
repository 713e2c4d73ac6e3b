"""The files that make a run's folder a model of MLflow, beside model.skops; MLflow itself is not needed to write them.

Format: what MLflow 3.17 writes for its scikit-learn flavor, whose own format is skops. There is no signature: with one,
MLflow's pyfunc refuses whole numbers in a column of decimals, which the model takes.
"""

import importlib.metadata
import json
from collections.abc import Mapping, Sequence

MODEL = "model.skops"
#: What MLflow knows a model's folder by.
DESCRIPTION = "MLmodel"
#: In the versions of a run, but nothing that pip installs under this name or that a model needs.
_NOT_REQUIRED = ("python", "gridfold")
#: The model is read by the one, and gets its rows as the other's DataFrames.
_READERS = ("skops", "pandas")


def mlflow_files(versions: Mapping[str, str], trusted: Sequence[str]) -> dict[str, bytes]:
    """Return MLmodel, requirements.txt and python_env.yaml by name, for a model of these versions.

    Args:
        versions: of distributions, by name, as a run records them; `python` among them.
        trusted: types that skops must be told for the model.
    """
    readers = {name: importlib.metadata.version(name) for name in _READERS}
    required = {name: version for name, version in {**versions, **readers}.items() if name not in _NOT_REQUIRED}
    return {
        DESCRIPTION: _lines(
            "flavors:",
            "  python_function:",
            "    env:",
            "      virtualenv: python_env.yaml",
            "    loader_module: mlflow.sklearn",
            f"    model_path: {MODEL}",
            "    predict_fn: predict",
            f"    python_version: {json.dumps(versions['python'])}",
            "  sklearn:",
            "    code: null",
            f"    pickled_model: {MODEL}",
            "    serialization_format: skops",
            f"    sklearn_version: {json.dumps(versions['scikit-learn'])}",
            f"    skops_trusted_types: {json.dumps(list(trusted))}",
        ),
        "requirements.txt": _lines("mlflow", *(f"{name}=={version}" for name, version in sorted(required.items()))),
        "python_env.yaml": _lines(
            f"python: {json.dumps(versions['python'])}",
            "build_dependencies:",
            "- pip",
            "dependencies:",
            "- -r requirements.txt",
        ),
    }


def _lines(*lines: str) -> bytes:
    return ("\n".join(lines) + "\n").encode()
