"""Let a browser put one file into a bucket of S3 by a signed form: its place, its size and its type are fixed."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from chalicelib.ports import UploadForm

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

BYTES = "application/octet-stream"
"""Whatever it is, nothing that opens it later takes it for a page."""


class S3UploadDoor:
    """An UploadDoor."""

    def __init__(self, client: S3Client, bucket: str) -> None:
        self._client, self._bucket = client, bucket

    def origin(self) -> str:
        return self._origin

    @cached_property
    def _origin(self) -> str:
        # The host of a form is that of a link; to make one asks nobody.
        place = urlsplit(self.open("origin/", largest=1, seconds=1).url)
        return f"{place.scheme}://{place.netloc}"

    def open(self, prefix: str, *, largest: int, seconds: int, back: str = "", name: str = "") -> UploadForm:
        told: dict[str, str] = {"Content-Type": BYTES}
        told |= {"success_action_redirect": back} if back else {"success_action_status": "204"}
        conditions: list[Any] = [{name: value} for name, value in told.items()]
        # The key is a condition by itself; where the file's own name is not yet known, that it begins with the prefix.
        conditions.append(["content-length-range", 1, largest])
        made = self._client.generate_presigned_post(
            self._bucket, f"{prefix}{name or '${filename}'}", Fields=told, Conditions=conditions, ExpiresIn=seconds
        )
        return UploadForm(url=made["url"], fields=made["fields"])
