"""kopf's way to the API server."""

import kopf
from kubernetes.aio.client import Configuration


async def log_in(configuration: Configuration) -> kopf.ConnectionInfo:
    """Return kopf's way to the API server: the same as ours, with the token as it is now."""
    token = await configuration.get_api_key_with_prefix("BearerToken", alias="authorization")
    scheme, _, value = (token or "").partition(" ")
    return kopf.ConnectionInfo(
        server=configuration.host,
        ca_path=configuration.ssl_ca_cert,
        insecure=not configuration.verify_ssl,
        username=configuration.username or None,
        password=configuration.password or None,
        scheme=scheme.capitalize() if value else None,
        token=value or scheme or None,
        certificate_path=configuration.cert_file,
        private_key_path=configuration.key_file,
    )
