"""Who the client says it is: environment variables first, then MLflow's credentials file."""

import base64
import configparser
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from runyard import settings
from runyard.version import VERSION


def headers() -> dict[str, str]:
    """The headers that go with every request: basic authentication, else a bearer token, else neither."""
    found = {"User-Agent": f"runyard-python-client/{VERSION}"}
    name, password = settings.TRACKING_USERNAME.get(), settings.TRACKING_PASSWORD.get()
    if not (name and password):
        from_file = _from_file()
        name, password = name or from_file[0], password or from_file[1]
    token = settings.TRACKING_TOKEN.get()
    if name and password:
        found["Authorization"] = "Basic " + base64.b64encode(f"{name}:{password}".encode()).decode()
    elif token:
        found["Authorization"] = f"Bearer {token}"
    return found


def _from_file() -> tuple[str | None, str | None]:
    """User name and password of ``~/.mlflow/credentials``, an INI file with a section ``[mlflow]``."""
    parser = configparser.ConfigParser(interpolation=None)
    try:
        parser.read(Path.home() / ".mlflow" / "credentials")
        section = parser["mlflow"]
    except (KeyError, configparser.Error, OSError, RuntimeError):
        return None, None
    return section.get("mlflow_tracking_username"), section.get("mlflow_tracking_password")


def without_credentials(uri: str) -> str:
    """The address as it may be shown and stored: without user name and password."""
    parts = urlsplit(uri)
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2])) if "@" in parts.netloc else uri
