"""A recursive-descent parser for the condition of a promotion.

    condition  = both { OR both }
    both       = single { AND single }
    single     = NOT single | "(" condition ")" | comparison
    comparison = sum ( ">" | ">=" | "<" | "<=" | "=" | "==" | "!=" ) sum
               | sum [ NOT ] BETWEEN sum AND sum | sum [ NOT ] IN "(" number { "," number } ")"
               | text, compared as in filters | text ( "=" | "!=" ) text | ( metric | text ) IS [ NOT ] NULL
    sum        = product { ( "+" | "-" ) product }
    product    = factor { ( "*" | "/" ) factor }
    factor     = "-" factor | "(" sum ")" | number | metric
    metric     = ( "metrics" | ( "current" | alias ) [ ".metrics" ] ) "." key
    text       = [ ( "current" | alias ) "." ] ( "params" | "tags" ) "." key

``metrics.f1`` belongs to the version that is to be promoted, ``champion.f1`` to the one that has the alias, and
``current.f1`` to the one that has what is being moved. NOT turns comparisons round, so that a metric, param or tag that
is missing fails with it too.
"""

from runyard.core.limits import shown
from runyard.registry.promotion.expressions import (
    Calculation,
    Comparison,
    Expression,
    Group,
    Metric,
    Negative,
    NoValue,
    Number,
    Requirement,
    metrics_in,
    value_of,
)
from runyard.registry.promotion.operands import ALIKE, KEYWORDS, OperandReader, condition_tokens
from runyard.registry.promotion.operands import opposite as opposite_of
from runyard.search.fields import RUN_FIELDS
from runyard.search.lexer import Token
from runyard.search.values import MATCHES

MAX_COMPARISONS = 20
MAX_OPERANDS = 100
MAX_DEPTH = 30


def parse_condition(text: str) -> list[Requirement]:
    """The parts of a condition, all of which must hold.

    Raises
    ------
    InvalidSearch: It breaks the grammar, is too large, or can never be judged; points at the offending part.
    """
    return _Parser(text).condition()


