"""The protocol's limits of keys and values, and the rules for keys.

Sources: MLflow 3.17's REST protocol. A comment marks limits above MLflow's.
"""

import functools
import posixpath
import re
from collections.abc import Sequence, Sized

from runyard.exceptions import InvalidParameter

MAX_EXPERIMENT_NAME = 500
MAX_ARTIFACT_LOCATION = 2048
MAX_KEY = 250
MAX_MODEL_PARAM_KEY = 255
MAX_TEXT_VALUE = 65_535  # params and run tags; MLflow silently cuts at 6,000 and 8,000
MAX_EXPERIMENT_TAG_VALUE = 20_000
MAX_RUN_NAME = 65_535  # the name is kept as a tag too
MAX_BATCH_METRICS = 1_000
MAX_BATCH_PARAMS = 100
MAX_BATCH_TAGS = 100
MAX_BATCH_ENTRIES = 1_000
MAX_DATASET_NAME = 500
MAX_DATASET_DIGEST = 36
MAX_DATASET_SOURCE = 65_535
MAX_DATASET_SCHEMA = 1_048_575
MAX_DATASET_PROFILE = 16_777_215
MAX_INPUT_TAG_KEY = 255
MAX_INPUT_TAG_VALUE = 500
MAX_SEARCH_RESULTS = 50_000
MAX_HISTORY_POINTS = 25_000
MAX_HISTORY_RUNS = 100
MAX_INTERVAL_POINTS = 2_500

_KEY_CHARACTERS = re.compile(r"[/\w.\- :]*")
_RUN_ID = re.compile(r"[a-zA-Z0-9][\w-]{0,255}")
_MADE_ID = re.compile(r"[0-9a-f]{32}")
UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


def shown(text: str, most: int = 80) -> str:
    """The value for error messages: quoted, and cut when it is long."""
    return repr(text if len(text) <= most else text[:most] + "…")


def check_is_text(name: str, value: object) -> None:
    """Check that a name or key is text, not a number for example.

    Raises
    ------
    InvalidParameter: With the value and its type.
    """
    if not isinstance(value, str):
        raise InvalidParameter(
            f"Invalid value {shown(repr(value))[1:-1]} for parameter '{name}': text is needed, "
            f"and it is of type {type(value).__name__}."
        )


def check_text(name: str, value: str, most: int) -> None:
    """Check that text is not too long and can be stored in every database.

    Raises
    ------
    InvalidParameter: Over `most` characters, or holding NUL or half of a surrogate pair.
    """
    if len(value) > most:
        raise InvalidParameter(f"{name} has {len(value)} characters; at most {most} are stored. Shorten it.")
    check_storable(name, value)


def check_storable(name: str, value: str) -> None:
    """Check that text holds no NUL or lone surrogate, which databases cannot store."""
    if not value.isascii() or "\x00" in value:
        found = UNSTORABLE.search(value)
        if found:
            raise InvalidParameter(
                f"{name} holds the character U+{ord(found.group()):04X} at position {found.start()}, "
                "which cannot be stored. Remove it."
            )


@functools.lru_cache(4096)
def is_key(key: str) -> bool:
    """Whether a text may be the key of a metric, param or tag: the rules of `check_key`. Runs share most of theirs."""
    return bool(
        0 < len(key) <= MAX_KEY
        and _KEY_CHARACTERS.fullmatch(key)
        and posixpath.normpath(key) == key != "."
        and not key.startswith(("/", ".."))
    )


def is_plain(text: str, most: int) -> bool:
    """Whether a text surely passes `check_text`: this takes less time, and no name for a message."""
    return len(text) <= most and text.isascii() and "\x00" not in text


def check_key(name: str, key: str) -> None:
    """Check the key of a metric, param or tag.

    Keys double as paths in some stores, so a key must be its own normal form: no leading slash, no ``..``, no ``//``.

    Raises
    ------
    InvalidParameter: Empty, over 250 characters, with other characters than letters, digits and ``_ - . space : /``,
        or not in normal form.
    """
    check_is_text(name, key)
    if is_key(key):
        return
    if not key:
        raise InvalidParameter(f"Missing value for required parameter '{name}'. A key needs at least one character.")
    if len(key) > MAX_KEY:
        raise InvalidParameter(f"{name} {shown(key)} has {len(key)} characters; at most {MAX_KEY} are allowed.")
    if not _KEY_CHARACTERS.fullmatch(key):
        raise InvalidParameter(
            f"Invalid value {shown(key)} for parameter '{name}': keys may hold letters, digits, underscores (_), "
            "dashes (-), periods (.), spaces ( ), colons (:) and slashes (/)."
        )
    raise InvalidParameter(
        f"Invalid value {shown(key)} for parameter '{name}': as a path it means "
        f"{shown(posixpath.normpath(key))}. Use a key that is its own normal form."
    )


def check_made_id(name: str, value: str) -> None:
    """Check an id of the store's own form, such as a client may make.

    Raises
    ------
    InvalidParameter: It is not 32 hexadecimal digits.
    """
    if not _MADE_ID.fullmatch(value):
        raise InvalidParameter(f"Invalid value {shown(value)} for parameter {name!r}: use 32 hexadecimal digits.")


def check_count(name: str, given: Sized, most: int, least: int = 1) -> None:
    """Check the number of entries of a list.

    Raises
    ------
    InvalidParameter: It has fewer than `least` or more than `most`.
    """
    if not least <= len(given) <= most:
        raise InvalidParameter(f"'{name}' has {len(given):,} entries; {least} to {most:,} are needed.")


def check_between(name: str, value: int, most: int, least: int = 1) -> None:
    """Check a number that has bounds, such as how many results are wanted.

    Raises
    ------
    InvalidParameter: It is below `least` or over `most`.
    """
    if not least <= value <= most:
        raise InvalidParameter(f"Invalid value {value} for parameter '{name}': use {least} to {most:,}.")


def check_named_once(name: str, given: Sequence[object]) -> None:
    """Check that a list names nothing twice.

    Raises
    ------
    InvalidParameter: Two of its entries are equal.
    """
    if len(set(given)) != len(given):
        raise InvalidParameter(f"'{name}' names something twice. Give each once.")


def check_run_ids(run_ids: Sequence[str], most: int) -> None:
    """Check the runs that a message names.

    Raises
    ------
    InvalidParameter: There are none or too many of them, or one is not an id of a run.
    """
    check_count("run_ids", run_ids, most)
    for run_id in run_ids:
        check_run_id(run_id)


def check_run_id(run_id: str) -> None:
    """Check the form of a run id given with a batch."""
    if not _RUN_ID.fullmatch(run_id):
        raise InvalidParameter(f"Invalid value {shown(run_id)} for parameter 'run_id': run ids are like 'a1b2-c3_d4'.")
