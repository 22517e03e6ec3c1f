"""What is said about promotion and the history of moves."""

from runyard.protocol.message import Message


class PromoteModelVersion(Message, post="registered-models/promote", family="runyard", needs="registered_model.edit"):
    """Move an alias or a stage to a version if a condition on its metrics holds, in one transaction.

    The condition is comparisons joined by ``and``, such as ``metrics.f1 > 0.8 and metrics.f1 >= champion.f1 - 0.005``:
    ``metrics`` are those of the version, any other name is an alias of the same model whose version is compared with.
    """

    name: str
    version: str
    condition: str
    alias: str | None = None
    stage: str | None = None
    archive_existing_versions: bool = False
    user_id: str = ""
    reason: str = ""
    dry_run: bool = False


class SearchMoves(Message, get="registered-models/moves", family="runyard", needs="registered_model.read"):
    """Changes of the aliases and stages of a registered model, the newest first, a page at a time."""

    name: str
    max_results: int = 100
    page_token: str | None = None
