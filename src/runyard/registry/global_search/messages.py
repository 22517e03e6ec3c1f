"""The message that looks for a text in everything that the store has."""

from dataclasses import field

from runyard.core.limits import check_between, check_storable
from runyard.exceptions import InvalidParameter
from runyard.protocol.answer import Answer
from runyard.protocol.message import Message

KINDS = ("experiment", "run", "model", "version", "logged_model")
MAX_TEXT = 200
MAX_FOUND = 50


class Match(Answer):
    """Something that was found.

    Attributes
    ----------
    kind: ``experiment``, ``run``, ``model`` (a registered one), ``version`` (of one) or ``logged_model``.
    id: Its id; of a version its number, of a registered model its name.
    name: Its name; of a version that of its registered model.
    matched: What holds the text: ``id``, ``name``, ``alias champion`` or ``tag team: vision``; empty without a text.
    deleted: It is among what was deleted and can be restored.
    time: When it began, or changed last; in milliseconds since 1970.
    status: Of a run.
    lost_since: When the program of a run that should be going on last said that it does, if it has gone silent; in
        milliseconds since 1970.
    experiment_id: Of a run or a logged model.
    experiment_name: The same.
    """

    kind: str
    id: str
    name: str
    matched: str = ""
    deleted: bool = False
    time: int | None = None
    status: str | None = None
    lost_since: int | None = None
    experiment_id: str | None = None
    experiment_name: str | None = None


class MatchesFound(Answer):
    """What was found, the best of each kind first.

    Attributes
    ----------
    more: Kinds of which there is more than was asked for.
    """

    matches: list[Match] = field(default_factory=list)
    more: list[str] = field(default_factory=list)


class SearchEverything(Message[MatchesFound], get="search", family="runyard", needs="run.read", dear=True):
    """Experiments, runs, registered models, their versions and logged models by name, id, alias or tag.

    A name is found by all words of the text, in any case and order; an id of a run or logged model by its beginning;
    a tag by the beginning of its value; a version by words of its model's name and its number, or by an alias.
    Without a text, the newest of each kind.

    Attributes
    ----------
    text: Up to 200 characters.
    kind: Look for one kind only.
    max_results: Of each kind, 1 to 50.
    """

    text: str = ""
    kind: str | None = None
    max_results: int = 8

    def check(self) -> None:
        check_storable("text", self.text)
        if len(self.text) > MAX_TEXT:
            raise InvalidParameter(f"'text' has {len(self.text):,} characters; it may have {MAX_TEXT}. Shorten it.")
        if self.kind is not None and self.kind not in KINDS:
            raise InvalidParameter(f"Unknown kind {self.kind[:40]!r}: use one of {', '.join(KINDS)}.")
        check_between("max_results", self.max_results, MAX_FOUND)
