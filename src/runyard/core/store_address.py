"""Addresses of stores: a server's, a database's, or the path of a folder. Standard library only.

Other text is an error with a suggested spelling: taken for the name of a new folder, a
mistyped address would collect runs in an unexpected folder.
"""

import difflib
import ipaddress
import os
import re
from contextlib import suppress
from pathlib import Path
from urllib.parse import unquote

from runyard.core.credentials import (
    ANY_SCHEME,
    shown_address,
    split_credentials,
    with_encoded_credentials,
    without_credentials,
)
from runyard.exceptions import InvalidParameter

SERVERS = ("http", "https")
DATABASES = ("sqlite", "postgresql", "postgres")
SQLITE = "sqlite:///"
FOLDER_DATABASE = "runyard.db"

_HOW = "Use http(s)://host:port for a server, sqlite:///file.db or postgresql://user@host/name for a database."
_FORM = re.compile(rf"({ANY_SCHEME})://(.*)")
_BROKEN_MARK = re.compile(r"([A-Za-z][A-Za-z0-9+-]*)(?::/?|[;.,]//|/{2,4}|:?\\\\)(?![/\\])(.+)")
"""A scheme whose ``://`` is mistyped."""
_HOST_AND_PORT = re.compile(r"(?:/{2})?(?:[^/]*@)?(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]*):\d{1,5}(?:[/?#].*)?")
_DOMAIN = re.compile(
    r"(www\..+|localhost|.+\.(com|org|net|io|dev|ai|app|cloud|local|lan|internal|corp|home)|([\w-]+\.){2,}[A-Za-z]{2,})"
)
_EXPLICIT = re.compile(r"(/(?!/)|~|\.{1,2}(/|$))")
"""Prefixes of a path that cannot be mistaken for a host name."""
_OPTIONS = re.compile(r"\?(?=\w+=[^/]*$)")
_PORT = re.compile(r":(\d{1,5})?")
_HOST = re.compile(r"\[[^\]]*\]|[^:\[\]\s<>\"{}|\\^`,;@]*")
_PAGE = re.compile(r"/?([#?]|(experiments/\d+|runs/[0-9a-f]{32}|(ajax-)?api/\d\.\d)(?=[/?#]|$)).*")
"""Paths of pages and routes that follow a server's address."""
_QUOTES = "'\"`<"
_WRAPPING = f"{_QUOTES}>(){{}}"
_VARIABLE = re.compile(r"\$\w|.*\$?\{\w*\}|<\w+>|%[A-Za-z_]\w*%")
"""Placeholders for a value that was not filled in."""
_EMPTY_VALUES = ("none", "null", "undefined", "nan")
_DATABASE_FILES = (".db", ".sqlite", ".sqlite3", ".db3")
_DATABRICKS = ("databricks", "databricks-uc", "uc")
_FOREIGN_DATABASES = ("mysql", "mssql", "oracle", "mariadb", "duckdb", "mongodb", "cockroachdb", "redis")
_OF_ARTIFACTS = tuple("s3 gs gcs wasb wasbs abfs abfss hdfs dbfs ftp sftp r2 runs models mlflow-artifacts".split())


def spelled(text: str) -> str:
    """A store's address in normal form: stripped, the scheme in lower case, passwords encoded.

    Raises
    ------
    InvalidParameter: It is not the address of a server, database or folder; the message suggests the nearest valid one.
    """
    uri = text.strip()
    if not uri or not uri.isprintable():
        why = "it holds a line break or another control character" if uri else "it has no letters"
        raise _refused(" ".join(uri.split()), why)
    found = _FORM.fullmatch(uri)
    if found is None:
        return _without_mark(uri)
    scheme, rest = found[1].lower(), found[2]
    kind = scheme.partition("+")[0]
    if kind in SERVERS and kind == scheme:
        return _of_server(scheme, rest)
    if kind == "sqlite":
        return _of_sqlite(rest)
    if kind in DATABASES:
        _check_place(scheme, split_credentials(f"{scheme}://{rest}")[1])
        return with_encoded_credentials(f"{scheme}://{rest}")
    if kind == "file":
        return _of_folder_uri(rest)
    raise _unknown_scheme(kind, f"{scheme}://{rest}", rest)


def is_server(uri: str) -> bool:
    """Whether this is the address of a server."""
    scheme, mark, _ = uri.partition("://")
    return bool(mark) and scheme.lower() in SERVERS


def is_database(uri: str) -> bool:
    """Whether this is the address of a database."""
    scheme, mark, _ = uri.partition("://")
    return bool(mark) and scheme.partition("+")[0].lower() in DATABASES


def sqlite_file(uri: str) -> Path | None:
    """The file of a SQLite database's address, taken literally; None for other addresses."""
    if not uri.startswith(SQLITE):
        return None
    return Path(_written(uri))


def sqlite_options(uri: str) -> str:
    """The query in the address of a SQLite database, with its ``?``."""
    return uri.removeprefix(SQLITE).removeprefix(_written(uri))


