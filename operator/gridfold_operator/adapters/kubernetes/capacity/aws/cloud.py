"""Calls AWS through boto3, in threads: the one module that knows boto3, which it loads at the first call."""

import asyncio
import threading
from dataclasses import dataclass, field
from typing import Any, Protocol

from gridfold.api.conditions import Reason
from gridfold_operator.adapters.kubernetes.capacity.aws.errors import AwsError, refused, silent, without_credentials
from gridfold_operator.term import Gate, let_pass

#: A call and its repetitions end well before anybody else takes it for dead (group.GRACE_SECONDS).
CONNECT_SECONDS, READ_SECONDS, ATTEMPTS = 3, 8, 3
SERVER_ERROR = 500
#: How the names of calls begin that change nothing.
READING = "describe_"


class Cloud(Protocol):
    """AWS in one region."""

    async def call(self, service: str, operation: str, **arguments: Any) -> dict[str, Any]:
        """Return the answer to a call by its name in boto3, such as `set_desired_capacity`.

        Raises:
            AwsError: it was refused.
            AwsSilentError: no answer came.
        """


@dataclass
class BotoCloud:
    """AWS by boto3, with the credentials that it finds."""

    region: str
    clients: dict[str, Any] = field(default_factory=dict)  #: by service
    gate: Gate = let_pass  #: asked before each call that changes something
    _lock: threading.Lock = field(default_factory=threading.Lock)

    async def call(self, service: str, operation: str, **arguments: Any) -> dict[str, Any]:
        """Call in a thread: nothing of boto3 gets out."""
        if not operation.startswith(READING):
            self.gate()
        return await asyncio.to_thread(self._call, service, operation, arguments)

    def _call(self, service: str, operation: str, arguments: dict[str, Any]) -> dict[str, Any]:
        action = f"{service}:{''.join(part.capitalize() for part in operation.split('_'))}"
        try:
            from botocore import exceptions as boto
        except ImportError as error:
            raise AwsError(
                Reason.PROVIDER_MISSING,
                "the operator's image has no boto3, which a provider of kind AWS needs: build the image with "
                "--build-arg AWS=1 (make images AWS=1), or have the platform name another provider",
            ) from error
        try:
            answer: dict[str, Any] = getattr(self._client(service), operation)(**arguments)
        except boto.ClientError as error:
            raise _answered(action, error.response) from error
        except (
            boto.NoCredentialsError,
            boto.PartialCredentialsError,
            boto.CredentialRetrievalError,
            boto.TokenRetrievalError,
            boto.NoAuthTokenError,
            boto.ProfileNotFound,
        ) as error:
            raise without_credentials(action, type(error).__name__) from error
        except (boto.BotoCoreError, boto.HTTPClientError) as error:
            raise silent(action, type(error).__name__) from error
        return answer

    def _client(self, service: str) -> Any:
        with self._lock:  # boto3's sessions are not made for several threads; its clients are
            if service not in self.clients:
                import boto3
                from botocore.config import Config

                config = Config(
                    region_name=self.region,
                    connect_timeout=CONNECT_SECONDS,
                    read_timeout=READ_SECONDS,
                    retries={"mode": "standard", "total_max_attempts": ATTEMPTS},
                )
                self.clients[service] = boto3.Session().client(service, config=config)
            return self.clients[service]


def _answered(action: str, response: dict[str, Any]) -> AwsError:
    error = response.get("Error") or {}
    code = str(error.get("Code") or "unknown")
    if (response.get("ResponseMetadata") or {}).get("HTTPStatusCode", 0) >= SERVER_ERROR:
        return silent(action, code)
    return refused(action, code, str(error.get("Message") or ""))
