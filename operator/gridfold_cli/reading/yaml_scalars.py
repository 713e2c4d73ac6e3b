"""One value of YAML as kubectl reads it: the rules of go.yaml.in/yaml 2.4 (`resolve.go`), then those of JSON.

y, yes and on are true, 017 is fifteen, 1_000 a thousand, 1e3 a number, but 12:30 and 2026-01-31 are texts. JSON
has one kind of number, so 1.0 arrives as 1 wherever its digits are written without an exponent (below 1e21).
"""

import base64
import binascii
import math
import re
import struct
from decimal import Decimal
from typing import Any

STANDARD_TAG = "tag:yaml.org,2002:"
BOOLEANS = ("true", "false")
_WORDS: dict[str, bool | float | None] = {
    **dict.fromkeys(("y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON"), True),
    **dict.fromkeys(("n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF"), False),
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
    **dict.fromkeys((".nan", ".NaN", ".NAN"), math.nan),
    **dict.fromkeys((".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF"), math.inf),
    **dict.fromkeys(("-.inf", "-.Inf", "-.INF"), -math.inf),
}
_INTEGER = re.compile(r"([-+]?)(0[xX][0-9a-fA-F]+|0[bB][01]+|0[oO][0-7]+|0[0-7]*|[1-9][0-9]*)")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
#: A float that starts with its point keeps its underscores until Go reads it, and Go wants digits around each.
_POINT_FLOAT = re.compile(r"\.[0-9]+(_[0-9]+)*([eE][-+]?[0-9]+(_[0-9]+)*)?")
_BASES = {"0x": 16, "0b": 2, "0o": 8}
_INTEGER_DIGITS = 100  # far beyond 64 bits; Python refuses to read thousands
_TYPES: dict[str, tuple[type, ...]] = {
    f"{STANDARD_TAG}bool": (bool,),
    f"{STANDARD_TAG}int": (int,),
    f"{STANDARD_TAG}float": (float, int),
    f"{STANDARD_TAG}null": (type(None),),
}


class ScalarError(ValueError):
    """A value that JSON cannot hold, or that is not what its tag says."""


def resolve_scalar(text: str, tag: str | None, *, plain: bool) -> Any:
    """Return what a scalar is in YAML: None, bool, int, float or str.

    `plain` is true where it is neither quoted nor tagged.

    Raises:
        ScalarError: it is not what its tag says.
    """
    if tag == f"{STANDARD_TAG}binary":
        return _decode_binary(text)
    if not plain and tag not in _TYPES:
        return text
    value = _resolve_plain(text)
    expected = _TYPES.get(tag or "", ())
    if expected and (not isinstance(value, expected) or (isinstance(value, bool) and bool not in expected)):
        raise ScalarError(f"{text} is not of the type that its tag !!{(tag or '').removeprefix(STANDARD_TAG)} says")
    return float(value) if tag == f"{STANDARD_TAG}float" else value


def json_value(value: Any) -> Any:
    """Return what `resolve_scalar` gave after its way through JSON and the API server.

    Raises:
        ScalarError: JSON has no such number.
    """
    if isinstance(value, bool) or not isinstance(value, int | float):
        return value
    if not math.isfinite(value):
        raise ScalarError(f"{value} cannot be written in JSON; use a finite number")
    if isinstance(value, int) and -(2**63) <= value < 2**63:
        return value
    number = float(value)  # beyond 64 bits with sign, Kubernetes keeps 53 bits
    if number.is_integer() and abs(number) < 1e21:
        return int(Decimal(repr(number)))
    return number


def key_text(value: Any) -> str:
    """Return a key of a map as JSON has it: always a text.

    Raises:
        ScalarError: it is null, a list, a map or too large a number.
    """
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int) and value < 2**63:
        return str(value)
    if isinstance(value, float):
        return _short_float(value)
    seen = {type(None): "null", list: "a list", dict: "a map"}.get(type(value), str(value))
    raise ScalarError(f"{seen} cannot be a key; expected a text")


def _resolve_plain(text: str) -> Any:
    if text in _WORDS:
        return _WORDS[text]
    if text.startswith("."):
        return _finite(text, text) if _POINT_FLOAT.fullmatch(text) else text
    if text[0] not in "+-0123456789":
        return text
    digits = text.replace("_", "")
    integer = _INTEGER.fullmatch(digits)
    if integer and len(digits) <= _INTEGER_DIGITS:
        value = _read_integer(integer[1], integer[2].lower())
        if -(2**63) <= value < (2**63 if integer[1] else 2**64):
            return value
    return _finite(digits, text) if _FLOAT.fullmatch(digits) else text


def _read_integer(sign: str, digits: str) -> int:
    base = _BASES.get(digits[:2], 8 if digits.startswith("0") else 10)
    value = int(digits[2:] if base != 10 and digits[:2] in _BASES else digits, base)
    return -value if sign == "-" else value


def _finite(digits: str, text: str) -> float | str:
    """Return the number, or the text where it is out of range (Go then takes it for a text)."""
    value = float(digits)
    return value if math.isfinite(value) else text


def _short_float(value: float) -> str:
    """Return a float as Go writes a key: the shortest text of a 32-bit float, with an exponent beyond six digits."""
    single = _single(value)
    if not math.isfinite(single):
        return ".nan" if math.isnan(single) else ".inf" if single > 0 else "-.inf"
    for digits in range(1, 10):
        text = f"{value:.{digits - 1}e}"
        if _single(float(text)) == single:
            break
    mantissa, exponent = text.split("e")
    power = int(exponent)
    if power < -4 or power >= max(6, digits if power < digits else 6):
        return f"{mantissa}e{power:+03d}"
    return format(Decimal(text), "f")


def _single(value: float) -> float:
    try:
        return float(struct.unpack("f", struct.pack("f", value))[0])
    except OverflowError:
        return math.copysign(math.inf, value)


def _decode_binary(text: str) -> str:
    try:
        return base64.b64decode("".join(text.split()), validate=True).decode()
    except (binascii.Error, UnicodeDecodeError) as error:
        raise ScalarError("!!binary is not base 64 of UTF-8") from error
