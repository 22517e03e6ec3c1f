"""Pieces of SQL that conditions and orders are made of. Values are always bound, never written into the statement."""

import operator
from collections.abc import Callable, Sequence
from typing import Any

import sqlalchemy as sa

from runyard.core.tags import NOTE_TAG
from runyard.db.dialects import one_of_values
from runyard.exceptions import InvalidParameter
from runyard.search.nodes import And, Comparison, Condition, Not, Or, Words
from runyard.search.regex import compiled

MAX_PATTERN_BYTES = 50_000  # SQLite's limit

MAX_BOUND = 100
"""Values of a list that are bound one by one; databases limit how many a statement may have."""

MAX_JOINED = 5
"""Maximum number of conditions on other tables that PostgreSQL may plan as joins; planning 100 takes five seconds."""

Column = sa.ColumnElement[Any]

_ORDERED: dict[str, Callable[[Any, Any], Any]] = {
    "=": operator.eq,
    "!=": operator.ne,
    ">": operator.gt,
    ">=": operator.ge,
    "<": operator.lt,
    "<=": operator.le,
}


def compare(column: Column, comparison: Comparison, dialect: str) -> sa.ColumnElement[bool]:
    """The condition that a column stands in this relation to the comparison's value; never true where it is NULL.

    Raises
    ------
    InvalidParameter: A pattern of LIKE is too long for the database.
    """
    asked, value = comparison.operator, _exact(column, comparison.value)
    if asked in _ORDERED:
        condition: sa.ColumnElement[bool] = _ORDERED[asked](column, value)
        return condition
    if isinstance(value, tuple):
        among = column.in_(value) if len(value) <= MAX_BOUND else one_of_values(dialect, column, value)
        return among if asked == "IN" else sa.not_(among)
    if asked in ("IS NULL", "IS NOT NULL"):
        return column.is_(None) if asked == "IS NULL" else column.is_not(None)
    if asked in ("~", "!~"):
        matches = _matches(column, str(value), dialect)
        return matches if asked == "~" else sa.not_(matches)
    like = _like(column, str(comparison.value), asked.endswith("ILIKE"), dialect)
    return sa.not_(like) if asked.startswith("NOT") else like


def compare_text(column: Column, comparison: Comparison, dialect: str) -> sa.ColumnElement[bool]:
    """`compare` for a column of texts, which are read as numbers where they are compared with some.

    Raises
    ------
    InvalidParameter: A pattern of LIKE is too long for the database.
    """
    value = comparison.value
    if isinstance(value, tuple) and not isinstance(value[0], str):
        return compare(as_number(column, dialect), comparison, dialect)
    if not isinstance(value, int | float):
        return compare(column, comparison, dialect)
    if dialect == "sqlite":  # reads both alike, so that 0.1 is 0.1 to the last digit
        given = sa.cast(sa.literal(_NUMERAL.get(float(value), repr(float(value)))), sa.REAL)
        condition: sa.ColumnElement[bool] = _ORDERED[comparison.operator](as_number(column, dialect), given)
        return condition
    return compare(as_number(column, dialect), _with(comparison, float(value)), dialect)


def combine(
    condition: Condition, single: Callable[[Comparison | Words], sa.ColumnElement[bool]]
) -> sa.ColumnElement[bool]:
    """A condition of any depth.

    Parameters
    ----------
    single: Makes the SQL of a comparison or of words.
    """
    if isinstance(condition, Not):  # what is unknown, such as the end of a run that goes on, is not so
        return combine(condition.part, single).is_not(sa.true())
    if isinstance(condition, And | Or):
        parts = [combine(part, single) for part in condition.parts]
        return sa.and_(*parts) if isinstance(condition, And) else sa.or_(*parts)
    return single(condition)


def contains(column: Column, text: str, dialect: str) -> sa.ColumnElement[bool]:
    """Whether a text column holds a text, in any case."""
    if dialect == "postgresql" or text.isascii():
        escaped = text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
        if dialect == "postgresql":
            # As SQLite's LIKE does, "C" knows the case of English letters only. It takes a third of the time.
            collation = "C" if text.isascii() else "und-x-icu"
            return sa.collate(column, collation).ilike(f"%{escaped}%", escape="\\")
        if len(escaped.encode()) < MAX_PATTERN_BYTES:
            # SQLite's LIKE knows the case of English letters. It is quicker without a character that escapes.
            return column.like(f"%{escaped}%", escape="\\" if escaped != text else None)
    return sa.func.instr(sa.func.runyard_lower(column), text.lower()) > number(0)


def plannable(conditions: Sequence[sa.ColumnElement[bool]], dialect: str) -> list[sa.ColumnElement[bool]]:
    """The same conditions, such that planning the statement stays quick: the first few may become joins."""
    if dialect != "postgresql":
        return list(conditions)
    return [*conditions[:MAX_JOINED], *(condition.is_(sa.true()) for condition in conditions[MAX_JOINED:])]


