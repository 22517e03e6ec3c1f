"""Artifact URIs that follow from where an experiment has its artifacts: what a pattern may find among them."""

import re
from random import Random

import pytest

from runyard.search.nodes import Comparison
from runyard.tracking.runs.derived_uris import may_match

ROOT = "mlflow-artifacts:/12"


@pytest.mark.parametrize(
    ("expected", "operator", "pattern"),
    [
        (True, "LIKE", "%"),
        (True, "LIKE", "mlflow-artifacts:/12/%"),
        (True, "LIKE", f"{ROOT}/{'_' * 32}/artifacts"),
        (False, "LIKE", f"{ROOT}/{'_' * 31}/artifacts"),
        (True, "LIKE", "%/00ff%"),
        (False, "LIKE", "%/00fg%"),
        (False, "LIKE", "%/00FF%"),
        (True, "ILIKE", "%/00FF%"),
        (True, "ILIKE", "MLFLOW%ARTIFACTS"),
        (False, "LIKE", "%nowhere%"),
        (False, "LIKE", ""),
        (False, "=", "%"),
        (True, "=", f"{ROOT}/{'0' * 32}/artifacts"),
        (False, "=", f"{ROOT}/{'0' * 32}/artifacts/"),
        (True, "ILIKE", "%ü%"),
    ],
)
def test_a_pattern_may_match_what_some_id_completes(expected: bool, operator: str, pattern: str) -> None:
    """Letters besides English ones are left to the database where case does not count."""
    assert expected is may_match(Comparison("attribute", "artifact_uri", operator, pattern), ROOT)


def test_no_uri_that_matches_is_left_out() -> None:
    """Patterns that are cut out of a URI, with wildcards put in."""
    chance = Random(7)
    for _ in range(2_000):
        uri = f"{ROOT}/{chance.getrandbits(128):032x}/artifacts"
        start = chance.randrange(len(uri))
        letters = list(uri[start : start + chance.randrange(12)])
        for place in range(len(letters)):
            letters[place] = chance.choice(["%", "_", *[letters[place]] * 6])
        pattern = f"{chance.choice(['%', uri[:start]])}{''.join(letters)}{chance.choice(['%', ''])}"
        matches = re.fullmatch("".join({"%": ".*", "_": "."}.get(each, re.escape(each)) for each in pattern), uri)
        if matches:
            assert may_match(Comparison("attribute", "artifact_uri", "LIKE", pattern), ROOT), pattern
