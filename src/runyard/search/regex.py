"""Regular expressions of the search language: one dialect for every database, in bounded time.

It is what most dialects share: ``. [a-z] [^a-z] \\d \\w \\s () (?:) | * + ? {2,5} ^ $``, lazy quantifiers, ``(?i)`` at
the beginning for any case. There are no references and no looking around, so a text is read once, letter by letter,
whatever the expression: none takes exponential time. It matches anywhere in a text, unless ``^`` and ``$`` say where.
"""

import functools
from dataclasses import dataclass

MAX_PATTERN = 500
MAX_REPEATS = 100
MAX_STATES = 300
"""Places in an expression with its repetitions written out: the bound of the work for a letter."""
_MAX_KNOWN = 2_000
"""Sets of places whose transitions are remembered."""

Ranges = tuple[tuple[str, str], ...]
_CLASSES: dict[str, Ranges] = {
    "d": (("0", "9"),),
    "w": (("0", "9"), ("A", "Z"), ("_", "_"), ("a", "z")),
    "s": (("\t", "\r"), (" ", " ")),
}
_LETTERS = {"n": "\n", "r": "\r", "t": "\t", "f": "\f", "v": "\v"}


class InvalidPattern(Exception):  # noqa: N818  (the reader of values makes an error of the filter from it)
    """An expression is not valid; says why, and at which letter."""

    def __init__(self, problem: str, position: int) -> None:
        super().__init__(problem)
        self.problem, self.position = problem, position


@dataclass(frozen=True)
class _Any:
    """One letter of these ranges, or any other when they are negative."""

    ranges: Ranges
    negative: bool = False

    def accepts(self, letter: str, any_case: bool) -> bool:
        """Whether a letter is one of them, or none of them when they are negative."""
        forms = {letter, letter.lower(), letter.upper()} if any_case else (letter,)
        return self.negative != any(first <= form <= last for form in forms for first, last in self.ranges)


@dataclass(frozen=True)
class _Edge:
    """The beginning or the end of the text."""

    end: bool


@dataclass(frozen=True)
class _Row:
    """Parts that follow each other."""

    parts: tuple["_Node", ...]


@dataclass(frozen=True)
class _Choice:
    """One of several."""

    parts: tuple["_Node", ...]


@dataclass(frozen=True)
class _Repeat:
    """A part some number of times; without a bound when `most` is None."""

    part: "_Node"
    least: int
    most: int | None


_Node = _Any | _Edge | _Row | _Choice | _Repeat


_DOT = _Any((("\n", "\n"),), negative=True)


