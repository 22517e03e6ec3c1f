"""Operations on promotion."""

from collections.abc import Mapping, Sequence
from typing import Any

import orjson

from runyard.artifacts.locations import nothing_at
from runyard.db.transaction import Transaction
from runyard.exceptions import Conflict, InvalidParameter
from runyard.gate.performers import Later, looks_first, performs
from runyard.protocol.answer import Wire
from runyard.registry.model_versions.locations import followed
from runyard.registry.model_versions.rows import FoundVersion, find_version, version_of
from runyard.registry.model_versions.sources import PROMPT_SOURCES
from runyard.registry.model_versions.stages import checked_stage, transition
from runyard.registry.model_versions.wire import versions_on_wire
from runyard.registry.names import version_number
from runyard.registry.promotion.condition import parse_condition
from runyard.registry.promotion.contenders import contenders, holder_of_target
from runyard.registry.promotion.messages import PromoteModelVersion, SearchMoves
from runyard.registry.promotion.moves import Cause, search_move_ids
from runyard.registry.promotion.texts import texts_that_hold
from runyard.registry.promotion.verdicts import Contender, Verdict, figures_of, judge, texts_of
from runyard.registry.promotion.wire import moves_on_wire
from runyard.registry.registered_models.aliases import set_alias
from runyard.registry.registered_models.rows import FoundModel, find_model


@looks_first(PromoteModelVersion)
def refuse_without_files(tx: Transaction, message: PromoteModelVersion) -> Wire | Later:
    """Check that the files of a version exist."""
    _, candidate = find_version(tx, message.name, message.version)
    location, places = followed(tx, candidate.storage_location), tx.settings.artifact_places

    def look() -> Wire:
        if nothing_at(location, places):
            raise InvalidParameter(
                f"Version {candidate.version} of registered model {message.name!r} has no files: nothing is stored at "
                f"{location}. Upload the model there, or promote a version whose files are there."
            )
        return {}

    return {} if candidate.source in PROMPT_SOURCES else Later(look)


@performs(PromoteModelVersion)
def promote_model_version(tx: Transaction, message: PromoteModelVersion) -> Wire:
    """Evaluate the condition and move. The registered model stays locked, so promotions run one after the other."""
    requirements = parse_condition(message.condition)
    stage = "" if message.stage is None else checked_stage(message.stage, message.archive_existing_versions)
    model, candidate = find_version(tx, message.name, message.version, to_change=True)
    holder = holder_of_target(tx, model, candidate, message, stage)
    target = f"alias {message.alias!r}" if message.alias is not None else f"stage {stage!r}"
    found = contenders(tx, model, candidate, Contender(target, holder, {}), message.alias, requirements)
    verdicts = judge(requirements, found, message.if_no_holder, texts_that_hold(tx, requirements, found))
    figures, texts = figures_of(requirements, found), texts_of(requirements, found)
    holds = all(one.holds for one in verdicts)
    if message.fail and not holds:
        raise _not_met(verdicts, figures, texts)
    previous = _version_on_wire(tx, model, holder)
    if holds and not message.dry_run:
        cause = Cause(message.user_id, message.reason, message.condition, orjson.dumps(figures).decode())
        _move(tx, model, candidate, message, stage, cause)
    return {
        "holds": holds,
        "promoted": holds and not message.dry_run,
        "dry_run": message.dry_run,
        **({"alias": message.alias} if message.alias is not None else {"stage": stage}),
        "model_version": versions_on_wire(tx, [candidate.id], logged_models=True)[0],
        **({"previous": previous} if previous else {}),
        "comparisons": [one.on_wire() for one in verdicts],
        "figures": figures,
        **({"texts": texts} if texts else {}),
    }


def _not_met(
    verdicts: Sequence[Verdict], figures: Mapping[str, float | None], texts: Mapping[str, str | None]
) -> Conflict:
    failed = [
        f"{one.requirement.text} ({one.reason})" if one.reason else one.requirement.text
        for one in verdicts
        if not one.holds
    ]
    return Conflict(
        f"The condition does not hold, and nothing was moved: {'; '.join(failed)}.",
        comparisons=[one.on_wire() for one in verdicts],
        figures=figures,
        **({"texts": texts} if texts else {}),
    )


def _version_on_wire(tx: Transaction, model: FoundModel, number: int | None) -> dict[str, Any] | None:
    """A version as it is before anything moves."""
    if number is None:
        return None
    return versions_on_wire(tx, [version_of(tx, model, number).id], logged_models=True)[0]


def _move(
    tx: Transaction, model: FoundModel, candidate: FoundVersion, message: PromoteModelVersion, stage: str, cause: Cause
) -> None:
    if message.alias is not None:
        set_alias(tx, model, message.alias, candidate.version, cause)
    else:
        transition(tx, model, candidate, stage, cause, archive=message.archive_existing_versions)


@performs(SearchMoves)
def search_moves(tx: Transaction, message: SearchMoves) -> Wire:
    """A page of moves."""
    model = find_model(tx, message.name)
    version = None if message.version is None else version_number(message.version)
    ids, token = search_move_ids(tx, model.id, version, message.max_results, message.page_token)
    found = moves_on_wire(tx, ids) if ids else []
    return {**({"moves": found} if found else {}), **({"next_page_token": token} if token else {})}
