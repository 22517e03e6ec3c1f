"""Messages about selections, and what they are answered with."""

from dataclasses import field

from runyard.core.limits import check_count, check_made_id, check_run_ids
from runyard.protocol.answer import Answer
from runyard.protocol.message import Message
from runyard.tracking.many_runs.messages import MAX_RUNS


class Selection(Answer):
    """A list of chosen runs.

    Attributes
    ----------
    selection_id: What it is asked for by: 32 hexadecimal digits.
    run_ids: The runs, each once, in the order given.
    """

    selection_id: str
    run_ids: list[str] = field(default_factory=list)


class CreateSelection(Message[Selection], post="selections/create", family="runyard", needs="run.read"):
    """Keep a list of runs, 1 to 10,000, for seven days. It never changes; what is added or left out makes another one.

    Attributes
    ----------
    run_ids: The runs, or those that are added.
    selection_id: A selection to begin with.
    without: Runs of that selection to leave out.
    """

    run_ids: list[str] = field(default_factory=list)
    selection_id: str | None = None
    without: list[str] = field(default_factory=list)

    def check(self) -> None:
        if self.selection_id is not None:
            check_made_id("selection_id", self.selection_id)
        if self.run_ids or self.selection_id is None:
            check_run_ids(self.run_ids, MAX_RUNS)
        check_count("without", self.without, MAX_RUNS, least=0)


class GetSelection(Message[Selection], get="selections/get", kind="read", family="runyard", needs="run.read"):
    """The runs of a selection. Runs that were removed for good since are still named."""

    selection_id: str

    def check(self) -> None:
        check_made_id("selection_id", self.selection_id)
