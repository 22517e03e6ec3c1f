"""How the program was started, without the secrets that its command line may hold.

Standard library only.
"""

import re
import shlex
import sys
from collections.abc import Iterable

from runyard.core.credentials import without_secrets

MASK = "***"
MAX_WORD = 4_000
"""Characters of a word that are kept: ``python -c`` takes a whole program as one."""
MAX_WORDS = 1_000

_SECRET = re.compile(
    r"pass(?:word|wd|phrase|code)|(?:^|[-_.])(?:pass|pwd|auth|authorization)$|secret|token|credential"
    r"|(?:api|access|private)[-_]?key",
    re.IGNORECASE,
)
_OPTION = re.compile(r"--?([A-Za-z][\w.-]*)")
_ASSIGNED = re.compile(r"(?s)((?:--?)?([A-Za-z_][\w.-]*)=)(.*)")
_INSIDE = re.compile(
    r"(?i)(\b[\w.-]*(?:password|passwd|passphrase|secret|token|api[-_]?key|access[-_]?key|private[-_]?key)"
    r"""["']?\s*[:=]\s*)(["']?)([^\s"',;&)]+)\2"""
)
_PLAIN_NUMBER = re.compile(r"[-+]?\d+(?:\.\d*)?(?:e[-+]?\d+)?|true|false|none", re.IGNORECASE)
_COUNTED = re.compile(
    r"(?:^|[-_.])(?:n|num|max|min|count|len|length|id|ids|size|limit)(?=[-_.]|$)|tokens|tokenizer", re.I
)


def is_secret(name: str) -> bool:
    """Whether an option, a variable or a field of this name is taken for a secret."""
    return _SECRET.search(name) is not None and _COUNTED.search(name) is None


def command() -> list[str]:
    """The words that started this program, the Python first, secrets masked."""
    return masked(getattr(sys, "orig_argv", None) or [sys.executable, *sys.argv])


def masked(words: Iterable[str]) -> list[str]:
    """Words of a command line with ``***`` in place of what is secret.

    That is what follows ``--password`` and other options whose names speak of secrets, in the same word or in the
    next one; the value of ``token=…`` and its like anywhere; and the credentials in addresses.
    """
    shown: list[str] = []
    hides_next = False
    for word in list(words)[:MAX_WORDS]:
        hidden, hides_next = _masked(word, hides_next)
        shown.append(hidden if len(hidden) <= MAX_WORD else f"{hidden[:MAX_WORD]}…")
    return shown


def _masked(word: str, hidden: bool) -> tuple[str, bool]:
    """A word as it is shown, and whether the next one is secret."""
    option = _OPTION.fullmatch(word)
    if hidden and not word.startswith("--"):
        return MASK, False
    if option is not None:
        return word, is_secret(option[1])
    assigned = _ASSIGNED.fullmatch(word)
    if assigned is not None and is_secret(assigned[2]):
        return assigned[1] + MASK, False
    return masked_text(word), False


def masked_text(text: str) -> str:
    """A text with the values of what it calls a password, a token and the like masked, and no credentials."""
    return without_secrets(_INSIDE.sub(_hide, text))


def _hide(found: "re.Match[str]") -> str:
    if _COUNTED.search(found[1]) or _PLAIN_NUMBER.fullmatch(found[3]):
        return found[0]
    return f"{found[1]}{found[2]}{MASK}{found[2]}"


def line_of(words: Iterable[str]) -> str:
    """The words as a line that a shell takes."""
    return shlex.join(words)
