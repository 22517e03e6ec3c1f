"""Answers that need no database: health, version and capabilities."""

import json

from runyard.artifacts.locations import in_s3
from runyard.http.answers import App, Headers, Receive, Scope, Send, refused_to_change
from runyard.server.settings import ServerSettings
from runyard.version import VERSION

_TEXT = (b"content-type", b"text/plain; charset=utf-8")
_JSON = (b"content-type", b"application/json")
_SERVER_INFO = {
    "store_type": "SqlStore",
    "workspaces_enabled": False,
    "trace_archival_enabled": False,
    "presigned_upload_run_id_supported": True,
    "presigned_upload_model_id_supported": True,
    "features_enabled": {"gateway": False},
}


class Status:
    """Answers ``/health``, ``/version`` and ``server-info``; passes other requests on.

    Parameters
    ----------
    app: Serves everything else.
    settings: The server's settings.
    """

    def __init__(self, app: App, settings: ServerSettings) -> None:
        self._app = app
        direct = settings.serve_artifacts and in_s3(settings.destination)
        offers = {"multipart_uploads_enabled": direct, "multipart_downloads_enabled": direct}
        info = json.dumps({**_SERVER_INFO, **offers}, separators=(",", ":")).encode()
        answers = {
            "/health": (_TEXT, b"OK"),
            "/version": (_TEXT, VERSION.encode()),
            "/api/3.0/mlflow/server-info": (_JSON, info),
            "/ajax-api/3.0/mlflow/server-info": (_JSON, info),
        }
        self._answers = {settings.static_prefix + path: answer for path, answer in answers.items()}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        answer = self._answers.get(scope["path"])
        if answer is None:
            await self._app(scope, receive, send)
            return
        if await refused_to_change(scope, send):
            return
        content_type, body = answer
        headers: Headers = [content_type, (b"content-length", b"%d" % len(body))]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})
