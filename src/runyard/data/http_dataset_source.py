"""Sources on the web."""

from typing import Any
from urllib.parse import urlsplit

from runyard.core.credentials import without_credentials
from runyard.data.dataset_source import DatasetSource
from runyard.data.download import downloaded


class HTTPDatasetSource(DatasetSource):
    """A file behind an http or https address."""

    source_type = "http"

    def __init__(self, url: str) -> None:
        self._url = url

    @property
    def url(self) -> str:
        """The address."""
        return self._url

    @classmethod
    def _can_resolve(cls, raw_source: Any) -> bool:
        if not isinstance(raw_source, str):
            return False
        parts = urlsplit(raw_source)
        return parts.scheme in ("http", "https") and bool(parts.netloc)

    def load(self, dst_path: str | None = None) -> str:
        """Download it into a folder (a temporary one if none is given); the local path."""
        return str(downloaded(self._url, dst_path))

    def to_dict(self) -> dict[str, Any]:
        """The address."""
        return {"url": without_credentials(self._url)}