def absolute(uri: str) -> str:
    """A store's address made independent of the working directory: the URI of its server or database.

    Raises
    ------
    InvalidParameter: It is not an address of a store.
    """
    uri = spelled(uri)
    if is_server(uri):
        return uri.rstrip("/")
    file = sqlite_file(uri)
    if file is not None:
        return f"{SQLITE}{file.absolute()}{sqlite_options(uri)}"
    if is_database(uri):
        return uri
    return f"{SQLITE}{folder(uri) / FOLDER_DATABASE}"


def folder(uri: str) -> Path:
    """The folder that a path or a ``file:`` address names."""
    if uri.startswith("file:"):
        rest = uri.removeprefix("file:")
        return Path(unquote(rest[2:].removeprefix("localhost") if rest.startswith("//") else rest)).absolute()
    return Path(uri).absolute()


def _written(uri: str) -> str:
    return _OPTIONS.split(uri.removeprefix(SQLITE), maxsplit=1)[0]


def _of_server(scheme: str, rest: str) -> str:
    place = split_credentials(f"{scheme}://{rest}")[1]
    doubled = re.match(r"https?:?/*(?=.*\w)", place, re.IGNORECASE)
    if doubled and "/" in doubled[0]:
        raise _refused(f"{scheme}://{rest}", "it begins twice", f"{scheme}://{place[doubled.end() :]}")
    if place.startswith("/"):
        raise _refused(f"{scheme}://{rest}", "it names no host", f"{scheme}://{place.lstrip('/')}")
    _check_place(scheme, place)
    if not _HOST.match(place)[0]:  # type: ignore[index]  # it matches always
        raise _refused(f"{scheme}://{rest}", "it names no host")
    if "@" in place:
        raise _refused(f"{scheme}://{rest}", "in a password, write / as %2F, # as %23 and @ as %40")
    page = _PAGE.search(place)
    if page:
        raise _refused(
            f"{scheme}://{rest}",
            "that is an address below a server, not the server's own",
            f"{scheme}://{place[: page.start()]}",
        )
    return with_encoded_credentials(f"{scheme}://{rest}")


def _check_place(scheme: str, place: str) -> None:
    """Look at host and port."""
    authority = re.split(r"[/?#]", place, maxsplit=1)[0]
    if _VARIABLE.match(authority):
        raise _refused(f"{scheme}://{place}", "a variable in it has no value")
    host = _HOST.match(authority)[0]  # type: ignore[index]  # it matches always
    port = authority[len(host) :]
    if re.fullmatch(r"[0-9A-Fa-f:]*:[0-9A-Fa-f:]*:[0-9A-Fa-f:]*", authority):
        head, _, last = authority.rpartition(":")
        meant = f"[{head}]:{last}" if len(last) > 3 else f"[{authority}]"
        raise _refused(f"{scheme}://{place}", "IPv6 addresses stand in brackets", f"{scheme}://{meant}")
    if host.startswith("[") and not _is_ip(host.strip("[]").partition("%")[0]):
        raise _refused(f"{scheme}://{place}", "the text in brackets is not an IPv6 address")
    if port and (not _PORT.fullmatch(port) or not 0 < int(port[1:] or 1) < 65536):
        raise _refused(f"{scheme}://{host}:…", "what follows the host is not a port")  # it may be a password


def _of_sqlite(rest: str) -> str:
    if not rest.startswith("/"):
        raise _refused(f"sqlite://{rest}", "a file stands behind three slashes", f"{SQLITE}{rest or FOLDER_DATABASE}")
    path = rest[1:]
    if not path or path.startswith((":memory:", "?")):
        raise InvalidParameter("A SQLite store needs a file: use sqlite:///runyard.db or sqlite:////absolute/path.db.")
    uri = f"{SQLITE}{_at_home(path)}"
    file = sqlite_file(uri)
    if file is not None and (file.is_dir() or _written(uri).endswith("/")):
        raise _refused(uri, "that is a folder, not a file", f"{SQLITE}{file / FOLDER_DATABASE}")
    return uri


def _of_folder_uri(rest: str) -> str:
    host = rest.partition("/")[0]
    if host.lower() in ("", "localhost", ".", "..", "~"):
        return f"file://{_at_home(rest)}"
    raise _refused(f"file://{rest}", "a folder is on no host", f"file:///{rest}", f"or the path {rest} as it is")


