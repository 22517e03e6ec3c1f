"""Understands filters and order_by: a recursive-descent parser over the tokens, for every entity.

    filter      = [ condition { AND condition } [ AND ] ]
    condition   = identifier ( comparator value | [ NOT ] IN list | IS [ NOT ] NULL )
    identifier  = name { "." name }            the first may say the kind: metrics, params, tags, attributes …
    list        = "(" text { "," text } [ "," ] ")"

Grammar and quirks: MLflow's search syntax. There is no OR, NOT, BETWEEN or nesting.
"""

from collections.abc import Sequence
from typing import NoReturn

from runyard.search.errors import InvalidSearch
from runyard.search.fields import EntityFields, Field
from runyard.search.lexer import Token, tokens
from runyard.search.nodes import Comparison, OrderTerm, Value

MAX_TERMS = 100
MAX_ORDER_TERMS = 20


def parse_filter(text: str | None, entity: EntityFields) -> list[Comparison]:
    """The conditions of a filter, all of which must hold; none for an empty one.

    Raises
    ------
    InvalidSearch: The filter breaks the grammar or compares what cannot be compared; points at the offending part.
    """
    if not text:
        return []
    parser = _Parser(text, entity)
    if parser.here.kind == "end":
        parser.fail("The filter is blank: leave it out, or state a condition such as metrics.loss < 0.1.")
    return parser.filter()


def parse_order_by(items: Sequence[str], entity: EntityFields) -> list[OrderTerm]:
    """The keys to order by, the first first.

    Raises
    ------
    InvalidSearch: An item is not ``<key> [ASC|DESC]``, or names a key that cannot be ordered by or was named before.
    """
    if len(items) > MAX_ORDER_TERMS:
        raise InvalidSearch(f"order_by has {len(items)} keys; at most {MAX_ORDER_TERMS} are taken.", "", 0)
    terms: list[OrderTerm] = []
    named: set[tuple[str, str]] = set()
    for item in items:
        term = _Parser(item, entity).order_term()
        if (term.kind, term.key) not in named:
            terms.append(term)
        elif not entity.repeats_allowed:
            raise InvalidSearch("order_by names this key twice. Name each key once.", item, 0)
        named.add((term.kind, term.key))
    return terms


