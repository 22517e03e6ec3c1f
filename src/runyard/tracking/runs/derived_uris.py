"""Artifact URIs that follow from the location of the run's experiment and the id of the run, as nearly all do.

Of these, a pattern tells by itself whether it may match one: no run need be read. The others are found once.
"""

import re
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from runyard.db.dialects import one_of
from runyard.db.transaction import Transaction
from runyard.search.nodes import Comparison
from runyard.tracking.experiments.tables import experiments
from runyard.tracking.runs.tables import runs

MAX_EXPERIMENTS = 10
"""Experiments whose locations are compared with a pattern."""

OTHERS = Comparison("attribute", "artifact_uri", "OTHERWISE", None)
"""What is true of the runs whose URI is another one, or whose id is longer or shorter."""

_HEX, _ID_LENGTH, _END = "0123456789abcdef", 32, "/artifacts"  # `check_made_id` lets in no other ids
_ID = re.compile(rf"(?<![0-9a-f])[0-9a-f]{{{_ID_LENGTH}}}(?![0-9a-f])")


def is_pattern(condition: Comparison) -> bool:
    """Whether a condition is one of those that are told here."""
    of_uri = (condition.kind, condition.key) == ("attribute", "artifact_uri")
    return of_uri and condition.operator in ("=", "LIKE", "ILIKE")


def others(behind: int) -> sa.Select[Any]:
    """Selects the runs behind a number whose URI does not follow from their experiment and their id."""
    root = sa.func.rtrim(experiments.c.artifact_location, "/")
    derived = root.concat("/").concat(runs.c.run_uuid).concat(_END)
    joined = runs.join(experiments, experiments.c.experiment_id == runs.c.experiment_id)
    follows = sa.and_(runs.c.artifact_uri == derived, sa.func.length(runs.c.run_uuid) == _ID_LENGTH)
    return sa.select(runs.c.id).select_from(joined).where(runs.c.id > behind, sa.not_(follows))


def derived_matches(tx: Transaction, condition: Comparison, numbers: Sequence[int]) -> list[int] | None:
    """Numbers of all runs of some experiments whose URI follows from these and that may match a pattern.

    None where that may be any run. One statement, and one more for an id in the pattern.
    """
    if len(numbers) > MAX_EXPERIMENTS:
        return None
    chosen = sa.select(experiments.c.artifact_location).where(one_of(tx, experiments.c.experiment_id, numbers))
    roots = [location.rstrip("/") for location in tx.execute(chosen).scalars()]
    if not any(may_match(condition, root) for root in roots):
        return []
    text = str(condition.value)
    found = _ID.search(text.lower() if condition.operator == "ILIKE" else text)
    if found is None or any(found[0] in root.lower() for root in roots):
        return None
    return list(tx.execute(sa.select(runs.c.id).where(runs.c.run_uuid == found[0])).scalars())


def may_match(condition: Comparison, root: str) -> bool:
    """Whether a pattern matches the URI of a run with some id below a location."""
    pattern, any_case = str(condition.value), condition.operator == "ILIKE"
    if any_case:
        if not (pattern + root).isascii():  # of other letters each database has its own idea of what is alike
            return True
        pattern, root = pattern.lower(), root.lower()
    wild = condition.operator != "="
    ids = [frozenset(_HEX)] * _ID_LENGTH
    places: list[frozenset[str]] = [*map(frozenset, f"{root}/"), *ids, *map(frozenset, _END)]
    # For each number of characters of the URI, whether the pattern so far matches these.
    reached = [True] + [False] * len(places)
    for letter in pattern:
        if wild and letter == "%":
            first = reached.index(True) if True in reached else len(reached)
            reached = [at >= first for at in range(len(reached))]
            continue
        fits = [(wild and letter == "_") or letter in place for place in places]
        reached = [False, *(before and fit for before, fit in zip(reached[:-1], fits, strict=True))]
    return reached[-1]
