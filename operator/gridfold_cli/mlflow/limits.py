"""What MLflow takes: the names, the lengths of texts and the numbers of a request.

Sources: `mlflow/utils/validation.py` of MLflow 3.17; texts of tags as 2.0 to 2.16 bounded them, which is less.
"""

import hashlib
import json
import math
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import TypeVar

NAME_CHARACTERS = 250
PARAMETER_CHARACTERS = 6000
TAG_CHARACTERS = 5000
#: Of a data set: name, digest, and the text that says where it is from, which may have four times as many bytes.
DATASET_CHARACTERS, DIGEST_CHARACTERS, SOURCE_CHARACTERS = 500, 36, 16_000
#: Of one request, which may have a million bytes.
METRICS, PARAMETERS = 1000, 100
REQUEST_BYTES = 900_000

#: A slash and a colon are allowed, but not everywhere: a server on Windows refuses colons, and a//b is no name.
_OTHERS = re.compile(r"[^\w.\- ]")
_DIGEST_CHARACTERS = 8

Item = TypeVar("Item")


def names(wanted: Iterable[str]) -> dict[str, str]:
    """Return a name that MLflow takes for each of these, a different one for each."""
    found: dict[str, str] = {}
    for name in wanted:
        plain = _OTHERS.sub("_", name).strip()
        plain = f"_{plain}" if plain in {"", "."} or plain.startswith("..") else plain
        if len(plain) > NAME_CHARACTERS or plain in found.values():
            digest = hashlib.sha256(name.encode()).hexdigest()[:_DIGEST_CHARACTERS]
            plain = f"{plain[: NAME_CHARACTERS - _DIGEST_CHARACTERS - 1]}_{digest}"
        found[name] = plain
    return found


def shortened(text: str, characters: int) -> str:
    """Return a text of at most that many characters; of a longer one the beginning, and a mark."""
    return text if len(text) <= characters else f"{text[: characters - 1]}…"


def number(value: float) -> float | str:
    """Return a number as JSON of protocol buffers spells it: what is not finite, as a text."""
    return value if math.isfinite(value) else "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"


def batches(items: Iterable[Item], size: int) -> Iterator[list[Item]]:
    """Yield lists of at most `size` items that fit into a request."""
    batch: list[Item] = []
    taken = 0
    for item in items:
        length = len(json.dumps(item)) + 2
        if batch and (len(batch) == size or taken + length > REQUEST_BYTES):
            yield batch
            batch, taken = [], 0
        batch.append(item)
        taken += length
    if batch:
        yield batch


def pairs(texts: Mapping[str, str]) -> list[dict[str, str]]:
    """Return names and texts as MLflow's messages have them."""
    return [{"key": name, "value": text} for name, text in texts.items()]