class _Parser:
    def __init__(self, text: str, entity: EntityFields) -> None:
        self.text, self.entity = text, entity
        self.tokens = tokens(text)
        self.place = 0

    @property
    def here(self) -> Token:
        return self.tokens[self.place]

    def take(self) -> Token:
        token = self.here
        self.place += token.kind != "end"
        return token

    def fail(self, problem: str, at: Token | None = None) -> NoReturn:
        raise InvalidSearch(problem, self.text, (at or self.here).position)

    def filter(self) -> list[Comparison]:
        found: list[Comparison] = []
        while self.here.kind != "end":
            if self.here.is_word("AND") and (found or self.tokens[self.place + 1].kind == "end"):
                self.take()
                if self.here.kind == "end":  # a last AND is let pass, as MLflow does
                    break
            elif found:
                self.fail(f"Join conditions with AND; {self.here.text!r} cannot stand here.")
            found.append(self.condition())
            if len(found) > MAX_TERMS:
                self.fail(f"The filter has more than {MAX_TERMS} conditions.")
        return found

    def condition(self) -> Comparison:
        first = self.here
        if first.is_word("NOT") or first.text == "(":
            self.fail("A filter is conditions joined by AND: NOT, OR and brackets are not part of it.")
        kind, key, field = self.identifier()
        operator_token = self.here
        operator = self.operator()
        if operator not in field.operators:
            known = ", ".join(sorted(field.operators))
            self.fail(f"{kind.capitalize()} {key!r} cannot be compared with {operator}; use {known}.", operator_token)
        return Comparison(kind, key, operator, self.value(operator, field, f"{kind} {key!r}"))

    def identifier(self, ordering: bool = False) -> tuple[str, str, Field]:
        """Kind, key and field of what stands here."""
        start = self.here
        names = [self.name("a key such as metrics.loss is needed")]
        while self.here.text == "." and self.here.position == self.tokens[self.place - 1].end:
            self.take()
            names.append(self.name("a key is needed behind the dot"))
        if len(names) == 1:
            return self.attribute(names[0], start, ordering)
        kind = self.entity.prefixes.get(names[0])
        if kind is None:
            known = ", ".join(self.entity.prefixes)
            self.fail(f"{names[0]!r} is nothing that {self.entity.name} have; use {known}.", start)
        key = ".".join(names[1:])
        if kind in self.entity.kinds:
            return kind, key, self.entity.kinds[kind]
        return self.attribute(key, start, ordering, kind)

    def name(self, needed: str) -> str:
        token = self.here
        quoted = token.kind == "quoted" or (token.kind == "text" and self.place > 0)
        if not (token.kind == "word" or quoted) or not token.value:
            self.fail(f"Here {needed}.")
        return self.take().value

    def attribute(self, key: str, start: Token, ordering: bool, kind: str = "attribute") -> tuple[str, str, Field]:
        aliases = self.entity.order_aliases if ordering else self.entity.aliases
        key = aliases.get(key, key) if kind == "attribute" else key
        fields = self.entity.keyed[kind]
        if key not in fields:
            self.fail(f"{key!r} is no {kind} of {self.entity.name}; use {', '.join(fields)}.", start)
        return kind, key, fields[key]

    def operator(self) -> str:
        token = self.take()
        if token.kind == "operator":
            if self.here.kind == "operator" and self.here.position == token.end:
                self.fail(f"Unknown comparator {token.text + self.here.text!r}.", token)
            return token.text
        if token.is_word("LIKE", "ILIKE", "IN"):
            return token.text.upper()
        if token.is_word("NOT") and self.here.is_word("IN"):
            self.take()
            return "NOT IN"
        if token.is_word("IS"):
            negated = "NOT " if self.here.is_word("NOT") and self.take() else ""
            if self.here.is_word("NULL"):
                self.take()
                return f"IS {negated}NULL"
        self.fail("A comparator is needed here: =, !=, >, >=, <, <=, LIKE, ILIKE, IN, NOT IN, IS NULL or IS NOT NULL.", token)

    def value(self, operator: str, field: Field, what: str) -> Value:
        if operator.startswith("IS"):
            return None
        if operator in ("IN", "NOT IN"):
            return self.list_of_texts(field)
        token = self.take()
        if field.value in ("text", "integer text"):
            if token.kind != "text":
                self.fail(f"The value for {what} must be in quotes.", token)
            return self.checked_text(token, field)
        if token.kind != "number":
            self.fail(f"The value for {what} must be a number, without quotes.", token)
        return self.number(token, field)

    def number(self, token: Token, field: Field) -> int | float:
        try:
            number: int | float = int(token.text) if len(token.text) <= 20 else float(token.text)
        except ValueError:
            number = float(token.text)
        if field.value == "integer" and not isinstance(number, int):
            self.fail("An integer of at most 64 bits is needed here.", token)
        return number if abs(number) < 2**63 else float(number)

    def checked_text(self, token: Token, field: Field) -> str:
        if field.value == "integer text" and not (token.value.isascii() and token.value.isdigit() and len(token.value) < 19):
            self.fail(f"{token.text} is no id: ids are integers in quotes, such as '7'.", token)
        return token.value

    def list_of_texts(self, field: Field) -> tuple[str, ...]:
        if self.take().text != "(":
            self.fail("A list in brackets is needed here, such as ('a', 'b').", self.tokens[self.place - 1])
        texts: list[str] = []
        while self.here.text != ")":
            token = self.take()
            if token.kind != "text":
                self.fail("A list holds texts in quotes.", token)
            texts.append(self.checked_text(token, field))
            if self.here.text == ",":
                self.take()
            elif self.here.text != ")":
                self.fail("A comma or the closing bracket is needed here.")
        if not texts:
            self.fail("The list is empty; it needs at least one text.")
        self.take()
        return tuple(texts)

    def order_term(self) -> OrderTerm:
        if self.here.kind == "end":
            self.fail("An order_by item is blank; write a key, then ASC or DESC if you like.")
        start = self.here
        kind, key, field = self.identifier(ordering=True)
        if not field.sortable:
            self.fail(f"{self.entity.name.capitalize()} cannot be ordered by a {kind}.", start)
        ascending = True
        if self.here.is_word("ASC", "DESC"):
            ascending = self.take().is_word("ASC")
        if self.here.kind != "end":
            self.fail("An order_by item is one key with ASC or DESC behind it; give several items as a list.")
        return OrderTerm(kind, key, ascending)
