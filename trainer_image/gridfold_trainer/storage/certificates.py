"""Servers' certificates: further authorities, and what to do where one is not accepted."""

import ssl
from pathlib import Path

from gridfold.api.handoff import CA_BUNDLE_KEY, CA_BUNDLE_VARIABLE
from gridfold_trainer.errors import StorageRefusedError

#: The end of a sentence.
ADVICE = f"name its authority in storage.caBundleConfigMapName (with `gridfold run`: its file in {CA_BUNDLE_VARIABLE})"


def make_context(ca_bundle: Path | None) -> ssl.SSLContext:
    """Return a context that accepts public authorities and those of the bundle.

    Raises:
        StorageRefusedError: the bundle holds no certificates.
    """
    context = ssl.create_default_context()
    if ca_bundle is not None:
        try:
            context.load_verify_locations(cafile=ca_bundle)
        except OSError as error:  # SSLError is one
            raise StorageRefusedError(
                f"The certificates of storage.caBundleConfigMapName (with `gridfold run`: of {CA_BUNDLE_VARIABLE}) "
                f"cannot be read ({error}); expected PEM in the key {CA_BUNDLE_KEY}."
            ) from error
    return context
