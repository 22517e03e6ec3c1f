"""What is said about logged models."""

from runyard.protocol.message import Message
from runyard.protocol.types import ExperimentId


class SearchLoggedModels(Message, post="logged-models/search", kind="read", needs="run.read"):
    """Models that runs of some experiments produced.

    No operation of this version creates one, so none is ever found. Clients of 3.x ask before they download from
    ``runs:/<run>/<path>``, in case the path is the name of a logged model.
    """

    experiment_ids: list[ExperimentId]
    filter: str | None = None
    max_results: int | None = None
    page_token: str | None = None
