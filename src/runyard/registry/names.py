"""Rules for names of models, aliases, stages and versions. Source: MLflow 3.17's registry."""

import re

from runyard.core.limits import check_key, check_text, shown
from runyard.core.model_uri import STAGES
from runyard.exceptions import InvalidParameter

MAX_NAME = 500  # MLflow's SQLite store takes any length; indexes of PostgreSQL do not
MAX_ALIAS = 255
MAX_DESCRIPTION = 65_535
MAX_SOURCE = 65_535
MAX_TAG_VALUE = 100_000
MAX_USER = 256
MAX_REASON = 5_000

NONE, STAGING, PRODUCTION, ARCHIVED = STAGES
ACTIVE_STAGES = (STAGING, PRODUCTION)
LATEST = "latest"

_ALIAS = re.compile(r"[\w\-]+")
_VERSION_ALIAS = re.compile(r"[vV]\d+")


def check_model_name(name: str, field: str = "name") -> None:
    """Check that a name fits into a ``models:/`` address and is not too long."""
    if not name.strip():
        raise InvalidParameter(f"Missing value for required parameter '{field}'. A registered model needs a name.")
    if "/" in name or ":" in name:
        raise InvalidParameter(
            f"Invalid name of a registered model {shown(name)}: it may hold neither a slash (/) nor a colon (:)."
        )
    if name in (".", ".."):
        raise InvalidParameter(f"Invalid name of a registered model {name!r}: it means a folder.")
    check_text(f"The name {shown(name)}", name, MAX_NAME)


def check_alias(alias: str) -> None:
    """Check that an alias cannot be mistaken for a version or ``latest``."""
    check_text("The alias", alias, MAX_ALIAS)
    if not alias:
        raise InvalidParameter("Missing value for required parameter 'alias'. An alias needs a name.")
    if not _ALIAS.fullmatch(alias):
        raise InvalidParameter(
            f"Invalid alias {shown(alias)}: an alias may hold letters, digits, underscores (_) and dashes (-)."
        )
    if alias.lower() == LATEST:
        raise InvalidParameter(f"The alias {alias!r} is reserved: it always means the highest version.")
    if _VERSION_ALIAS.fullmatch(alias):
        raise InvalidParameter(f"The alias {alias!r} is reserved: it reads like the number of a version.")


def stage_named(text: str) -> str:
    """The stage as it is spelled, from any case."""
    for stage in STAGES:
        if stage.lower() == text.lower():
            return stage
    raise InvalidParameter(f"Invalid stage {shown(text)}: use one of {', '.join(STAGES)}.")


def version_number(text: str) -> int:
    """The number of a version from text.

    Raises
    ------
    InvalidParameter: Not an integer.
    """
    digits = text.strip().removeprefix("-")
    if digits.isascii() and digits.isdigit() and len(digits) <= 18:
        return int(text)
    raise InvalidParameter(f"Parameter 'version' must be an integer such as '3', not {shown(text)}.")


def check_tag(key: str, value: str, path: str = "") -> None:
    """Check the key and value of a tag."""
    check_key(f"{path}key", key)
    check_text(f"The value of tag {shown(key)}", value, MAX_TAG_VALUE)


def check_description(text: str | None) -> None:
    """Check that a description can be stored."""
    if text is not None:
        check_text("The description", text, MAX_DESCRIPTION)


def check_cause(user_id: str, reason: str) -> None:
    """Check that user and reason are not too long."""
    check_text("user_id", user_id, MAX_USER)
    check_text("reason", reason, MAX_REASON)
