"""Names of runs by a pattern: a template with what a run has, and a text that is replaced."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from runyard.core.limits import shown
from runyard.exceptions import InvalidParameter

MAX_TEMPLATE = 1_000
ATTRIBUTES = ("name", "id", "status", "user", "date")
KINDS = ("params", "tags", "metrics")
_PART = re.compile(r"\{\{|\}\}|\{([^{}]*)\}|[{}]")


@dataclass(frozen=True)
class Wanted:
    """Something of a run that a name holds: ``name``, ``id`` and the like, or ``params``, ``tags``, ``metrics``."""

    kind: str
    key: str = ""

    @property
    def text(self) -> str:
        """As a template has it."""
        return f"{self.kind}.{self.key}" if self.key else self.kind


@dataclass(frozen=True)
class Pattern:
    """How names are made.

    Attributes
    ----------
    parts: Texts, and what stands between them.
    find: A text that is replaced in what the parts make; empty for none.
    """

    parts: tuple[str | Wanted, ...]
    find: str
    replace: str

    def keys(self, kind: str) -> list[str]:
        """The keys of params, tags or metrics that a name needs."""
        return list(dict.fromkeys(part.key for part in self.parts if isinstance(part, Wanted) and part.kind == kind))

    def name(self, values: Mapping[Wanted, str]) -> str:
        """The name of a run that has these values.

        Raises
        ------
        InvalidParameter: It lacks one, or the name would be blank.
        """
        text = "".join(part if isinstance(part, str) else _value(values, part) for part in self.parts)
        text = (text.replace(self.find, self.replace) if self.find else text).strip()
        if not text:
            raise InvalidParameter("The name would be blank.")
        return text


def _value(values: Mapping[Wanted, str], wanted: Wanted) -> str:
    if wanted not in values:
        raise InvalidParameter(f"The run has no {wanted.text}.")
    return values[wanted]


def read_pattern(template: str, find: str, replace: str) -> Pattern:
    """The pattern of a template.

    Parameters
    ----------
    template: Text with ``{name}``, ``{id}``, ``{status}``, ``{user}``, ``{date}`` and ``{params.lr}``, ``{tags.team}``,
        ``{metrics.loss}``; braces are written twice.

    Raises
    ------
    InvalidParameter: It is too long, or has something else in braces, or braces that do not belong together.
    """
    for what, text in (("'template'", template), ("'find'", find), ("'replace'", replace)):
        if len(text) > MAX_TEMPLATE:
            raise InvalidParameter(f"{what} has {len(text):,} characters; at most {MAX_TEMPLATE:,} are taken.")
    return Pattern(tuple(_parts(template)), find, replace)


def _parts(template: str) -> Iterator[str | Wanted]:
    place = 0
    for match in _PART.finditer(template):
        yield template[place : match.start()]
        place = match.end()
        if match[0] in ("{{", "}}"):
            yield match[0][0]
        elif match[1] is None:
            raise InvalidParameter(f"{shown(template)} has a brace without its other half. A brace itself is doubled.")
        else:
            yield _wanted(match[1].strip())
    yield template[place:]


def _wanted(text: str) -> Wanted:
    kind, dot, key = text.partition(".")
    if (not dot and kind in ATTRIBUTES) or (key and kind in KINDS):
        return Wanted(kind, key)
    known = ", ".join(f"{{{name}}}" for name in ATTRIBUTES)
    raise InvalidParameter(
        f"A name cannot hold {{{text[:80]}}}. It can hold {known}, {{params.KEY}}, {{tags.KEY}} and {{metrics.KEY}}."
    )
