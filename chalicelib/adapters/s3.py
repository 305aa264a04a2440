"""Keep mails and documents in one bucket of S3: a key names its content, so putting it twice is harmless."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, BinaryIO
from urllib.parse import quote

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectionError,
    HTTPClientError,
    IncompleteReadError,
)

from chalicelib.errors import PermanentError, RetryableError, Throttled

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_MISSING = {"NoSuchKey", "404", "NotFound"}
_PIECE_BYTES = 1 << 20
_KEYS_IN_A_BATCH = 1000
_ERASED_AT_ONCE = 8
_THROTTLED = {"SlowDown", "ThrottlingException", "RequestLimitExceeded", "503"}
_LATER = _THROTTLED | {"InternalError", "ServiceUnavailable", "OperationAborted"}


class S3Archive:
    """An Archive. Encryption, versions and retention are the bucket's own settings."""

    def __init__(self, client: S3Client, bucket: str) -> None:
        self._client = client
        self._bucket = bucket

    def put(self, key: str, content: bytes, *, content_type: str) -> None:
        try:
            self._client.put_object(Bucket=self._bucket, Key=key, Body=content, ContentType=content_type)
        except (ClientError, BotoCoreError) as error:
            raise self._meaning(error, f"keep {key}") from error

    def put_once(self, key: str, content: bytes, *, content_type: str) -> bool:
        """Clause "no such key". Two workers print one letter: S3 lets the first through and tells the second so.

        409 is S3's word for two at the very same moment: nothing is known of the other yet, so try again later.
        """
        try:
            self._client.put_object(
                Bucket=self._bucket, Key=key, Body=content, ContentType=content_type, IfNoneMatch="*"
            )
        except (ClientError, BotoCoreError) as error:
            code = error.response["Error"].get("Code", "") if isinstance(error, ClientError) else ""
            if code in ("PreconditionFailed", "412"):
                return False
            if code == "ConditionalRequestConflict":
                raise RetryableError(f"somebody else is keeping {key} at this moment") from error
            raise self._meaning(error, f"keep {key}") from error
        return True

    def link(self, key: str, *, seconds: int, name: str = "") -> str:
        # In the signature: whoever gets the link cannot make a page of what somebody sent.
        told = {
            "ResponseContentDisposition": f"attachment; filename*=UTF-8''{quote(name, safe='')}",
            "ResponseContentType": "application/octet-stream",
        }
        return self._client.generate_presigned_url(
            "get_object", Params={"Bucket": self._bucket, "Key": key, **(told if name else {})}, ExpiresIn=seconds
        )

    def get(self, key: str) -> bytes:
        try:
            return self._client.get_object(Bucket=self._bucket, Key=key)["Body"].read()
        except (ClientError, BotoCoreError) as error:
            raise self._meaning(error, f"read {key}") from error

    def fetch(self, key: str, to: BinaryIO) -> None:
        try:
            for piece in self._client.get_object(Bucket=self._bucket, Key=key)["Body"].iter_chunks(_PIECE_BYTES):
                to.write(piece)
        except (ClientError, BotoCoreError) as error:
            raise self._meaning(error, f"read {key}") from error

    def keys(self, prefix: str) -> Iterator[str]:
        try:
            for page in self._client.get_paginator("list_objects_v2").paginate(Bucket=self._bucket, Prefix=prefix):
                for item in page.get("Contents", []):
                    yield item["Key"]
        except (ClientError, BotoCoreError) as error:
            raise self._meaning(error, f"list {prefix}") from error

    def erase(self, prefixes: Iterable[str]) -> int:
        with ThreadPoolExecutor(_ERASED_AT_ONCE) as workers:
            return sum(workers.map(self._erase, prefixes))

    def _erase(self, prefix: str) -> int:
        # A deletion without a version's id would leave the versions, for thirty days more, behind a marker. Whatever
        # was put, replaced or expired is listed, the markers too.
        keys: set[str] = set()
        try:
            pages = self._client.get_paginator("list_object_versions").paginate(Bucket=self._bucket, Prefix=prefix)
            for page in pages:
                found = [
                    (one["Key"], one["VersionId"])
                    for one in (*page.get("Versions", []), *page.get("DeleteMarkers", []))
                    if "/" not in one["Key"].removeprefix(prefix)
                ]
                self._delete(found)
                keys |= {key for key, _ in found}
        except (ClientError, BotoCoreError) as error:
            raise self._meaning(error, f"erase {prefix}") from error
        return len(keys)

    def _delete(self, versions: Sequence[tuple[str, str]]) -> None:
        for start in range(0, len(versions), _KEYS_IN_A_BATCH):
            some = versions[start : start + _KEYS_IN_A_BATCH]
            answer = self._client.delete_objects(
                Bucket=self._bucket,
                Delete={"Objects": [{"Key": key, "VersionId": version} for key, version in some], "Quiet": True},
            )
            for failed in answer.get("Errors", ()):
                told = f"the archive {self._bucket} did not erase {failed.get('Key')}: {failed.get('Code')}"
                kind = RetryableError if failed.get("Code") in _LATER else PermanentError
                raise kind(told)

    def _meaning(self, error: ClientError | BotoCoreError, doing: str) -> Exception:
        if isinstance(error, HTTPClientError | ConnectionError | IncompleteReadError):
            return RetryableError(f"the archive did not answer when asked to {doing}: {error}")
        if isinstance(error, BotoCoreError):
            return PermanentError(f"the archive cannot be asked to {doing}: {error}")
        code = error.response["Error"].get("Code", "")
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        if code in _THROTTLED:
            return Throttled(f"the archive is throttled, asked to {doing}: {code}")
        if status >= 500 or code == "RequestTimeout":
            return RetryableError(f"the archive failed when asked to {doing}: {code}")
        if code in _MISSING:
            return PermanentError(f"the archive {self._bucket} cannot {doing}: it holds no such key")
        if code == "NoSuchBucket":
            return PermanentError(f"there is no bucket {self._bucket}: deploy the stack, or correct its name")
        return PermanentError(f"the archive {self._bucket} refuses to {doing}: {error}")
