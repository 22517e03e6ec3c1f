"""A recursive-descent parser for filters and order_by of every entity.

    filter      = [ either ]
    either      = both { OR both }
    both        = single { AND single }
    single      = NOT single | "(" either ")" | condition | plain word { plain word } | text
    condition   = identifier comparator value | children of value
                | identifier [ NOT ] ( IN list | BETWEEN value AND value | LIKE text | ILIKE text )
                | identifier IS [ NOT ] NULL
                | flag ( "=" | "!=" ) ( TRUE | FALSE )
    identifier  = name { "." name }            the first may say the kind: metrics, params, tags, attributes …
    list        = "(" value { "," value } [ "," ] ")"
    order item  = ( identifier | NUMBER "(" identifier ")" ) [ ASC | DESC ]

What MLflow's search takes means the same here, the needless AND included that it lets pass between conditions.
"""

from collections.abc import Sequence
from functools import lru_cache

from runyard.core.limits import shown
from runyard.core.tags import PARENT_TAG
from runyard.exceptions import InvalidParameter
from runyard.search.errors import InvalidSearch
from runyard.search.fields import EQUAL, RUN_FIELDS, TEXT, EntityFields, Field
from runyard.search.lexer import Token, tokens
from runyard.search.nodes import And, Comparison, Condition, Not, Or, OrderTerm, Words
from runyard.search.values import ValueReader

MAX_TERMS = 100
MAX_ORDER_TERMS = 20
MAX_DEPTH = 50
MAX_KEPT = 2_000
"""Characters of a text that is parsed once for all searches with it, as long as few others come between."""
_NAMES = ("word", "quoted", "text")


def parse_filter(text: str | None, entity: EntityFields, *, strict: bool = False) -> list[Condition]:
    """The conditions of a filter, all of which must hold; none for an empty one.

    Parameters
    ----------
    strict: Refuse values that a field never has, such as the status 'failed'. Without, nothing is found, as in MLflow.

    Raises
    ------
    InvalidSearch: The filter breaks the grammar or compares what cannot be compared; points at the offending part.
    """
    if not text:
        return []
    kept = len(text) <= MAX_KEPT and "now" not in text.lower()  # now() is another time each time
    return list((_conditions if kept else _conditions.__wrapped__)(text, entity, strict))


@lru_cache(256)
def _conditions(text: str, entity: EntityFields, strict: bool) -> tuple[Condition, ...]:
    parser = _Parser(text, entity)
    parser.strict = strict
    return tuple(parser.filter())


def parse_key(text: str, entity: EntityFields) -> tuple[str, str, Field]:
    """Kind, key and field of a key as filters write it.

    Raises
    ------
    InvalidSearch: It is not a key of the entity.
    """
    parser = _Parser(text, entity)
    found = parser.identifier()
    if parser.here.kind != "end":
        raise parser.error("This does not belong to the key.")
    return found


def parse_order_by(items: Sequence[str], entity: EntityFields) -> list[OrderTerm]:
    """The keys to order by, the first first.

    Raises
    ------
    InvalidParameter: Too many keys; an item is not ``<key> [ASC|DESC]``, or names a key that cannot be ordered by or
        was named before.
    """
    if len(items) > MAX_ORDER_TERMS:
        raise InvalidParameter(f"order_by has {len(items)} keys; at most {MAX_ORDER_TERMS} are taken.")
    kept = sum(map(len, items)) <= MAX_KEPT
    return list((_terms if kept else _terms.__wrapped__)(tuple(items), entity))


@lru_cache(256)
def _terms(items: tuple[str, ...], entity: EntityFields) -> tuple[OrderTerm, ...]:
    terms: list[OrderTerm] = []
    named: set[tuple[str, str, bool]] = set()
    for item in items:
        term = _Parser(item, entity).order_term()
        name = (term.kind, term.key, term.numeric)
        if name not in named:
            terms.append(term)
        elif not entity.repeats_allowed:
            raise InvalidSearch("order_by names this key twice. Name each key once.", item, 0)
        named.add(name)
    return tuple(terms)


