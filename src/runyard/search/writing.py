"""Writes keys and values as filters have them."""

import re

_PLAIN_KEY = re.compile(r"[^\W\d]\w*(?:\.\w+)*")


def key_text(prefix: str, key: str) -> str:
    """A key behind its kind, such as ``metrics`` or ``params``, in backticks where it needs them."""
    if _PLAIN_KEY.fullmatch(key):
        return f"{prefix}.{key}"
    return f"{prefix}.{_in_quotes(key) if '`' in key else f'`{key}`'}"


def value_text(text: str) -> str:
    """A text in the quotes that it does not hold itself, or escaped."""
    return f"'{text}'" if "'" not in text else _in_quotes(text)


def _in_quotes(text: str) -> str:
    if '"' not in text:
        return f'"{text}"'
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    return f"E'{escaped}'"
