"""Waiting on a condition, never on time: a slow machine only takes longer."""

import ssl
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path

from tests.testbed.errors import TestbedError

_direct = urllib.request.ProxyHandler({})


def wait_until(
    missing: Callable[[], str | None],
    *,
    timeout_seconds: float,
    what: str,
    every_seconds: float = 0.1,
    explain: Callable[[], str] = lambda: "",
) -> None:
    """Ask `missing` until it returns None; its text, a sentence on what is not there yet, ends in the error.

    `explain` is asked once, at the end, for the lines that help to find out why.
    """
    deadline = time.monotonic() + timeout_seconds
    while (said := missing()) is not None:
        if time.monotonic() >= deadline:
            raise TestbedError(f"{what}: not within {timeout_seconds:.0f} s. {said}\n{explain()}".rstrip())
        time.sleep(every_seconds)


def probe(
    url: str, *, expect: int = 200, token: str | None = None, ca: Path | None = None, timeout_seconds: float = 3
) -> str | None:
    """Return None if `url` answers with the expected status, otherwise what it did instead.

    Without `ca` a certificate is not checked: components sign their own health endpoints'.
    """
    context = ssl.create_default_context(cafile=str(ca)) if ca else ssl._create_unverified_context()
    opener = urllib.request.build_opener(_direct, urllib.request.HTTPSHandler(context=context))
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    try:
        with opener.open(urllib.request.Request(url, headers=headers), timeout=timeout_seconds) as answer:
            status = answer.status
    except urllib.error.HTTPError as error:
        status = error.code
        error.close()
    except (OSError, ValueError) as error:
        return f"{url}: {error}."
    return None if status == expect else f"{url} answered {status}, expected {expect}."
