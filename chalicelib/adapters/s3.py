"""Keep mails and documents in one bucket of S3: a key names its content, so putting it twice is harmless."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
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
_AT_ONCE = 8
_THROTTLED = {"SlowDown", "ThrottlingException", "RequestLimitExceeded", "503"}


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
        # A deletion without a version's id would leave the versions behind a marker, for thirty days more. Whatever
        # was put, replaced or expired is listed, the markers too. One by one, and many at once: a batch of S3's asks
        # for the right to delete what has no version as well, which nobody here has.
        with ThreadPoolExecutor(_AT_ONCE) as workers:
            versions = [one for some in workers.map(self._versions, prefixes) for one in some]
            deleted = list(workers.map(self._delete, versions))
        return len(set(deleted))

    def _versions(self, prefix: str) -> list[tuple[str, str]]:
        try:
            pages = self._client.get_paginator("list_object_versions").paginate(Bucket=self._bucket, Prefix=prefix)
            return [
                (one["Key"], one["VersionId"])
                for page in pages
                for one in (*page.get("Versions", []), *page.get("DeleteMarkers", []))
                if "/" not in one["Key"].removeprefix(prefix)
            ]
        except (ClientError, BotoCoreError) as error:
            raise self._meaning(error, f"list the versions of {prefix}") from error

    def _delete(self, version: tuple[str, str]) -> str:
        key, id_ = version
        try:
            self._client.delete_object(Bucket=self._bucket, Key=key, VersionId=id_)
        except (ClientError, BotoCoreError) as error:
            raise self._meaning(error, f"erase {key}") from error
        return key

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