def _without_mark(uri: str) -> str:
    """A path; or an error for an address without ``://``."""
    lowered = uri.lower()
    if lowered.startswith("file:"):
        return f"file:{_at_home(uri[5:])}"
    kind = re.split(r"[:;/]", lowered, maxsplit=1)[0].partition("+")[0]
    if kind in _DATABRICKS and (kind == lowered or lowered[len(kind)] == ":"):
        raise _unknown_scheme(kind, uri, "")
    why = misread(uri)
    if (_EXPLICIT.match(uri) or (Path(uri).is_dir() and not why)) and not _HOST_AND_PORT.fullmatch(uri):
        return _path(uri)
    if lowered.rstrip(":/") in (*SERVERS, *DATABASES):
        raise _refused(uri, "a scheme is not an address")
    found = _BROKEN_MARK.fullmatch(uri)
    known = found and _nearest(found[1].lower())
    if found and known and not found[2].isdigit() and (kind in (*SERVERS, *DATABASES) or "//" in uri or "\\" in uri):
        root = "/" if "////" in uri else ""
        meant = f"{SQLITE}{root}{found[2]}" if known == "sqlite" else f"{known}://{found[2]}"
        raise _refused(uri, "the scheme is followed by ://", without_credentials(meant))
    if why:
        raise _refused(uri, why, _unwrapped(uri))
    if _HOST_AND_PORT.fullmatch(uri):
        raise _refused(uri, "a server's address begins with http:// or https://", _as_server(uri), _or_folder(uri))
    if re.match(f"{ANY_SCHEME}:", uri) or uri.startswith("://"):
        raise _unknown_scheme(kind, uri, uri.partition(":")[2].lstrip("/"))
    if uri.isdigit():
        raise _refused(uri, "that is a port at most", f"http://127.0.0.1:{uri}", _or_folder(uri))
    bare = uri.removeprefix("//").partition("/")[0].rpartition("@")[2]
    if _is_ip(bare.strip("[]")) or _DOMAIN.fullmatch(bare.lower()):
        raise _refused(uri, "a server's address begins with http:// or https://", _as_server(uri), _or_folder(uri))
    return _path(uri)


def misread(text: str) -> str | None:
    """Why a text without a scheme is the path of a folder by its letters only; None for plain paths."""
    if not text or _EXPLICIT.match(text):
        return None
    if _VARIABLE.match(text):
        return "a variable in it has no value"
    if text[0] in _QUOTES or ("://" in text and text[0] in _WRAPPING):
        return "it stands in quotes or brackets"
    if "://" in text:
        return "letters alone stand before ://"
    if text.lower() in _EMPTY_VALUES:
        return "that is how a missing value reads as text"
    mark = re.match(r"(\w+)/{2,3}[^/]", text)
    if mark and mark[1].lower() in (*SERVERS, *DATABASES, *_OF_ARTIFACTS):
        return f"write {mark[1]}:// where it begins"
    return None


def _unwrapped(uri: str) -> str | None:
    """The text in quotes or brackets, if it is an address."""
    bare = uri.strip(f"{_WRAPPING},; ").replace(" ", "")
    with suppress(InvalidParameter):
        return spelled(bare) if "://" in bare and bare != uri else None
    return None


def _path(uri: str) -> str:
    path = _at_home(uri)
    if not Path(path).is_dir() and (Path(path).exists() or path.lower().endswith(_DATABASE_FILES)):
        raise _refused(uri, "that is a file, not a folder", f"{SQLITE}{path}")
    return path


def _at_home(path: str) -> str:
    """A path that begins with ``~`` or ``~user`` as the shell reads it."""
    if not path.startswith("~"):
        return path
    found = os.path.expanduser(path)  # noqa: PTH111  (a Path would lose options and a last slash)
    if found.startswith("~"):
        raise _refused(path, f"the home folder of {path.partition('/')[0]!r} is not known")
    return found


def _unknown_scheme(kind: str, uri: str, rest: str) -> InvalidParameter:
    if kind in _DATABRICKS:
        return _refused(uri, "Runyard does not log to Databricks")
    if kind in _FOREIGN_DATABASES:
        return _refused(uri, f"runs are kept in SQLite or PostgreSQL, not in {kind}")
    if kind in _OF_ARTIFACTS:
        return _refused(uri, f"{kind}: is for artifacts; runs are kept by a server or in a database")
    known = _nearest(kind)
    if not known:
        return _refused(uri, f"the scheme {kind!r} is not known" if "://" in uri else "it is neither a path nor a URL")
    meant = f"{SQLITE}{rest.lstrip('/')}" if known == "sqlite" else f"{known}://{rest.lstrip('/')}"
    return _refused(uri, f"the scheme {kind!r} is not known", without_credentials(meant))


def _nearest(scheme: str) -> str | None:
    kind = scheme.partition("+")[0]
    known = {"pg": "postgresql", "psql": "postgresql", "postgres": "postgresql", "sqllite": "sqlite", "sql": "sqlite"}
    near = difflib.get_close_matches(kind, [*SERVERS, *DATABASES], 1, 0.6)
    return known.get(kind) or known.get(near[0] if near else "", near[0] if near else None)


def _as_server(uri: str) -> str:
    place = uri.removeprefix("//").rpartition("@")[2]
    bare = place.count(":") > 1 and not place.startswith("[")
    return f"http://{f'[{place}]' if bare else place}".replace("http://:", "http://127.0.0.1:")


def _or_folder(uri: str) -> str:
    return f"or ./{shown_address(uri).lstrip('/')} for a folder of that name"


def _is_ip(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def _refused(uri: str, why: str, meant: str | None = None, otherwise: str = "") -> InvalidParameter:
    advice = f"Write {shown_address(meant)}{f', {otherwise}' if otherwise else ''}." if meant else _HOW
    return InvalidParameter(f"{shown_address(uri)!r} is not an address of a store: {why}. {advice}")