class _Reader:
    """A recursive-descent parser of expressions."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.place = 0
        self.depth = 0

    def here(self) -> str:
        return self.text[self.place] if self.place < len(self.text) else ""

    def take(self, wanted: str) -> bool:
        found = self.text.startswith(wanted, self.place)
        self.place += len(wanted) * found
        return found

    def choice(self) -> _Node:
        parts = [self.row()]
        while self.take("|"):
            parts.append(self.row())
        return parts[0] if len(parts) == 1 else _Choice(tuple(parts))

    def row(self) -> _Node:
        parts: list[_Node] = []
        while self.here() not in ("", "|", ")"):
            parts.append(self.repeated())
        return _Row(tuple(parts))

    def repeated(self) -> _Node:
        start = self.place
        part = self.atom()
        bounds = self.bounds()
        if bounds is None:
            return part
        if isinstance(part, _Edge):
            raise InvalidPattern("An edge cannot be repeated", start)
        self.take("?")  # a lazy quantifier finds the same texts
        if self.here() and self.here() in "*+?":
            raise InvalidPattern("A quantifier follows another", self.place)
        return _Repeat(part, *bounds)

    def bounds(self) -> tuple[int, int | None] | None:
        for sign, bounds in (("*", (0, None)), ("+", (1, None)), ("?", (0, 1))):
            if self.take(sign):
                return bounds
        start = self.place
        if not self.take("{"):
            return None
        least = self.digits()
        most: int | None = least
        if self.take(","):
            most = None if self.here() == "}" else self.digits()
        if not self.take("}") or least is None or (most is not None and most < least):
            raise InvalidPattern("A repetition such as {2,5} is not complete; write \\{ for the letter", start)
        if max(least, most or 0) > MAX_REPEATS:
            raise InvalidPattern(f"More than {MAX_REPEATS} repetitions", start)
        return least, most

    def digits(self) -> int | None:
        start = self.place
        while self.here() and self.here() in "0123456789":
            self.place += 1
        return int(self.text[start : self.place][:9]) if self.place > start else None

    def atom(self) -> _Node:
        start = self.place
        letter = self.here()
        self.place += 1
        if letter == "(":
            return self.group(start)
        if letter == "[":
            return self.any_of(start)
        if letter == "\\":
            if self.here() and self.here() in "DWS":
                self.place += 1
                return _Any(_CLASSES[self.text[self.place - 1].lower()], negative=True)
            return _Any(self.escape(start))
        if letter in "*+?{":
            raise InvalidPattern(f"{letter} has nothing to repeat; write \\{letter} for the letter", start)
        if letter in "^$":
            return _Edge(letter == "$")
        return _DOT if letter == "." else _Any(((letter, letter),))

    def group(self, start: int) -> _Node:
        if self.here() == "?" and not self.take("?:"):
            raise InvalidPattern("Of the groups with (? only (?:…), and (?i) at the beginning, are known", start)
        self.depth += 1
        if self.depth > 50:
            raise InvalidPattern("Groups are nested more than 50 deep", start)
        found = self.choice()
        self.depth -= 1
        if not self.take(")"):
            raise InvalidPattern("This group is not closed", start)
        return found

    def escape(self, start: int) -> Ranges:
        letter = self.here()
        self.place += 1
        if letter in _CLASSES:
            return _CLASSES[letter]
        if letter in _LETTERS:
            return ((_LETTERS[letter], _LETTERS[letter]),)
        if not letter or letter.isalnum():
            raise InvalidPattern(f"\\{letter} is not known", start)
        return ((letter, letter),)

    def any_of(self, start: int) -> _Node:
        negative = self.take("^")
        ranges: list[tuple[str, str]] = []
        first = self.place
        while self.here() != "]" or self.place == first:
            if not self.here():
                raise InvalidPattern("This [ is not closed", start)
            ranges += self.member()
        self.place += 1
        return _Any(tuple(ranges), negative)

    def member(self) -> Ranges:
        """A letter, a range of letters or a class such as ``\\d``, inside of brackets."""
        start = self.place
        if self.text.startswith(("[:", "[.", "[="), start):
            raise InvalidPattern("Named classes such as [:alpha:] are not known", start)
        low = self.one()
        if len(low) > 1 or low[0][0] != low[0][1] or not self.is_range():
            return low
        self.place += 1
        high = self.one()
        if len(high) > 1 or high[0][0] != high[0][1] or high[0][0] < low[0][0]:
            raise InvalidPattern("This is not a range of letters", start)
        return ((low[0][0], high[0][0]),)

    def is_range(self) -> bool:
        return self.here() == "-" and self.text[self.place + 1 : self.place + 2] not in ("]", "")

    def one(self) -> Ranges:
        letter = self.here()
        start = self.place
        self.place += 1
        return self.escape(start) if letter == "\\" else ((letter, letter),)


class _Moves:
    """A set of places in an expression: where each letter leads from there, as far as it was asked."""

    def __init__(self, places: frozenset[int], accepts: bool, at_end: bool) -> None:
        self.places, self.accepts, self.at_end = places, accepts, at_end
        self.known: dict[str, _Moves] = {}


class Expression:
    """A regular expression that was understood.

    Parameters
    ----------
    text: As a filter has it, with ``(?i)`` at the beginning for any case.

    Attributes
    ----------
    any_case: Whether the case of letters counts for nothing.
    posix: The same for PostgreSQL, without ``(?i)``.
    texts: What every text that matches holds, letter by letter; none where any case matches.

    Raises
    ------
    InvalidPattern: It breaks the grammar, or is too large.
    """

    def __init__(self, text: str) -> None:
        if len(text) > MAX_PATTERN:
            raise InvalidPattern(f"More than {MAX_PATTERN} characters", MAX_PATTERN)
        self.any_case = text.startswith("(?i)")
        reader = _Reader(text)
        reader.place = 4 * self.any_case
        tree = reader.choice()
        if reader.here():
            raise InvalidPattern("This bracket closes no group", reader.place)
        self.posix = _posix(tree)
        self.texts = () if self.any_case else tuple(filter(None, _texts(tree)))
        self._places: list[tuple[_Any | _Edge | None, tuple[int, ...]]] = [(None, ())]  # the first is the end
        self._begin = self._add(tree, 0)
        self._known: dict[frozenset[int], _Moves] = {}
        self._first = self._moves(self._closed((self._begin,), begins=True))
        self._matches_nothing = 0 in self._closed((self._begin,), begins=True, ends=True)
        self._again = self._closed((self._begin,), begins=False)  # it may begin to match at every letter

    def found_in(self, text: str) -> bool:
        """Whether some part of a text matches."""
        if not text:
            return self._matches_nothing
        moves = self._first
        for letter in text:
            if moves.accepts:
                return True
            following = moves.known.get(letter)
            moves = following if following is not None else self._step(moves, letter)
        return moves.accepts or moves.at_end

    def _add(self, node: _Node, following: int) -> int:
        """Add the places of a part that is followed by another, and say where it begins."""
        if isinstance(node, _Any | _Edge):
            return self._place(node, (following,))
        if isinstance(node, _Row):
            for part in reversed(node.parts):
                following = self._add(part, following)
            return following
        if isinstance(node, _Choice):
            return self._place(None, tuple(self._add(part, following) for part in node.parts))
        if node.most is None:
            again = self._place(None, ())
            self._places[again] = (None, (self._add(node.part, again), following))
            following = again
        else:
            after = following
            for _ in range(node.most - node.least):
                following = self._place(None, (self._add(node.part, following), after))
        for _ in range(node.least):
            following = self._add(node.part, following)
        return following

    def _place(self, wanted: _Any | _Edge | None, following: tuple[int, ...]) -> int:
        if len(self._places) >= MAX_STATES:
            raise InvalidPattern(f"With its repetitions written out it has more than {MAX_STATES} parts", 0)
        self._places.append((wanted, following))
        return len(self._places) - 1

    def _closed(self, places: tuple[int, ...], begins: bool = False, ends: bool = False) -> frozenset[int]:
        """The places that are reached from some without a letter."""
        found: set[int] = set()
        left = list(places)
        while left:
            place = left.pop()
            if place in found:
                continue
            found.add(place)
            wanted, following = self._places[place]
            if wanted is None or (isinstance(wanted, _Edge) and (ends if wanted.end else begins)):
                left += following
        return frozenset(found)

    def _moves(self, places: frozenset[int]) -> _Moves:
        moves = self._known.get(places)
        if moves is None:
            if len(self._known) >= _MAX_KNOWN:
                self._known.clear()
                self._first.known.clear()
            at_end = 0 in self._closed(tuple(places), begins=False, ends=True)
            moves = self._known[places] = _Moves(places, 0 in places, at_end)
        return moves

    def _step(self, moves: _Moves, letter: str) -> _Moves:
        reached = [
            following[0]
            for wanted, following in map(self._places.__getitem__, moves.places)
            if isinstance(wanted, _Any) and wanted.accepts(letter, self.any_case)
        ]
        after = self._moves(self._closed(tuple(reached)) | self._again)
        if len(moves.known) < _MAX_KNOWN:
            moves.known[letter] = after
        return after


@functools.lru_cache(256)
def compiled(text: str) -> Expression:
    """The expression of a text.

    Raises
    ------
    InvalidPattern: It breaks the grammar, or is too large.
    """
    return Expression(text)


def matches(pattern: str, text: str | None) -> bool | None:
    """Whether an expression matches some part of a text; None when there is no text."""
    return None if text is None else compiled(pattern).found_in(text)


def _texts(node: _Node) -> list[str]:
    """Texts that whatever matches a part holds, cut where other letters may be."""
    if isinstance(node, _Any):
        single = len(node.ranges) == 1 and node.ranges[0][0] == node.ranges[0][1] and not node.negative
        return [node.ranges[0][0]] if single else ["", ""]
    if isinstance(node, _Repeat):
        return ["", *_texts(node.part), ""] if node.least else ["", ""]
    if isinstance(node, _Choice):
        return ["", ""]
    found = [""]
    for part in node.parts if isinstance(node, _Row) else ():
        first, *others = _texts(part)
        found[-1] += first  # the letters of parts that follow each other stand side by side
        found += others
    return found


def _posix(node: _Node) -> str:
    """A part as PostgreSQL writes it."""
    if isinstance(node, _Edge):
        return "$" if node.end else "^"
    if isinstance(node, _Any):
        ranges = "".join(_escaped(first) + ("-" + _escaped(last)) * (first != last) for first, last in node.ranges)
        return f"[{'^' * node.negative}{ranges}]"
    if isinstance(node, _Row):
        return "".join(map(_posix, node.parts))
    if isinstance(node, _Choice):
        return f"(?:{'|'.join(map(_posix, node.parts))})"
    most = "" if node.most is None else node.most
    return f"(?:{_posix(node.part)}){{{node.least},{most}}}"


def _escaped(letter: str) -> str:
    if letter.isascii() and letter.isalnum():
        return letter
    return f"\\u{ord(letter):04x}" if ord(letter) < 2**16 else f"\\U{ord(letter):08x}"
