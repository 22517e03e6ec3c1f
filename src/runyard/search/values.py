"""Reads what a field is compared with: texts, numbers, dates, durations and lists of them."""

from collections.abc import Callable

from runyard.core.clock import now_ms
from runyard.core.limits import shown
from runyard.search.fields import EQUAL, Field
from runyard.search.lexer import Token, bare_at
from runyard.search.nodes import And, Comparison, Condition, Or, Value
from runyard.search.reader import TokenReader
from runyard.search.regex import InvalidPattern, compiled
from runyard.search.times import read_date, read_duration

LIKES = frozenset(("LIKE", "ILIKE", "NOT LIKE", "NOT ILIKE"))
MATCHES = frozenset(("~", "!~"))
_AS_NUMBERS = "is compared as a number here: leave out the quotes"
_UNITS = "a number with its unit, such as 500ms, 90s, 15m, 2h, 1h30m or 7d"


class ValueReader(TokenReader):
    """Reads values.

    Attributes
    ----------
    strict: Refuse values that a field never has.
    """

    strict = False

    def take_word(self, *words: str) -> Token | None:
        """Take the next token if it is one of these keywords."""
        return self.take() if self.here.is_word(*words) else None

    def operator(self) -> str:
        """The comparator that stands here, in upper case."""
        token = self.take()
        if token.kind == "operator":
            if self.here.kind == "operator" and self.touches():
                raise self.error(f"Unknown comparator {shown(token.text + self.here.text)}.", token)
            return token.text
        if token.is_word("LIKE", "ILIKE", "IN", "BETWEEN"):
            return token.text.upper()
        if token.is_word("NOT") and (negated := self.take_word("IN", "LIKE", "ILIKE", "BETWEEN")):
            return f"NOT {negated.text.upper()}"
        if token.is_word("IS"):
            is_not = self.take_word("NOT") is not None
            if self.take_word("NULL"):
                return "IS NOT NULL" if is_not else "IS NULL"
        raise self.error("A comparator such as =, !=, >, LIKE, IN or IS NULL is needed here.", token)

    def compared(self, kind: str, key: str, operator: str, field: Field, what: str) -> Condition:
        """The condition whose comparator was just taken."""

        def one(comparator: str, value: Value) -> Comparison:
            return Comparison(kind, key, comparator, value)

        if operator in ("IS NULL", "IS NOT NULL"):
            return one(operator, None)
        if operator in ("BETWEEN", "NOT BETWEEN"):
            return self.between(one, operator, field, what)
        if operator in ("IN", "NOT IN"):
            return one(operator, self.listed(field, what))
        if operator in MATCHES or operator in LIKES:
            return one(operator, self.pattern(operator, field, what))
        if field.unit:
            first, last = self.period(field, what)
            return _in_period(one, operator, first, last)
        return one(operator, self.value(operator, field, what))

    def between(self, one: Callable[[str, Value], Comparison], operator: str, field: Field, what: str) -> Condition:
        """A range, both ends included."""
        low = self.bound(field, what)
        if not self.take_word("AND"):
            raise self.error("BETWEEN needs two values with AND between them, such as BETWEEN 0.1 AND 0.5.")
        high = self.bound(field, what)
        if operator == "BETWEEN":
            return And((one(">=", low[0]), one("<=", high[1])))
        return Or((one("<", low[0]), one(">", high[1])))

    def bound(self, field: Field, what: str) -> tuple[Value, Value]:
        """The smallest and greatest value that one end of a range stands for."""
        if field.unit:
            return self.period(field, what)
        value = self.value(">=", field, what)
        return value, value

    def value(self, operator: str, field: Field, what: str) -> Value:
        """One value."""
        token = self.here
        if field.value == "loose" and operator in EQUAL:
            return self.had(self.loose(what), token, field, what)
        if field.value in ("text", "loose"):
            if field.numeric and token.kind == "number":
                return self.number(self.take(), field)
            if operator not in EQUAL:
                raise self.error(f"{what[0].upper()}{what[1:]} {_AS_NUMBERS}.")
            return self.quoted(field, what)
        if field.value == "id":
            return self.quoted(field, what)
        self.take()
        if field.value == "version" and token.kind == "text":
            return self.whole(token)
        if token.kind != "number":
            raise self.error(f"The value for {what} must be a number, without quotes.", token)
        return self.number(token, field)

    def loose(self, what: str) -> str:
        """A text with or without quotes."""
        token = self.take()
        if token.kind not in ("text", "number", "word", "bare"):
            raise self.error(f"The value for {what} must be in quotes.", token)
        return token.value

    def quoted(self, field: Field, what: str) -> str:
        """A text in quotes."""
        token = self.here
        if token.kind != "text":
            raise self.error(self.unquoted(field, what))
        return self.checked(self.take(), field, what)

    def unquoted(self, field: Field, what: str) -> str:
        """What is wrong with a value that should be in quotes."""
        if self.strict and field.values and self.here.text.upper() in field.values:
            return f"The value for {what} must be in quotes: '{self.here.text.upper()}'."
        return f"The value for {what} must be in quotes{', or a number' if field.numeric else ''}."

    def checked(self, token: Token, field: Field, what: str) -> str:
        """The text of a value, which must be an integer where ids are asked for."""
        text = token.value
        if field.value == "id" and not (text.isascii() and text.isdigit() and len(text) <= 18):
            raise self.error(f"{shown(text)} is not an id: ids are integers in quotes, such as '7'.", token)
        return self.had(text, token, field, what)

    def had(self, text: str, token: Token, field: Field, what: str) -> str:
        """The text of a value, which must be one that the field can have, where that is asked for."""
        if self.strict and field.values and text not in field.values and text not in field.spellings:
            known = ", ".join(field.values)
            raise self.error(f"{what[0].upper()}{what[1:]} is never {shown(text)}. It has one of: {known}.", token)
        return text

    def pattern(self, operator: str, field: Field, what: str) -> str:
        """The pattern of LIKE, or a regular expression."""
        token = self.here
        if token.kind != "text":
            if operator in LIKES and field.value == "loose":
                return self.loose(what)
            raise self.error(f"The pattern for {what} must be in quotes.")
        self.take()
        if operator in MATCHES:
            try:
                compiled(token.value)
            except InvalidPattern as problem:
                offset = problem.position + 1 if token.value == token.text[1:-1] else 0
                at = Token("text", "", token.position + offset)
                raise self.error(f"{problem.problem} in this regular expression.", at) from None
        return token.value

    def number(self, token: Token, field: Field) -> int | float:
        """The number of a token."""
        if token.text.removeprefix("-").isdigit() and len(token.text) <= 20:
            whole = int(token.text)
            if -(2**63) <= whole < 2**63:
                return whole
        number = float(token.text)
        if field.value not in ("integer", "version"):
            return number
        if number.is_integer() and abs(number) < 2**63:
            return int(number)
        raise self.error("An integer of at most 64 bits is needed here.", token)

    def whole(self, token: Token) -> int:
        """The integer in a quoted value."""
        digits = token.value.removeprefix("-")
        if digits.isascii() and digits.isdigit() and len(digits) <= 18:
            return int(token.value)
        raise self.error(f"{shown(token.value)} is not an integer.", token)

    def period(self, field: Field, what: str) -> tuple[int | float, int | float]:
        """First and last millisecond of a time; twice the same for a duration and a number."""
        token = self.take()
        if field.unit == "duration":
            taken = token.value if token.kind in ("text", "bare") else ""
            length = read_duration(taken)
            if length is None:
                raise self.error(f"The value for {what} must be {_UNITS}.", token)
            return length, length
        if token.is_word("NOW") and self.here.text == "(":
            return self.moment()
        if token.kind == "number":
            number = self.number(token, field)
            return number, number
        found = read_date(token.value) if token.kind in ("text", "bare") else None
        if found is None:
            raise self.error(
                f"The value for {what} must be a date such as '2026-11-01' or '2026-11-01 14:30', now() - 7d, or a "
                "number of milliseconds without quotes.",
                token,
            )
        return found

    def moment(self) -> tuple[int, int]:
        """The present time, or one a duration before or after it; ``now`` was taken."""
        self.take()
        if self.here.text != ")":
            raise self.error("A closing bracket is needed here: now().")
        self.take()
        time = now_ms()
        start = self.here
        if start.kind == "bare" and start.text[0] in "+-":
            self.take()
            length = start.text[1:] or (self.take().value if self.here.kind in ("bare", "text") else "")
            offset = read_duration(length)
            if offset is None:
                raise self.error(f"A duration is needed after now(): {_UNITS}.", start)
            time += offset if start.text[0] == "+" else -offset
        return time, time

    def listed(self, field: Field, what: str) -> tuple[str, ...] | tuple[int | float, ...]:
        """A list in brackets."""
        numbers = field.value in ("number", "integer", "version")
        if self.here.kind == "list" and not numbers:
            return tuple(self.checked(token, field, what) for token in self.take().texts())
        if self.here.kind == "list":
            raise self.error(f"The values for {what} must be numbers, without quotes.")
        if self.here.text != "(":
            raise self.error("A list in brackets is needed here, such as ('a', 'b').")
        self.take()
        numbers = numbers or (field.numeric and self.here.kind == "number" and field.value != "loose")
        texts: list[str] = []
        found: list[int | float] = []
        while self.here.text != ")" or self.here.kind != "mark":
            if self.here.kind != ("number" if numbers else "text"):
                kind = "numbers" if numbers else "texts in quotes"
                raise self.error(f"A list holds {kind} and ends with a closing bracket.")
            if numbers:
                found.append(self.number(self.take(), field))
            else:
                texts.append(self.checked(self.take(), field, what))
            if self.here.text == ",":
                self.take()
            elif self.here.text != ")":
                raise self.error("A comma or the closing bracket is needed here.")
        if not texts and not found:
            raise self.error("The list is empty; it needs at least one value.")
        self.take()
        return tuple(found) if numbers else tuple(texts)

    def plain(self) -> str:
        """The letters from here to the next space, quote, bracket or operator: a plain word."""
        word = bare_at(self.text, self.here.position)
        end = self.here.position + len(word)
        while self.here.kind != "end" and self.here.position < end:
            self.take()
        return word


def _in_period(
    one: Callable[[str, Value], Comparison], operator: str, first: int | float, last: int | float
) -> Condition:
    """A comparison with all of a period: its beginning counts for >= and <, its end for > and <=."""
    if operator in (">", "<="):
        return one(operator, last)
    if operator in (">=", "<") or first == last:
        return one(operator, first)
    if operator == "=":
        return And((one(">=", first), one("<=", last)))
    return Or((one("<", first), one(">", last)))
