"""What an S3 server or botocore says, as the typed errors of the port."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

from botocore import exceptions as boto
from botocore.parsers import ResponseParserError

from gridfold.api.confidential import told_url
from gridfold.domain.visible import excerpt
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
from gridfold_trainer.storage.causes import Server, connection_error, one_line
from gridfold_trainer.storage.downloads import changed

#: Error codes of S3 (docs: API reference, "Error responses"); HEAD answers have the status instead.
_MISSING_OBJECT = {"NoSuchKey", "404", "NotFound"}
_MISSING_BUCKET = {"NoSuchBucket"}
_DENIED = {
    "403": "the server refuses (403)",
    "401": "the server wants credentials (401)",
    "AccessDenied": "these credentials do not give the right; have their owner given it, or name others",
    "AllAccessDisabled": "access is disabled for this account",
    "ExpiredToken": "the session token has expired; renew it",
    "InvalidAccessKeyId": "the server does not know this access key; correct it",
    "InvalidToken": "the session token is not valid; renew it",
    "XAdminUserNotFound": "the server does not know this access key; correct it",  # versitygw, with status 404
    "SignatureDoesNotMatch": "the secret key does not belong to the access key; correct it",
    "RequestTimeTooSkewed": "the clocks of this machine and of the server differ too much; set them",
}
#: A service that gives keys to an identity has answered, and says no.
_REFUSED_CREDENTIALS = re.compile(r"\b4\d\d\b|[Dd]enied|[Ee]xpired|[Ii]nvalid|not authorized")
_WRONG_REGION = {"PermanentRedirect", "AuthorizationHeaderMalformed", "IllegalLocationConstraintException"}
_WRONG_PLACE = _WRONG_REGION | {"301", "307"}
_CHANGED = {"PreconditionFailed", "412", "InvalidRange", "416"}
#: Of what a server calls an error, or a region.
_CODE_LIMIT = 64
_FIRST_REDIRECT, _FIRST_REFUSAL, _FIRST_SERVER_ERROR = 300, 400, 500
_TOO_MANY_REQUESTS = 429
_BUSY = {"SlowDown", "RequestTimeout", "Throttling", "ThrottlingException", "RequestLimitExceeded", "TooManyRequests"}


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
        if isinstance(error, boto.CredentialRetrievalError) and not _REFUSED_CREDENTIALS.search(str(error)):
            raise StorageUnreachableError(
                f"{uri} could not be read or written: the service that gives {credentials} its keys does not answer as "
                f"it should ({one_line(error)})."
            ) from error
        raise AccessDeniedError(
            f"{uri} cannot be reached without credentials, and {credentials} has none ({type(error).__name__}); "
            f"{_give_credentials()}."
        ) from error
    except (boto.ParamValidationError, boto.InvalidRegionError, boto.UnsupportedS3ConfigurationError) as error:
        raise StorageRefusedError(f"{uri} on {server} is not a valid address: {one_line(error)}.") from error
    except ResponseParserError as error:
        raise StorageRefusedError(
            f"{uri}: what answers at {server} does not speak S3 ({one_line(error)}); correct storage.endpoint, whose "
            "port is often another one than that of the server's web page."
        ) from error
    except (boto.BotoCoreError, boto.HTTPClientError) as error:
        cause = getattr(error, "kwargs", {}).get("error")
        if isinstance(cause, TrainerError):  # botocore wraps whatever is raised while it sends
            raise cause from error
        raise connection_error(error, uri, Server(server, _setting(server))) from error


def _setting(server: str) -> str:
    """Return what says where the server is."""
    return "storage.endpoint" if "://" in server else "storage.region"


def _give_credentials() -> str:
    """Return how credentials are given, as the end of a sentence."""
    return here(
        cluster="name a Secret in spec.storage.credentialsSecretName, or give the pod an identity",
        laptop="set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE",
    )


def _of_answer(error: boto.ClientError, uri: str, server: str, credentials: str) -> TrainerError:
    code = excerpt(str(error.response.get("Error", {}).get("Code", "")), _CODE_LIMIT)
    status = int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
    if code in _MISSING_BUCKET:
        bucket = uri.removeprefix("s3://").partition("/")[0]
        return BucketMissingError(f"{uri}: {server} has no bucket {bucket}; create it or correct the URI.")
    if code in _MISSING_OBJECT:
        return ObjectMissingError(f"{uri} does not exist on {server}; expected an object of exactly this key.")
    if code in _DENIED or str(status) in _DENIED:
        why = _DENIED.get(code) or f"it says {code}"
        return AccessDeniedError(
            f"{uri} may not be accessed on {server}: {why}. The credentials come from {credentials}{_then()}."
        )
    if code in _CHANGED:
        return SourceChangedError(changed(uri))
    if code in _WRONG_PLACE or _FIRST_REDIRECT <= status < _FIRST_REFUSAL:
        return _elsewhere(error, code or str(status), uri, server)
    if status >= _FIRST_SERVER_ERROR or status == _TOO_MANY_REQUESTS or code in _BUSY:
        busy = status == _TOO_MANY_REQUESTS or code in _BUSY
        why = "it is busy" if busy else "it has a trouble of its own, of which its log tells"
        return StorageUnreachableError(f"{uri}: {server} answers {code or status}; {why}.")
    return StorageRefusedError(f"{uri}: {server} refuses with {code or status} ({one_line(error)}).")


def _then() -> str:
    """Return how a run that failed for its credentials goes on when they are right; the spec has not changed."""
    return here(cluster="; when that is done, change spec.retry", laptop="")


def _elsewhere(error: boto.ClientError, code: str, uri: str, server: str) -> StorageRefusedError:
    """Return the error of a bucket of another region, or of a server that sends one away."""
    headers = error.response.get("ResponseMetadata", {}).get("HTTPHeaders", {})
    found = error.response.get("Error", {})
    region = excerpt(str(headers.get("x-amz-bucket-region") or found.get("Region") or ""), _CODE_LIMIT)
    if region or code in _WRONG_REGION:
        write = f"write storage.region: {region}" if region else "correct storage.region"
        return StorageRefusedError(f"{uri} lives in another region than {server} is asked for ({code}); {write}.")
    place = told_url(str(headers.get("location") or found.get("Endpoint") or "another address"))
    return StorageRefusedError(
        f"{uri}: {server} sends requests on to {excerpt(place)} ({code}), which is not followed; correct "
        f"storage.endpoint."
    )
