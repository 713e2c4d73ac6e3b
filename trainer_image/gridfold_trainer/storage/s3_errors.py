"""What an S3 server or botocore says, as the typed errors of the port."""

from collections.abc import Iterator
from contextlib import contextmanager

from botocore import exceptions as boto

from gridfold_trainer.advice import here
from gridfold_trainer.errors import (
    AccessDeniedError,
    BucketMissingError,
    ObjectMissingError,
    SourceChangedError,
    StorageRefusedError,
    StorageUnreachableError,
    TrainerError,
)
from gridfold_trainer.storage.certificates import advice
from gridfold_trainer.storage.downloads import changed

#: Error codes of S3 (docs: API reference, "Error responses"); HEAD answers have the status instead.
_MISSING_OBJECT = {"NoSuchKey", "404", "NotFound"}
_MISSING_BUCKET = {"NoSuchBucket"}
_DENIED = {
    "403": "the server refuses (403)",
    "401": "the server wants credentials (401)",
    "AccessDenied": "these credentials do not give the right",
    "AllAccessDisabled": "access is disabled for this account",
    "ExpiredToken": "the session token has expired",
    "InvalidAccessKeyId": "the server does not know this access key",
    "InvalidToken": "the session token is not valid",
    "XAdminUserNotFound": "the server does not know this access key",  # what versitygw says, with status 404
    "SignatureDoesNotMatch": "the secret key does not belong to the access key",
    "RequestTimeTooSkewed": "the clocks of this machine and of the server differ too much",
}
_WRONG_PLACE = {"301", "307", "PermanentRedirect", "AuthorizationHeaderMalformed", "IllegalLocationConstraintException"}
_CHANGED = {"PreconditionFailed", "412", "InvalidRange", "416"}
_FIRST_SERVER_ERROR = 500
_TOO_MANY_REQUESTS = 429


@contextmanager
def translated(uri: str, server: str, credentials: str) -> Iterator[None]:
    """Let nothing of botocore out of the block.

    Args:
        uri: what the block is about.
        server: the endpoint, in words.
        credentials: where they come from, in words; never what they are.
    """
    try:
        yield
    except boto.ClientError as error:
        raise _of_answer(error, uri, server, credentials) from error
    except (boto.NoCredentialsError, boto.PartialCredentialsError, boto.CredentialRetrievalError) as error:
        raise AccessDeniedError(
            f"{uri} cannot be reached without credentials, and {credentials} has none ({type(error).__name__}); "
            f"{_give_credentials()}."
        ) from error
    except (boto.ParamValidationError, boto.InvalidRegionError, boto.UnsupportedS3ConfigurationError) as error:
        raise StorageRefusedError(f"{uri} on {server} is not a valid address: {_one_line(error)}.") from error
    except boto.SSLError as error:
        raise StorageRefusedError(
            f"{uri}: the certificate of {server} is not accepted ({_one_line(error)}); {advice()}."
        ) from error
    except (boto.BotoCoreError, boto.HTTPClientError) as error:
        cause = getattr(error, "kwargs", {}).get("error")
        if isinstance(cause, TrainerError):  # botocore wraps whatever is raised while it sends
            raise cause from error
        raise StorageUnreachableError(
            f"{uri} could not be read or written: {server} does not answer as it should ({_one_line(error)}); it was "
            f"tried several times."
        ) from error


def _give_credentials() -> str:
    """Return how credentials are given, as the end of a sentence."""
    return here(
        cluster="name a Secret in spec.storage.credentialsSecretName, or give the pod an identity",
        laptop="set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE",
    )


def _of_answer(error: boto.ClientError, uri: str, server: str, credentials: str) -> TrainerError:
    code = str(error.response.get("Error", {}).get("Code", ""))
    status = int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
    if code in _MISSING_BUCKET:
        bucket = uri.removeprefix("s3://").partition("/")[0]
        return BucketMissingError(f"{uri}: {server} has no bucket {bucket}; create it or correct the URI.")
    if code in _MISSING_OBJECT:
        return ObjectMissingError(f"{uri} does not exist on {server}; expected an object of exactly this key.")
    if code in _DENIED or str(status) in _DENIED:
        why = _DENIED.get(code) or f"it says {code}"
        return AccessDeniedError(
            f"{uri} may not be accessed on {server}: {why}. The credentials come from {credentials}."
        )
    if code in _CHANGED:
        return SourceChangedError(changed(uri))
    if code in _WRONG_PLACE:
        return StorageRefusedError(f"{uri} lives elsewhere than {server}; correct spec.storage.region ({code}).")
    if status >= _FIRST_SERVER_ERROR or status == _TOO_MANY_REQUESTS or code in {"SlowDown", "RequestTimeout"}:
        return StorageUnreachableError(f"{uri}: {server} answers {code or status}; it was tried several times.")
    return StorageRefusedError(f"{uri}: {server} refuses with {code or status} ({_one_line(error)}).")


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())[:256]