class _Parser(OperandReader):
    def __init__(self, text: str) -> None:
        super().__init__(text, condition_tokens(text))
        self.operands = self.depth = self.comparisons = 0

    def condition(self) -> list[Requirement]:
        if self.here.kind == "end":
            raise self.error("The condition is blank. State one such as metrics.f1 > 0.8.")
        found = self.either(opposite=False)
        if self.here.kind != "end":
            raise self.error(f"Join comparisons with AND or OR; {shown(self.here.text)} cannot stand here.")
        return found

    def either(self, opposite: bool) -> list[Requirement]:
        """What is joined by OR: parts that must all hold."""
        start = self.here
        groups = [self.both(opposite)]
        while self.here.is_word("OR"):
            self.take()
            groups.append(self.both(opposite))
        if opposite:  # none of the alternatives: the opposite of each
            return [part for group in groups for part in group]
        return groups[0] if len(groups) == 1 else [Group(self.written(start), "OR", tuple(map(self.one, groups)))]

    def both(self, opposite: bool) -> list[Requirement]:
        """What is joined by AND: parts that must all hold."""
        start = self.here
        groups = [self.single(opposite)]
        while self.here.is_word("AND"):
            self.take()
            groups.append(self.single(opposite))
        if opposite and len(groups) > 1:  # not all of them: the opposite of one
            return [Group(f"NOT ({self.written(start)})", "OR", tuple(map(self.one, groups)))]
        return [part for group in groups for part in group]

    def one(self, parts: list[Requirement]) -> Requirement:
        return parts[0] if len(parts) == 1 else Group(" AND ".join(part.text for part in parts), "AND", tuple(parts))

    def single(self, opposite: bool) -> list[Requirement]:
        start = self.here
        negative = start.is_word("NOT") and not self.names_holder()
        if not negative and not self.groups_comparisons():
            return self.comparison(opposite)
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise self.error(f"Brackets and signs are nested more than {MAX_DEPTH} deep.")
        self.take()
        found = self.single(not opposite) if negative else self.either(opposite)
        if not negative and not self.take_mark(")"):
            raise self.error("This bracket is not closed.", start)
        self.depth -= 1
        return found

    def names_holder(self) -> bool:
        """Whether the word here is an alias, such as one that is named ``not``."""
        return self.tokens[self.place + 1].text == "." and self.tokens[self.place + 1].position == self.here.end

    def groups_comparisons(self) -> bool:
        """Whether comparisons stand in the bracket that opens here, rather than a sum."""
        if self.here.kind != "mark" or self.here.text != "(":
            return False
        depth = 0
        for place in range(self.place, len(self.tokens)):
            token = self.tokens[place]
            depth += (token.text == "(") - (token.text == ")") if token.kind == "mark" else 0
            if token.kind == "operator" or (
                token.is_word(*KEYWORDS) and "." not in (self.tokens[place - 1].text, self.tokens[place + 1].text)
            ):
                return True
            if depth == 0:
                return False
        return False

    def comparison(self, opposite: bool) -> list[Requirement]:
        start = self.here
        self.comparisons += 1
        if self.comparisons > MAX_COMPARISONS:
            raise self.error(f"The condition has more than {MAX_COMPARISONS} comparisons.")
        subject = self.text_here()
        if subject is not None:
            return [self.text_comparison(start, subject, negated=opposite)]
        left = self.sum()
        token = self.here
        if token.is_word("IS"):
            return [self.metric_presence(start, left, opposite)]
        outside = token.is_word("NOT") and self.tokens[self.place + 1].is_word("BETWEEN", "IN")
        if outside:
            self.take()
        if self.here.is_word("BETWEEN"):
            return self.in_range(start, left, opposite != outside)
        if self.here.is_word("IN"):
            return self.among(start, left, opposite != outside)
        if token.kind != "operator":
            raise self.error("A comparator is needed here: one of > >= < <= = != or BETWEEN.")
        if token.text in MATCHES:
            raise self.error("Metrics are numbers: ~ and !~ are for params and tags.")
        self.take()
        if self.here.kind == "operator":
            raise self.error(f"Unknown comparator {shown(token.text + self.here.text)}.", token)
        right = self.sum()
        if self.here.kind == "operator":
            raise self.error("One comparator at a time: write a < b AND b < c.")
        operator = ALIKE.get(token.text, token.text)
        written = self.written(start)
        text, operator = (f"NOT {written}", opposite_of(operator)) if opposite else (written, operator)
        return [self.of_metrics(Comparison(text, left, operator, right), start)]

    def in_range(self, start: Token, value: Expression, outside: bool) -> list[Requirement]:
        """A range, both ends of which belong to it; ``BETWEEN`` comes next."""
        self.take()
        low = self.sum()
        if not self.here.is_word("AND"):
            raise self.error("BETWEEN needs two values with AND between them, such as BETWEEN 0.1 AND 0.5.")
        self.take()
        high = self.sum()
        text = self.written(start)
        signs = ("<", ">") if outside else (">=", "<=")
        ends = [Comparison(text, value, sign, end) for sign, end in zip(signs, (low, high), strict=True)]
        parts = [self.of_metrics(end, start) for end in ends]
        return [Group(text, "OR", tuple(parts))] if outside else parts

    def among(self, start: Token, value: Expression, outside: bool) -> list[Requirement]:
        """One of several numbers, or none of them; ``IN`` comes next."""
        self.take()
        self.join_signs()
        numbers = self.listed(RUN_FIELDS.free["metric"], "a metric")
        text, sign = self.written(start), "!=" if outside else "="
        parts = [self.of_metrics(Comparison(text, value, sign, Number(float(one))), start) for one in numbers]
        return [Group(text, "AND" if outside else "OR", tuple(parts))] if len(parts) > 1 else parts

    def metric_presence(self, start: Token, value: Expression, opposite: bool) -> Requirement:
        """That a metric is there, or is not; ``IS`` comes next."""
        if not isinstance(value, Metric):
            raise self.error("IS NULL asks whether one metric is there, not a calculation.", start)
        return self.presence(start, value, self.operator(), negated=opposite)

    def of_metrics(self, found: Comparison, start: Token) -> Requirement:
        if not found.metrics():
            written = shown(found.text)
            raise self.error(f"{written} names no metric, so it does not depend on a version.", start)
        return found

    def sum(self) -> Expression:
        value = self.product()
        while token := self.take_mark("+", "-"):
            value = Calculation(value, token.text, self.product())
        return value

    def product(self) -> Expression:
        value = self.factor()
        while token := self.take_mark("*", "/"):
            start = self.here
            right = self.factor()
            if token.text == "/" and not any(metrics_in(right)) and self.constant(right, start) == 0:
                raise self.error("This divides by zero.", start)
            value = Calculation(value, token.text, right)
        return value

    def constant(self, expression: Expression, start: Token) -> float:
        try:
            return value_of(expression, {})
        except NoValue as problem:
            raise self.error(f"This has no value: {problem}.", start) from None

    def factor(self) -> Expression:
        token = self.here
        self.operands += 1
        self.depth += 1
        if self.operands > MAX_OPERANDS:
            raise self.error(f"The condition has more than {MAX_OPERANDS} numbers, metrics, signs and brackets.")
        if self.depth > MAX_DEPTH:
            raise self.error(f"Brackets and signs are nested more than {MAX_DEPTH} deep.")
        try:
            if self.take_mark("-"):
                return Negative(self.factor())
            if self.take_mark("("):
                return self.bracket(token)
            return self.figure() if token.kind == "number" else self.metric()
        finally:
            self.depth -= 1

    def bracket(self, opened: Token) -> Expression:
        value = self.sum()
        if self.take_mark(")"):
            return value
        if self.here.kind == "end":
            raise self.error("This bracket is not closed.", opened)
        raise self.error("Inside of brackets stand numbers and metrics with + - * /; a closing bracket is needed here.")

    def figure(self) -> Number:
        token = self.take()
        value = float(token.text)
        if value in (float("inf"), float("-inf")):
            raise self.error(f"{shown(token.text)} is too large for a number.", token)
        return Number(value)
