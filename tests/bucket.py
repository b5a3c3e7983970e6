"""A small stand-in for a service that speaks S3's protocol, over HTTP: one bucket in memory."""

import hashlib
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
from xml.sax.saxutils import escape, unescape

from flask import Flask, Response, request

BUCKET, KEY_ID, SECRET = "club-backups", "AKIAPRETEND", "a-pretend-secret-of-the-bucket"
WRITTEN = datetime(2026, 11, 30, 3, 0, tzinfo=UTC)
SPACE = 'xmlns="http://s3.amazonaws.com/doc/2006-03-01/"'


@dataclass
class PretendBucket:
    """What is in the bucket, the uploads that are not finished, and every request as (method, address)."""

    files: dict[str, bytes] = field(default_factory=dict)
    parts: dict[str, dict[int, bytes]] = field(default_factory=dict)
    asked: list[tuple[str, str]] = field(default_factory=list)
    page_size: int = 1000
    fails_with: str = ""

    def app(self) -> Flask:
        app = Flask("bucket")

        @app.before_request
        def check() -> Response | None:
            self.asked.append((request.method, request.url))
            if self.fails_with:
                return _error(self.fails_with, 503)
            if f"Credential={KEY_ID}/" not in request.headers.get("Authorization", ""):
                return _error("AccessDenied", 403)
            return None

        @app.get(f"/{BUCKET}")
        def listed() -> Response:
            return self._list(request.args.get("prefix", ""), request.args.get("continuation-token", ""))

        @app.post(f"/{BUCKET}")
        def delete_many() -> Response:
            keys = re.findall(r"<Key>([^<]+)</Key>", request.get_data(as_text=True))
            for key in keys:
                self.files.pop(unescape(key), None)
            told = "".join(f"<Deleted><Key>{key}</Key></Deleted>" for key in keys)
            return _xml(f"<DeleteResult {SPACE}>{told}</DeleteResult>")

        @app.route(f"/{BUCKET}/<path:key>", methods=["GET", "PUT", "POST", "DELETE"])
        def each(key: str) -> Response:
            return {"GET": self._get, "PUT": self._put, "POST": self._post, "DELETE": self._delete}[request.method](key)

        return app

    def _list(self, prefix: str, after: str) -> Response:
        keys = sorted(key for key in self.files if key.startswith(prefix) and key > after)
        page, more = keys[: self.page_size], len(keys) > self.page_size
        each = "".join(
            f"<Contents><Key>{escape(key)}</Key><Size>{len(self.files[key])}</Size>"
            f"<LastModified>{WRITTEN.isoformat()}</LastModified></Contents>"
            for key in page
        )
        token = f"<NextContinuationToken>{escape(page[-1])}</NextContinuationToken>" if more else ""
        return _xml(
            f"<ListBucketResult {SPACE}><IsTruncated>{str(more).lower()}</IsTruncated>{token}{each}</ListBucketResult>"
        )

    def _get(self, key: str) -> Response:
        if key not in self.files:
            return _error("NoSuchKey", 404)
        headers = {"ETag": _tag(self.files[key]), "Last-Modified": format_datetime(WRITTEN, usegmt=True)}
        return Response(self.files[key], headers=headers, content_type="binary/octet-stream")

    def _put(self, key: str) -> Response:
        data = request.get_data()
        if "uploadId" in request.args:
            self.parts[request.args["uploadId"]][int(request.args["partNumber"])] = data
        else:
            self.files[key] = data
        return Response(headers={"ETag": _tag(data)})

    def _post(self, key: str) -> Response:
        if "uploads" in request.args:
            upload = f"upload{len(self.parts)}"
            self.parts[upload] = {}
            words = f"<Bucket>{BUCKET}</Bucket><Key>{escape(key)}</Key><UploadId>{upload}</UploadId>"
            return _xml(f"<InitiateMultipartUploadResult {SPACE}>{words}</InitiateMultipartUploadResult>")
        parts = self.parts.pop(request.args["uploadId"])
        self.files[key] = b"".join(parts[number] for number in sorted(parts))
        told = f"<Bucket>{BUCKET}</Bucket><Key>{escape(key)}</Key><ETag>{escape(_tag(self.files[key]))}</ETag>"
        return _xml(f"<CompleteMultipartUploadResult {SPACE}>{told}</CompleteMultipartUploadResult>")

    def _delete(self, key: str) -> Response:
        if "uploadId" in request.args:
            self.parts.pop(request.args["uploadId"], None)
        else:
            self.files.pop(key, None)
        return Response(status=204)


def _tag(data: bytes) -> str:
    return f'"{hashlib.md5(data).hexdigest()}"'


def _xml(text: str) -> Response:
    return Response(f'<?xml version="1.0" encoding="UTF-8"?>{text}', content_type="application/xml")


def _error(code: str, status: int) -> Response:
    answer = _xml(f"<Error><Code>{code}</Code><Message>no</Message></Error>")
    answer.status_code = status
    return answer
