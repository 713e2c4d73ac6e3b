"""Spellings of values and what they are after kubectl and the API server: the table, seen on Kubernetes 1.36.3.

tests/contract/test_yaml_spellings.py compares it with our reader everywhere, and with a real kubectl and API server
where there is one.
"""

from typing import Any

VALUES: dict[str, Any] = {
    # truth in many words: YAML 1.1
    "y": True, "Y": True, "yes": True, "Yes": True, "YES": True, "true": True, "True": True, "TRUE": True,
    "on": True, "On": True, "ON": True,
    "n": False, "N": False, "no": False, "No": False, "NO": False, "false": False, "False": False,
    "off": False, "OFF": False,
    "yEs": "yEs", "tRUE": "tRUE", "oN": "oN", "t": "t", "'yes'": "yes", '"on"': "on", "!!str no": "no",
    # nothing
    "~": None, "null": None, "Null": None, "NULL": None, "": None, "nULL": "nULL", "None": "None", "nil": "nil",
    "'null'": "null", '""': "",
    # integers
    "0": 0, "7": 7, "-7": -7, "+7": 7, "-0": 0, "1_000": 1000, "1__0": 10, "10_": 10, "_10": "_10",
    "017": 15, "0o17": 15, "0O17": 15, "0x1F": 31, "0X1f": 31, "0b101": 5, "-0b101": -5, "-017": -15, "+0x10": 16,
    "0x": "0x", "0o8": "0o8", "0b2": "0b2", "00": 0, "0_7": 7,
    "9007199254740993": 9007199254740993,
    "9223372036854775807": 9223372036854775807, "-9223372036854775808": -9223372036854775808,
    "9223372036854775808": 9223372036854776000, "18446744073709551615": 18446744073709552000,
    "0xFFFFFFFFFFFFFFFF": 18446744073709552000, "100000000000000000000": 100000000000000000000,
    "1000000000000000000000": 1e21, "-1e19": -10000000000000000000,
    # floats; one that is a whole number arrives as an integer
    "1.5": 1.5, "1.0": 1, "-2.0": -2, "1.": 1, ".5": 0.5, "-.5": -0.5, "+.5": 0.5, "1e3": 1000, "1E3": 1000,
    "1.5e1": 15, "1e+2": 100, "1e-3": 0.001, "1e-7": 1e-07, "0.1e1": 1, "-0.0": 0, "08": 8, "09.5": 9.5,
    "1_000.5": 1000.5, ".5_0": 0.5, "._5": "._5", "1e": "1e", "e3": "e3", "1e400": "1e400", "1e-400": 0,
    "1e20": 100000000000000000000, "1e21": 1e21, "1.7976931348623157e308": 1.7976931348623157e308,
    "0.1": 0.1, "3.0000000000000004": 3.0000000000000004, "123456789012345680.0": 123456789012345680,
    "0x1p-2": "0x1p-2", "1,000": "1,000", "inf": "inf", "nan": "nan", "NaN": "NaN", "Infinity": "Infinity",
    "!!float 3": 3, "!!int '3'": 3, "!!str 3": "3", "!!str 1.0": "1.0", "'1.0'": "1.0",
    # what looks like a number or a time and is a text
    "12:30": "12:30", "1:30:00": "1:30:00", "190:20:30.15": "190:20:30.15",
    "2026-01-31": "2026-01-31", "2026-01-31T10:00:00Z": "2026-01-31T10:00:00Z", "2026-1-2 3:4:5": "2026-1-2 3:4:5",
    "1.2.3": "1.2.3", "1-2": "1-2", "--1": "--1", "+": "+", "-": [None], ".": ".", "..5": "..5", "1 000": "1 000",
    "50%": "50%", "5m": "5m", "1Gi": "1Gi", "=": "=", "a b": "a b", "ä": "ä", "!!binary aGk=": "hi", "!other 1": "1",
    # more than one value
    "[1.0, yes, ~]": [1, True, None], "{float: 1}": {"float": 1}, "{float: 1.0}": {"float": 1},
    "{int: 1e1}": {"int": 10}, "[]": [], "{}": {}, "{y: n}": {"true": False},
}  # fmt: skip

KEYS: dict[str, str] = {
    "yes": "true", "n": "false", "1": "1", "017": "15", "1.5": "1.5", "1.0": "1", "1e3": "1000", "1e6": "1e+06",
    "0.1": "0.1", "1e-5": "1e-05", "123456789.5": "1.2345679e+08", "a": "a", "2026-01-31": "2026-01-31",
    "12:30": "12:30", "'2'": "2",
}  # fmt: skip

REFUSED = (".inf", "-.inf", ".nan", "+.Inf", ".NaN", "*nobody", "!!int x", "!!bool 3", "{[1]: 2}", "{~: 2}", "'open")
