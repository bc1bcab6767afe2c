"""What S3's many errors mean: something passing, or something a person has to put right."""

from __future__ import annotations

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectTimeoutError,
    EndpointConnectionError,
    HTTPClientError,
    IncompleteReadError,
    NoCredentialsError,
    PartialCredentialsError,
    SSLError,
)

from penstock.errors import PenstockError, StoreRefused, StoreUnavailable

__all__ = ["code_of", "explain", "explain_client"]

PASSING = {"SlowDown", "RequestTimeout", "OperationAborted", "ConditionalRequestConflict"}
WRONG_REGION = {"PermanentRedirect", "AuthorizationHeaderMalformed", "301", "400"}
NOT_FOUND, FORBIDDEN, TOO_MANY, BROKEN, NOT_IMPLEMENTED = 404, 403, 429, 500, 501


def code_of(error: ClientError) -> str:
    """Return S3's word for an error, as in `NoSuchKey`."""
    return str(error.response["Error"].get("Code", "unknown"))


def explain_client(error: ClientError, *, what: str, bucket: str) -> PenstockError:
    """Turn the server's answer into an error that says what to do."""
    code = code_of(error)
    status = error.response["ResponseMetadata"].get("HTTPStatusCode", 0)
    is_broken = status >= BROKEN and status != NOT_IMPLEMENTED
    if code in PASSING or is_broken or status == TOO_MANY:
        return StoreUnavailable(f"{what}: the server answered {code}.", remedy="Try again later.")
    if code == "NoSuchBucket":
        remedy = f"Create bucket {bucket!r} or correct its name."
    elif status == NOT_FOUND:
        remedy = "Check that AWS_ENDPOINT_URL is an S3 server and that the bucket exists."
    elif status == FORBIDDEN:
        remedy = (
            "Check AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN, and that they"
            f" may read, write and list in bucket {bucket!r}."
        )
    elif status == NOT_IMPLEMENTED:
        remedy = "Use a store that honours `If-None-Match: *` (Amazon S3, SeaweedFS, MinIO)."
    elif code in WRONG_REGION:
        remedy = f"Set AWS_REGION to the region of bucket {bucket!r}."
    else:
        remedy = "Look the code up in the documentation of the server."
    return StoreRefused(f"{what}: the server answered {code} ({status}).", remedy=remedy)


def explain(error: Exception, *, what: str) -> PenstockError:
    """Turn a failure on the way to the server into an error that says what to do."""
    match error:
        case NoCredentialsError() | PartialCredentialsError():
            return StoreRefused(
                f"{what}: no complete credentials were found.",
                remedy="Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.",
            )
        case SSLError():
            return StoreRefused(
                f"{what}: no trusted connection ({type(error).__name__}).",
                remedy="Check the scheme of AWS_ENDPOINT_URL and AWS_CA_BUNDLE.",
            )
        case EndpointConnectionError() | ConnectTimeoutError():
            return StoreUnavailable(
                f"{what}: nothing answers there.",
                remedy="Check that the server is up and that AWS_ENDPOINT_URL names it.",
            )
        case HTTPClientError() | IncompleteReadError():
            return StoreUnavailable(
                f"{what}: the connection broke ({type(error).__name__}).", remedy="Try again."
            )
        case _:
            detail = f": {error}" if isinstance(error, BotoCoreError) else ""
            return StoreRefused(
                f"{what} ({type(error).__name__}{detail}).",
                remedy="Check the bucket's name and the AWS_* settings.",
            )
