"""The object store: what was uploaded, and pictures made of it. Any S3 API, through MinIO's SDK."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable
from datetime import timedelta
from functools import wraps
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlsplit

import structlog
from minio.deleteobjects import DeleteObject
from minio.error import InvalidResponseError, S3Error, ServerError

from pipelines.errors import ServiceRefused, ServiceUnavailable

if TYPE_CHECKING:
    from minio import Minio

log = structlog.get_logger()

CHUNK = 1 << 20


class ObjectMissing(Exception):
    """No object under that key."""


Method = TypeVar("Method", bound=Callable[..., Any])
_MISSING = {"NoSuchKey", "NotFound", "NoSuchBucket"}
_PASSING = {"SlowDown", "SlowDownRead", "SlowDownWrite", "RequestTimeout", "OperationAborted"}
"""Codes of answers below 500 after which the same request may succeed (S3 API, Error Responses)."""


def _told(method: Method) -> Method:
    """ObjectMissing for an object that isn't there, ServiceUnavailable for a store that is away,
    ServiceRefused for one that will never do what it is asked."""

    @wraps(method)
    def run(*args: Any, **kwargs: Any) -> Any:
        import urllib3

        try:
            return method(*args, **kwargs)
        except S3Error as error:
            if error.code in _MISSING:
                raise ObjectMissing(error.code) from error
            status = error.response.status if error.response is not None else 0
            raise _refusal(status, error.code or "no code") from error
        except InvalidResponseError as error:
            # The embedded store words its 404 in a way that MinIO's SDK takes for no XML.
            status = int(found[1]) if (found := _STATUS.search(str(error))) else 0
            if status == HTTPStatus.NOT_FOUND:
                raise ObjectMissing("404") from error
            raise _refusal(status, "no code") from error
        except ServerError as error:
            raise _refusal(error.status_code, "no code") from error
        except (urllib3.exceptions.HTTPError, ConnectionError, TimeoutError) as error:
            raise _away() from error

    return run  # type: ignore[return-value]


_STATUS = re.compile(r"Response code: (\d{3})")


def _away() -> ServiceUnavailable:
    return ServiceUnavailable("The object store is not answering right now; try again shortly.")


def _refusal(status: int, code: str) -> ServiceUnavailable | ServiceRefused:
    if code in _PASSING or not 400 <= status < 500 or status in (408, 429):
        return _away()
    log.error("the object store refused what it was asked", status=status, code=code)
    return ServiceRefused(
        f"The object store refused what it was asked ({code}, {status}), and would again. The "
        "operator has to look at S3_ENDPOINT, its keys and the rights on the bucket."
    )


class ObjectStore:
    """One bucket. `public_endpoint` is the address that presigned URLs carry."""

    def __init__(
        self,
        endpoint: str,
        access_key: str,
        secret_key: str,
        bucket: str,
        *,
        public_endpoint: str = "",
        region: str = "us-east-1",
    ) -> None:
        self.bucket = bucket
        self._client = _client(endpoint, access_key, secret_key, region)
        self._signer = (
            _client(public_endpoint, access_key, secret_key, region)
            if public_endpoint
            else self._client
        )

    @_told
    def ensure_bucket(self) -> None:
        if not self._client.bucket_exists(self.bucket):
            self._client.make_bucket(self.bucket)

    def upload_url(self, key: str, seconds: int) -> str:
        return self._signer.presigned_put_object(
            self.bucket, key, expires=timedelta(seconds=seconds)
        )

    def download_url(self, key: str, seconds: int, *, filename: str, media_type: str) -> str:
        """A presigned GET that names the file and fixes its type.

        What a browser could run (HTML, SVG, XML) is always offered as a download.
        """
        active = any(word in media_type for word in ("html", "svg", "xml", "javascript"))
        return self._signer.presigned_get_object(
            self.bucket,
            key,
            expires=timedelta(seconds=seconds),
            response_headers={
                "response-content-type": "application/octet-stream" if active else media_type,
                "response-content-disposition": (
                    f'{"attachment" if active else "inline"}; filename="{_ascii(filename)}"'
                ),
            },
        )

    @_told
    def size(self, key: str) -> int:
        """Bytes of the object; ObjectMissing if there is none."""
        return self._client.stat_object(self.bucket, key).size or 0

    @_told
    def read(self, key: str, offset: int = 0, length: int = 0) -> bytes:
        """`length` bytes from `offset`; 0 means to the end."""
        response = self._client.get_object(self.bucket, key, offset=offset, length=length)
        try:
            return response.read()
        finally:
            response.close()
            response.release_conn()

    @_told
    def sha256(self, key: str) -> str:
        """Hash of the object's bytes, read once from start to end."""
        digest = hashlib.sha256()
        response = self._client.get_object(self.bucket, key)
        try:
            for chunk in response.stream(CHUNK):
                digest.update(chunk)
        finally:
            response.close()
            response.release_conn()
        return digest.hexdigest()

    @_told
    def download(self, key: str, path: Path, cancelled: Callable[[], None] | None = None) -> str:
        """Write the object to `path`; its SHA-256. `cancelled` is called now and then and may
        raise."""
        digest = hashlib.sha256()
        response = self._client.get_object(self.bucket, key)
        try:
            with path.open("wb") as file:
                for chunk in response.stream(CHUNK):
                    file.write(chunk)
                    digest.update(chunk)
                    if cancelled is not None:
                        cancelled()
        finally:
            response.close()
            response.release_conn()
        return digest.hexdigest()

    @_told
    def copy(self, key: str, target: str) -> None:
        """Copy an object within the bucket; ObjectMissing if there is none."""
        from minio.commonconfig import CopySource

        self._client.copy_object(self.bucket, target, CopySource(self.bucket, key))

    @_told
    def upload(self, key: str, path: Path, media_type: str) -> None:
        self._client.fput_object(self.bucket, key, str(path), content_type=media_type)

    @_told
    def delete(self, keys: Iterable[str]) -> None:
        """Delete objects; those that are gone already are no error."""
        for error in self._client.remove_objects(self.bucket, [DeleteObject(key) for key in keys]):
            if error.code not in {"NoSuchKey", "NotFound"}:
                raise RuntimeError(f"object store refused to delete: {error.code}")

    def ping(self) -> None:
        """Raise unless the store answers and the bucket is there."""
        if not self._client.bucket_exists(self.bucket):
            raise ObjectMissing(self.bucket)


def _client(endpoint: str, access_key: str, secret_key: str, region: str) -> Minio:
    # MinIO's SDK brings its own thread pools and certificates; loaded when first needed.
    import urllib3
    from minio import Minio

    address = urlsplit(endpoint)
    return Minio(
        address.netloc,
        access_key=access_key,
        secret_key=secret_key,
        secure=address.scheme == "https",
        # Known beforehand, so that signing a URL costs no request.
        region=region,
        http_client=urllib3.PoolManager(
            timeout=urllib3.Timeout(connect=5, read=60),
            maxsize=16,
            retries=urllib3.Retry(total=2, backoff_factor=0.2, status_forcelist=[500, 502, 503]),
        ),
    )


def _ascii(filename: str) -> str:
    kept = "".join(
        c if c.isascii() and c.isprintable() and c not in '"\\' else "_" for c in filename
    )
    return kept or "file"
