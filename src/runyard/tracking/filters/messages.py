"""Messages about filters of runs."""

from dataclasses import field

from runyard.protocol.answer import Answer
from runyard.protocol.message import Message


class FilterExplained(Answer):
    """What is odd about a filter: keys that no run has, with the nearest there are. Nothing when all are known."""

    notes: list[str] = field(default_factory=list)


class ExplainFilter(
    Message[FilterExplained], post="runs/explain-filter", kind="read", family="runyard", needs="run.read"
):
    """Why a filter of runs may find nothing: keys that no run of the store has.

    A value that a field never has, such as the status 'failed', is an error that names the values there are.
    """

    filter: str
