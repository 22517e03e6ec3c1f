"""A recursive-descent parser for filters and order_by of every entity.

    filter      = { AND } [ condition { AND { AND } condition } ] { AND }
    condition   = identifier ( comparator value | [ NOT ] IN list | IS [ NOT ] NULL )
    identifier  = name { "." name }            the first may say the kind: metrics, params, tags, attributes …
    list        = "(" text { "," text } [ "," ] ")"
    order item  = identifier [ ASC | DESC ]

Grammar and quirks are those of MLflow's search, the needless AND among them. There is no OR, NOT, BETWEEN or nesting.
"""

from collections.abc import Sequence

from runyard.core.limits import shown
from runyard.exceptions import InvalidParameter
from runyard.search.errors import InvalidSearch
from runyard.search.fields import EntityFields, Field
from runyard.search.lexer import Token, tokens
from runyard.search.nodes import Comparison, OrderTerm, Value
from runyard.search.reader import TokenReader

MAX_TERMS = 100
MAX_ORDER_TERMS = 20


def parse_filter(text: str | None, entity: EntityFields) -> list[Comparison]:
    """The conditions of a filter, all of which must hold; none for an empty one.

    Raises
    ------
    InvalidSearch: The filter breaks the grammar or compares what cannot be compared; points at the offending part.
    """
    return _Parser(text, entity).filter() if text else []


def parse_order_by(items: Sequence[str], entity: EntityFields) -> list[OrderTerm]:
    """The keys to order by, the first first.

    Raises
    ------
    InvalidParameter: Too many keys; an item is not ``<key> [ASC|DESC]``, or names a key that cannot be ordered by or
        was named before.
    """
    if len(items) > MAX_ORDER_TERMS:
        raise InvalidParameter(f"order_by has {len(items)} keys; at most {MAX_ORDER_TERMS} are taken.")
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