class _Parser(ValueReader):
    def __init__(self, text: str, entity: EntityFields) -> None:
        super().__init__(text, tokens(text))
        self.entity = entity
        self.terms = self.depth = 0

    def filter(self) -> list[Condition]:
        if self.here.kind == "end":
            raise self.error("The filter is blank. Leave it out, or state a condition such as metrics.loss < 0.1.")
        found = self.either()
        if self.here.kind != "end":
            raise self.error(self.cannot_stand())
        return list(found)

    def cannot_stand(self) -> str:
        if self.here.text == ")" and self.here.kind == "mark":
            return "This bracket closes none."
        return f"Join conditions with AND or OR; {shown(self.here.text)} cannot stand here."

    def either(self) -> tuple[Condition, ...]:
        """What is joined by OR; several conditions when AND is all that joins them."""
        found = self.both()
        if not self.here.is_word("OR"):
            return found
        choices = [self.needed(found)]
        while self.take_word("OR"):
            choices.append(self.needed(self.both()))
        return (Or(tuple(choices)),)

    def both(self) -> tuple[Condition, ...]:
        """What is joined by AND. One too many is let pass where nothing else joins conditions, as MLflow does."""
        found: list[Condition] = []
        while True:
            start = self.place
            while self.take_word("AND"):
                pass
            ands = self.place - start
            ends = self.here.kind == "end" or self.here.text == ")" or self.here.is_word("OR")
            if ands and (self.depth or start) and (not found or (ends and self.here.kind != "end")):
                raise self.error("A condition is needed here.")
            if ends or (found and not ands):
                return tuple(found)
            found += self.single()

    def needed(self, found: tuple[Condition, ...]) -> Condition:
        """What was found as one condition."""
        if not found:
            raise self.error("A condition is needed here.")
        return found[0] if len(found) == 1 else And(found)

    def single(self) -> tuple[Condition, ...]:
        start = self.here
        if start.is_word("NOT") or (start.kind == "mark" and start.text == "("):
            self.depth += 1
            if self.depth > MAX_DEPTH:
                raise self.error(f"Brackets and NOT are nested more than {MAX_DEPTH} deep.")
            self.take()
            found: tuple[Condition, ...] = self.bracket(start) if start.text == "(" else (Not(self.negated()),)
            self.depth -= 1
            return found
        if self.terms == MAX_TERMS:
            raise self.error(f"The filter has more than {MAX_TERMS} conditions.")
        self.terms += 1
        if start.kind == "list":
            return (self.words_of_list(self.take()),)
        if start.is_word("CHILDREN") and self.tokens[self.place + 1].is_word("OF"):
            return (self.children(),)
        if start.text in (*self.entity.flags, *self.entity.states) and self.tokens[self.place + 1].kind == "operator":
            flag = self.flag()
            return flag.parts if isinstance(flag, And) else (flag,)
        if not self.is_condition():
            return self.words()
        condition = self.condition()
        return condition.parts if isinstance(condition, And) else (condition,)

    def negated(self) -> Condition:
        if self.here.kind == "end" or self.here.is_word("AND", "OR"):
            raise self.error("A condition is needed after NOT.")
        return self.needed(self.single())

    def bracket(self, opened: Token) -> tuple[Condition, ...]:
        found = self.either()
        if self.here.kind == "end":
            raise self.error("This bracket is not closed.", opened)
        if self.here.text != ")":
            raise self.error(self.cannot_stand())
        if not found:
            raise self.error("A condition is needed in the brackets.")
        self.take()
        return found

    def children(self) -> Condition:
        if "parent" not in self.entity.tag_aliases:
            raise self.error("Only runs have children.")
        self.take()
        self.take()
        run = self.here
        if run.kind not in ("text", "word", "bare", "number") or not run.value:
            raise self.error("The id of a run is needed here: children of 0123….")
        return Comparison("tag", PARENT_TAG, "=", self.take().value if run.kind == "text" else self.plain())

    def flag(self) -> Condition:
        """Whether something is so, such as starred: the tag is there then, and ``true``. States are of running ones."""
        name, operator, value = self.take(), self.operator(), self.take()
        if operator not in EQUAL or not value.is_word("TRUE", "FALSE"):
            raise self.error(f"{name.text} is true or false: write {name.text} = true, without quotes.", value)
        holds: Condition
        if name.text in self.entity.states:
            going_on = Comparison("attribute", "status", "=", "RUNNING")
            holds = And((going_on, Comparison("attribute", name.text, "=", "true")))
        else:
            holds = Comparison("tag", self.entity.flags[name.text], "=", "true")
        return holds if value.is_word("TRUE") == (operator == "=") else Not(holds)

    def is_condition(self) -> bool:
        """Whether an identifier stands here, rather than plain words or a text."""
        start, place = self.here, self.place
        if start.kind == "bare":
            place += 1
        elif start.kind in _NAMES:
            place += 1
            while self.tokens[place].text == "." and self.tokens[place + 1].kind != "end":
                place += 2
            if self.tokens[place].text == ".":
                return True
        elif start.kind != "number":
            return True
        else:
            place += 1
        following, later = self.tokens[place], self.tokens[min(place + 1, len(self.tokens) - 1)]
        if following.kind == "operator" or following.is_word("LIKE", "ILIKE", "BETWEEN"):
            return True
        return (
            (following.is_word("IN") and (later.kind == "list" or later.text == "("))
            or (following.is_word("IS") and later.is_word("NULL", "NOT"))
            or (following.is_word("NOT") and later.is_word("IN", "LIKE", "ILIKE", "BETWEEN"))
            or self.names_field(start, place - self.place > 1)
        )

    def names_field(self, start: Token, dotted: bool) -> bool:
        """Whether a token is surely the beginning of a key whose comparator is missing."""
        if start.kind == "quoted":
            return True
        if dotted or start.kind == "bare":
            first, dot, _ = start.value.partition(".")
            return bool(dot or dotted) and (first in RUN_FIELDS.prefixes or first in self.entity.prefixes)
        known = (self.entity.keyed["attribute"], self.entity.aliases, self.entity.tag_aliases)
        return start.kind == "word" and any(start.text in names for names in known)

    def words(self) -> tuple[Condition, ...]:
        """Plain words and texts in quotes, all of which are to be found."""
        found: list[Condition] = []
        while True:
            if self.here.kind == "text":
                token = self.take()
                if not token.value.strip():
                    raise self.error("A text to find is needed between the quotes.", token)
                found.append(Words(token.value))
            else:
                found.append(Words(self.plain()))
            if self.here.kind not in ("word", "bare", "number", "text") or self.here.is_word("AND", "OR", "NOT"):
                return tuple(found)
            if self.is_condition():
                raise self.error(
                    f"Join plain words and conditions with AND: {shown(self.here.text)} begins a condition."
                )
            self.terms += 1
            if self.terms > MAX_TERMS:
                raise self.error(f"The filter has more than {MAX_TERMS} conditions.")

    def words_of_list(self, token: Token) -> Condition:
        """The text in brackets that was taken."""
        texts = list(token.texts())
        if len(texts) != 1 or not texts[0].value.strip():
            raise self.error("A condition is needed in the brackets; a list stands behind IN.", token)
        return Words(texts[0].value)

    def condition(self) -> Condition:
        kind, key, field = self.identifier()
        what = f"{kind} {shown(key)}"
        comparator = self.here
        operator = self.operator()
        asked = {"BETWEEN": ">=", "NOT BETWEEN": "<="}.get(operator, operator)
        if asked not in field.operators:
            known = ", ".join(sorted(field.operators | ({"BETWEEN"} if ">=" in field.operators else set())))
            raise self.error(
                f"{what.capitalize()} cannot be compared with {operator}. Use one of: {known}.", comparator
            )
        return self.compared(kind, key, operator, field, what)

    def identifier(self, ordering: bool = False) -> tuple[str, str, Field]:
        """Kind, key and field of the identifier here."""
        start = self.here
        if start.kind == "text" and start.text.startswith("'"):
            raise self.error("A key is needed here; single quotes are for values. Use backticks around unusual keys.")
        if start.kind == "bare":
            kind, dot, key = self.take().text.partition(".")
            return self.of_kind(kind, key, start, ordering) if dot else self.keyed("attribute", kind, start, ordering)
        names = [self.name("A key such as metrics.loss is needed here.")]
        while self.here.text == "." and self.touches():
            self.take()
            if not self.touches():
                raise self.error("A key is needed directly after the dot.")
            names.append(self.name("A key is needed after the dot."))
        if len(names) == 1:
            return self.keyed("attribute", names[0], start, ordering)
        return self.of_kind(names[0], ".".join(names[1:]), start, ordering)

    def of_kind(self, prefix: str, key: str, start: Token, ordering: bool) -> tuple[str, str, Field]:
        """Kind, key and field of what stands behind the first dot."""
        kind = self.entity.prefixes.get(prefix)
        if kind is None:
            known = ", ".join(self.entity.prefixes)
            raise self.error(f"{shown(prefix)} is not a field of {self.entity.name}. Use one of: {known}.", start)
        if kind in self.entity.free:
            return kind, key, self.entity.free[kind]
        return self.keyed(kind, key, start, ordering)

    def name(self, needed: str) -> str:
        if self.here.kind not in _NAMES or not self.here.value:
            raise self.error(needed)
        return self.take().value

    def keyed(self, kind: str, key: str, start: Token, ordering: bool) -> tuple[str, str, Field]:
        if kind == "attribute" and key in self.entity.tag_aliases and not ordering:
            return "tag", self.entity.tag_aliases[key], self.entity.free["tag"]
        if kind == "attribute" and key in self.entity.flags and ordering:
            return "tag", self.entity.flags[key], TEXT
        aliases = self.entity.order_aliases if ordering else self.entity.aliases
        known = self.entity.keyed[kind]
        key = aliases.get(key, key) if kind == "attribute" else key
        offered = [name for name, field in known.items() if (field.sortable if ordering else field.operators)]
        if key not in (offered or known):
            listed = ", ".join(offered or known)
            what = f"{'an' if kind in ('attribute', 'experiment') else 'a'} {kind} of {self.entity.name}"
            raise self.error(f"{shown(key)} is not {what}. Use one of: {listed}.{self.hint(kind, key)}", start)
        return kind, key, known[key]

    def hint(self, kind: str, key: str) -> str:
        """How keys of metrics, params and tags are written, where the kind was left out."""
        free = [f"{name}.{key}" for name in ("metrics", "params", "tags") if name in self.entity.prefixes]
        if kind != "attribute" or not free or not key.isidentifier():
            return ""
        return f" A key is written {', '.join(free[:-1])}{' or ' * (len(free) > 1)}{free[-1]}."

    def order_term(self) -> OrderTerm:
        if self.here.kind == "end":
            raise self.error("This item of order_by is blank. Write a key, then ASC or DESC if you like.")
        start = self.here
        numeric = start.is_word("NUMBER") and self.tokens[self.place + 1].text == "("
        kind, key, field = self.as_number() if numeric else self.identifier(ordering=True)
        if not field.sortable:
            raise self.error(f"{self.entity.name.capitalize()} cannot be ordered by a {kind}.", start)
        direction = self.take_word("ASC", "DESC")
        if self.here.kind != "end":
            raise self.error("An item of order_by is one key followed by ASC or DESC. Give several keys as a list.")
        return OrderTerm(kind, key, ascending=direction is None or direction.is_word("ASC"), numeric=numeric)

    def as_number(self) -> tuple[str, str, Field]:
        """Kind, key and field of what is ordered as a number: ``number(params.lr)``."""
        self.take()
        self.take()
        start = self.here
        kind, key, field = self.identifier(ordering=True)
        if kind not in self.entity.ordered_as_numbers:
            known = f" {self.entity.name.capitalize()} have none." if not self.entity.ordered_as_numbers else ""
            raise self.error(f"number() is for params, whose values are texts.{known}", start)
        if self.here.text != ")":
            raise self.error("A closing bracket is needed here: number(params.lr).")
        self.take()
        return kind, key, field
