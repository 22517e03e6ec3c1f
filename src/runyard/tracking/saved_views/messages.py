"""Messages about saved views, and what they are answered with."""

from dataclasses import field
from urllib.parse import parse_qsl

from runyard.core.limits import check_made_id, check_text
from runyard.exceptions import InvalidParameter
from runyard.protocol.answer import Answer, Nothing
from runyard.protocol.message import Message
from runyard.protocol.types import ExperimentId

MAX_NAME = 200
MAX_QUERY = 16_384
MAX_FIELDS = 1_000
MAX_VIEWS = 200
"""Maximum number of views of one experiment, and of those of all experiments."""


def check_name(name: str) -> None:
    """Check the name of a view.

    Raises
    ------
    InvalidParameter: It is blank, longer than 200 characters, or holds what cannot be stored.
    """
    if not name.strip():
        raise InvalidParameter("A view needs a name: it is what others find it by.")
    check_text("The name of a view", name, MAX_NAME)


def check_query(query: str) -> None:
    """Check what a view shows.

    Raises
    ------
    InvalidParameter: It is longer than 16,384 characters, has more than 1,000 parameters, or holds what cannot be
        stored.
    """
    check_text("'query'", query, MAX_QUERY)
    try:
        parse_qsl(query.removeprefix("?"), max_num_fields=MAX_FIELDS)
    except ValueError:
        raise InvalidParameter(f"'query' has more than {MAX_FIELDS:,} parameters. Save a view of fewer.") from None


class SavedView(Answer):
    """A table of runs as somebody arranged it.

    Attributes
    ----------
    view_id: 32 hexadecimal digits.
    query: The parameters of the table's address, as ``filter=metrics.loss%20%3C%200.1&order=metrics.loss%20ASC``.
        Those that a server does not know are kept.
    creation_time: Milliseconds since 1970, as `last_update_time`.
    experiment_id: The experiment that it belongs to; None for all experiments.
    """

    view_id: str
    name: str
    query: str
    creation_time: int
    last_update_time: int
    experiment_id: str | None = None


class SavedViewsFound(Answer):
    """The views that the table of an experiment can show.

    Attributes
    ----------
    views: Those of the experiment and those of all experiments, by name.
    default_view_id: The one that the table shows first; None for the plain table.
    """

    views: list[SavedView] = field(default_factory=list)
    default_view_id: str | None = None


class CreateSavedView(Message[SavedView], post="saved-views/create", family="runyard", needs="experiment.edit"):
    """Save a view under a name that no other of the same experiment has.

    Attributes
    ----------
    query: The parameters of the table's address; empty for the plain table.
    experiment_id: The experiment whose view it is; left out, it is one of all experiments.
    """

    name: str
    query: str = ""
    experiment_id: ExperimentId | None = None

    def check(self) -> None:
        check_name(self.name)
        check_query(self.query)


class UpdateSavedView(Message[SavedView], post="saved-views/update", family="runyard", needs="experiment.edit"):
    """Give a view another name, or let it show something else.

    Attributes
    ----------
    name: The new name; left out, it keeps its own.
    query: What it shows from now on; left out, that stays.
    last_update_time: When it was changed last, as far as the caller knows: refused when it was changed since. Left
        out, that is not asked.
    """

    view_id: str
    name: str | None = None
    query: str | None = None
    last_update_time: int | None = None

    def check(self) -> None:
        check_made_id("view_id", self.view_id)
        if self.name is not None:
            check_name(self.name)
        if self.query is not None:
            check_query(self.query)


class DeleteSavedView(Message[Nothing], post="saved-views/delete", family="runyard", needs="experiment.edit"):
    """Delete a view. Experiments that showed it first show the plain table again."""

    view_id: str

    def check(self) -> None:
        check_made_id("view_id", self.view_id)


class SetDefaultView(Message[Nothing], post="saved-views/set-default", family="runyard", needs="experiment.edit"):
    """Choose the view that the table of an experiment shows first: one of its own or of all experiments.

    Attributes
    ----------
    view_id: The view; left out, the table is plain at first.
    """

    experiment_id: ExperimentId
    view_id: str | None = None

    def check(self) -> None:
        if self.view_id is not None:
            check_made_id("view_id", self.view_id)


class ListSavedViews(Message[SavedViewsFound], get="saved-views/list", family="runyard", needs="experiment.read"):
    """The views of an experiment, and those of all experiments.

    Attributes
    ----------
    experiment_id: The experiment; left out, only views of all experiments are listed.
    """

    experiment_id: ExperimentId | None = None