class _Parser(TokenReader):
    def __init__(self, text: str, entity: EntityFields) -> None:
        super().__init__(text, tokens(text))
        self.entity = entity

    def take_word(self, *words: str) -> Token | None:
        return self.take() if self.here.is_word(*words) else None

    def filter(self) -> list[Comparison]:
        if self.here.kind == "end":
            raise self.error("The filter is blank. Leave it out, or state a condition such as metrics.loss < 0.1.")
        found: list[Comparison] = []
        while True:
            joined = not found
            while self.take_word("AND"):
                joined = True
            if self.here.kind == "end":
                return found
            if not joined:
                raise self.error(f"Join conditions with AND; {shown(self.here.text)} cannot stand here.")
            if len(found) == MAX_TERMS:
                raise self.error(f"The filter has more than {MAX_TERMS} conditions.")
            found.append(self.condition())

    def condition(self) -> Comparison:
        if self.here.is_word("NOT") or self.here.text.startswith("("):
            raise self.error("A filter is conditions joined by AND: NOT, OR and brackets are not part of it.")
        kind, key, field = self.identifier()
        what = f"{kind} {shown(key)}"
        comparator = self.here
        operator = self.operator()
        if operator not in field.operators:
            known = ", ".join(sorted(field.operators))
            raise self.error(
                f"{what.capitalize()} cannot be compared with {operator}. Use one of: {known}.", comparator
            )
        return Comparison(kind, key, operator, self.operand(operator, field, what))

    def identifier(self, ordering: bool = False) -> tuple[str, str, Field]:
        """Kind, key and field of the identifier here."""
        start = self.here
        if start.kind == "text" and start.text.startswith("'"):
            raise self.error("A key is needed here; single quotes are for values. Use backticks around unusual keys.")
        names = [self.name("A key such as metrics.loss is needed here.")]
        while self.here.text == "." and self.touches():
            self.take()
            if not self.touches():
                raise self.error("A key is needed directly after the dot.")
            names.append(self.name("A key is needed after the dot."))
        if len(names) == 1:
            return self.keyed("attribute", names[0], start, ordering)
        kind = self.entity.prefixes.get(names[0])
        if kind is None:
            known = ", ".join(self.entity.prefixes)
            raise self.error(f"{shown(names[0])} is not a field of {self.entity.name}. Use one of: {known}.", start)
        key = ".".join(names[1:])
        if kind in self.entity.free:
            return kind, key, self.entity.free[kind]
        return self.keyed(kind, key, start, ordering)

    def name(self, needed: str) -> str:
        if self.here.kind not in ("word", "quoted", "text") or not self.here.value:
            raise self.error(needed)
        return self.take().value

    def keyed(self, kind: str, key: str, start: Token, ordering: bool) -> tuple[str, str, Field]:
        aliases = self.entity.order_aliases if ordering else self.entity.aliases
        known = self.entity.keyed[kind]
        key = aliases.get(key, key) if kind == "attribute" else key
        offered = [name for name, field in known.items() if (field.sortable if ordering else field.operators)]
        if key not in (offered or known):
            listed = ", ".join(offered or known)
            what = f"{'an' if kind == 'attribute' else 'a'} {kind} of {self.entity.name}"
            raise self.error(f"{shown(key)} is not {what}. Use one of: {listed}.", start)
        return kind, key, known[key]

    def operator(self) -> str:
        token = self.take()
        if token.kind == "operator":
            if self.here.kind == "operator" and self.touches():
                raise self.error(f"Unknown comparator {shown(token.text + self.here.text)}.", token)
            return token.text
        if token.is_word("LIKE", "ILIKE", "IN"):
            return token.text.upper()
        if token.is_word("NOT") and self.take_word("IN"):
            return "NOT IN"
        if token.is_word("IS"):
            negated = self.take_word("NOT") is not None
            if self.take_word("NULL"):
                return "IS NOT NULL" if negated else "IS NULL"
        raise self.error("A comparator such as =, !=, >, LIKE or IS NULL is needed here.", token)

    def operand(self, operator: str, field: Field, what: str) -> Value:
        if operator in ("IS NULL", "IS NOT NULL"):
            return None
        if operator in ("IN", "NOT IN"):
            return self.texts(field)
        token = self.take()
        if field.value == "version" and token.kind == "text":
            return self.whole(token)
        if field.value == "loose" and token.kind in ("text", "number", "word"):
            return token.value if token.kind == "text" else token.text
        if field.value in ("text", "id", "loose"):
            if token.kind != "text":
                raise self.error(f"The value for {what} must be in quotes.", token)
            return self.checked(token, field)
        if token.kind != "number":
            raise self.error(f"The value for {what} must be a number, without quotes.", token)
        return self.number(token, field)

    def number(self, token: Token, field: Field) -> int | float:
        if token.text.removeprefix("-").isdigit() and len(token.text) <= 20:
            whole = int(token.text)
            if -(2**63) <= whole < 2**63:
                return whole
        number = float(token.text)
        if field.value == "number":
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

    def checked(self, token: Token, field: Field) -> str:
        """The text of a value, which must be an integer where ids are asked for."""
        digits = token.value
        if field.value == "id" and not (digits.isascii() and digits.isdigit() and len(digits) <= 18):
            raise self.error(f"{shown(digits)} is not an id: ids are integers in quotes, such as '7'.", token)
        return token.value

    def texts(self, field: Field) -> tuple[str, ...]:
        if self.here.kind == "list":
            return tuple(self.checked(token, field) for token in self.take().texts())
        if self.here.text != "(":
            raise self.error("A list in brackets is needed here, such as ('a', 'b').")
        self.take()
        found: list[str] = []
        while self.here.text != ")":
            if self.here.kind != "text":
                raise self.error("A list holds texts in quotes and ends with a closing bracket.")
            found.append(self.checked(self.take(), field))
            if self.here.text == ",":
                self.take()
            elif self.here.text != ")":
                raise self.error("A comma or the closing bracket is needed here.")
        if not found:
            raise self.error("The list is empty; it needs at least one text in quotes.")
        self.take()
        return tuple(found)

    def order_term(self) -> OrderTerm:
        if self.here.kind == "end":
            raise self.error("This item of order_by is blank. Write a key, then ASC or DESC if you like.")
        start = self.here
        kind, key, field = self.identifier(ordering=True)
        if not field.sortable:
            raise self.error(f"{self.entity.name.capitalize()} cannot be ordered by a {kind}.", start)
        direction = self.take_word("ASC", "DESC")
        if self.here.kind != "end":
            raise self.error("An item of order_by is one key followed by ASC or DESC. Give several keys as a list.")
        return OrderTerm(kind, key, ascending=direction is None or direction.is_word("ASC"))
