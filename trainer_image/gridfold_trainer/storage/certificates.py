"""Servers' certificates: further authorities, and what to do where one is not accepted."""

import ssl
from pathlib import Path

from gridfold.api.handoff import CA_BUNDLE_KEY, CA_BUNDLE_VARIABLE
from gridfold_trainer.advice import here
from gridfold_trainer.errors import StorageRefusedError


def advice() -> str:
    """Return how an authority is made known, as the end of a sentence."""
    return here(
        cluster="name its authority in storage.caBundleConfigMapName",
        laptop=f"let {CA_BUNDLE_VARIABLE} name a file with the certificate of its authority",
    )


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
                here(
                    cluster=f"The certificates of storage.caBundleConfigMapName cannot be read ({error}); expected PEM "
                    f"in the key {CA_BUNDLE_KEY}.",
                    laptop=f"The certificates of {CA_BUNDLE_VARIABLE}, {ca_bundle}, cannot be read ({error}); expected "
                    "a file in PEM.",
                )
            ) from error
    return context
