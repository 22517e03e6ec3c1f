"""Messages of promotion and the history of moves."""

from dataclasses import field

from runyard.core.limits import check_between, shown
from runyard.exceptions import InvalidParameter
from runyard.protocol.answer import Answer
from runyard.protocol.message import Message
from runyard.registry.model_versions.entities import ModelVersion
from runyard.registry.names import ACTIVE_STAGES, check_alias, check_cause, stage_named, version_number
from runyard.registry.promotion.condition import parse_condition
from runyard.registry.promotion.entities import Promotion, PromotionComparison, RegisteredModelMove
from runyard.registry.promotion.verdicts import IF_NO_HOLDER, PASS

MAX_MOVES = 1_000


class MovesFound(Answer):
    """A page of moves, the newest first; the token leads to the next, if there is one."""

    moves: list[RegisteredModelMove] = field(default_factory=list)
    next_page_token: str | None = None


class PromotionDone(Answer):
    """The result of a promotion.

    Attributes
    ----------
    holds: Whether the condition holds.
    promoted: Whether the version has the alias or stage now; false after a dry run.
    dry_run: Whether it was only a dry run.
    alias, stage: What was to be moved; one of them.
    model_version, previous: The version, and the one that had the alias or stage before, as they were before the move.
    comparisons: The result of each comparison.
    figures: Every metric the condition names with its value; null where there is none.
    texts: Every param and tag the condition names with its text; null where there is none.
    """

    holds: bool
    promoted: bool
    dry_run: bool
    model_version: ModelVersion
    comparisons: list[PromotionComparison]
    figures: dict[str, float | None]
    alias: str | None = None
    stage: str | None = None
    previous: ModelVersion | None = None
    texts: dict[str, str | None] = field(default_factory=dict)

    def promotion(self) -> Promotion:
        """The same as callers of the SDK get it."""
        return Promotion(
            self.model_version.name,
            self.model_version.version,
            self.holds,
            self.promoted,
            self.dry_run,
            self.alias,
            self.stage,
            self.previous.version if self.previous else None,
            self.comparisons,
            self.figures,
            self.model_version,
            self.previous,
            self.texts,
        )


class PromoteModelVersion(
    Message[PromotionDone],
    post="registered-models/promote",
    family="runyard",
    needs="registered_model.edit",
    in_query=["fail"],
):
    """Move an alias or a stage to a version if a condition on its metrics, params and tags holds, in one transaction.

    The condition is comparisons joined by ``and``, such as ``metrics.f1 > 0.8 and metrics.f1 >= champion.f1 - 0.005``:
    ``metrics`` are those of the version, ``current`` those of the version that has the alias or stage now, any other
    name is an alias of the same model. Params and tags are compared as in searches: ``tags.reviewed = 'yes'``,
    ``params.depth IN ('4', '5')``, ``champion.params.data IS NOT NULL``. `if_no_holder` is the result, ``pass`` or
    ``fail``, of comparisons with the current holder of the alias or stage while there is none. A condition that does
    not hold is not an error: the answer has the result of each comparison. With `fail` it is one, of status 409, for
    callers such as ``curl --fail``; it may
    be in the address: ``?fail=true``. With `dry_run` nothing is moved.
    """

    name: str
    version: str
    condition: str
    alias: str | None = None
    stage: str | None = None
    archive_existing_versions: bool = False
    if_no_holder: str = PASS
    user_id: str = ""
    reason: str = ""
    dry_run: bool = False
    fail: bool = False

    def check(self) -> None:
        version_number(self.version)
        check_cause(self.user_id, self.reason)
        if (self.alias is None) == (self.stage is None):
            raise InvalidParameter("Give either 'alias' or 'stage': what is to be moved to the version.")
        if self.alias is not None:
            check_alias(self.alias)
        if self.archive_existing_versions and (self.stage is None or stage_named(self.stage) not in ACTIVE_STAGES):
            raise InvalidParameter(
                "'archive_existing_versions' makes room in the stage Staging or Production. Leave it out."
            )
        if self.stage is not None:
            stage_named(self.stage)
        if self.if_no_holder not in IF_NO_HOLDER:
            raise InvalidParameter(
                f"Invalid value {shown(self.if_no_holder)} for parameter 'if_no_holder': use 'pass' or 'fail'."
            )
        parse_condition(self.condition)


class SearchMoves(Message[MovesFound], get="registered-models/moves", family="runyard", needs="registered_model.read"):
    """Moves of the aliases and stages of a registered model, or of one version, the newest first, a page at a time."""

    name: str
    version: str | None = None
    max_results: int = 100
    page_token: str | None = None

    def check(self) -> None:
        if self.version is not None:
            version_number(self.version)
        check_between("max_results", self.max_results, MAX_MOVES)