def binary(column: Column, dialect: str) -> Column:
    """A text column ordered by its characters' numbers, on every database alike."""
    return sa.collate(column, "C") if dialect == "postgresql" else column


def number(value: int | float) -> Column:
    """A constant of ours, written into the statement so that the database can plan with it."""
    return sa.literal_column(repr(value), sa.Double() if isinstance(value, float) else sa.BigInteger())


def has_words(tags: Any, text: str, dialect: str) -> sa.ColumnElement[bool]:
    """Whether a tag holds a text in its key or value; what clients note by themselves is left out, but for the note.

    Parameters
    ----------
    tags: The columns of the table of tags.
    """
    return sa.and_(own_tag(tags), sa.or_(contains(tags.value, text, dialect), contains(tags.key, text, dialect)))


def own_tag(tags: Any) -> sa.ColumnElement[bool]:
    """Whether words are looked for in a tag: people's own ones, and the note."""
    return sa.or_(~tags.key.like("mlflow.%"), tags.key == NOTE_TAG)


def begins_with(column: Column, text: str) -> sa.ColumnElement[bool]:
    """Whether an id begins with a text."""
    return sa.func.substr(column, number(1), number(len(text))) == text.lower()


def _exact(column: Column, value: Any) -> Any:
    """A value as databases compare a column of numbers with it, without rounding."""
    if not isinstance(column.type, sa.Integer):
        return tuple(map(float, value)) if isinstance(column.type, sa.Float) and isinstance(value, tuple) else value
    if isinstance(value, tuple):
        return tuple(int(each) for each in value if isinstance(each, int) or each.is_integer())
    return sa.literal(value, sa.Double()) if isinstance(value, float) else value


_NUMERAL = {float("inf"): "9e999", float("-inf"): "-9e999"}
_NUMERALS = (
    r"^[ \t\n\v\f\r]*[-+]?(?:(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]{1,2})?|"
    r"[0-9](?:\.[0-9]*)?[eE][-+]?(?:[12][0-9]{2}|30[0-7]))[ \t\n\v\f\r]*$"
)
_INDEXED = 200
"""Characters of a text that are read as a number, which the indexes of params and tags hold."""


def _with(comparison: Comparison, value: Any) -> Comparison:
    return Comparison(comparison.kind, comparison.key, comparison.operator, value)


def as_number(column: Column, dialect: str) -> Column:
    """The number that a text is, up to 1e307; NULL for any other text."""
    text = sa.func.substr(column, number(1), number(_INDEXED))
    if dialect == "postgresql":
        numeral = text.op("~", is_comparison=True, return_type=sa.Boolean())(sa.literal_column(f"'{_NUMERALS}'"))
        return sa.case((numeral, sa.cast(text, sa.Double())), else_=sa.null())
    # Compared with a number, a text that is a numeral counts as one, and any other comes behind all numbers.
    bounds = [sa.cast(number(sign * 1e308), sa.REAL) for sign in (-1, 1)]
    return sa.case((sa.and_(text > bounds[0], text < bounds[1]), sa.cast(text, sa.REAL)), else_=sa.null())


def _matches(column: Column, pattern: str, dialect: str) -> sa.ColumnElement[bool]:
    """Whether a regular expression of the search language matches a part of a text."""
    if dialect == "postgresql":
        expression = compiled(pattern)
        operator_, collation = ("~*", "und-x-icu") if expression.any_case else ("~", "C")
        subject = sa.collate(column, collation)
        return subject.op(operator_, is_comparison=True, return_type=sa.Boolean())(expression.posix)
    matches: sa.ColumnElement[bool] = sa.func.runyard_matches(pattern, column, type_=sa.Boolean())
    return matches


def _like(column: Column, pattern: str, any_case: bool, dialect: str) -> sa.ColumnElement[bool]:
    """LIKE as MLflow has it: case counts unless ILIKE, ``%`` and ``_`` are wildcards, nothing escapes them."""
    if dialect == "postgresql":
        # The collation makes ILIKE know the case of all letters, also in a database that was made with the C locale.
        return (
            sa.collate(column, "und-x-icu").ilike(pattern, escape="") if any_case else column.like(pattern, escape="")
        )
    glob = _as_glob(pattern.lower() if any_case else pattern)
    subject = sa.func.runyard_lower(column) if any_case else column
    return subject.op("GLOB", is_comparison=True, return_type=sa.Boolean())(glob)


def _as_glob(pattern: str) -> str:
    """A LIKE pattern as one of SQLite's GLOB, where case counts; its own wildcards are put in brackets."""
    glob = pattern.translate(_GLOB)
    if len(glob.encode()) > MAX_PATTERN_BYTES:
        raise InvalidParameter(f"A pattern of LIKE may take {MAX_PATTERN_BYTES} bytes at most. Shorten it.")
    return glob


_GLOB = str.maketrans({"%": "*", "_": "?", "*": "[*]", "?": "[?]", "[": "[[]"})
