"""Runs found by words, names and notes: as a plain reading has it, whatever the index of texts knows by then."""

import random
from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa

from runyard.core.tags import NOTE_TAG, RUN_NAME_TAG
from runyard.gate.gate import Gate
from runyard.registry.model_versions.needed import NeededByVersions
from runyard.search.fields import RUN_FIELDS
from runyard.search.parser import parse_filter
from runyard.tracking.checks import Check, examined
from runyard.tracking.checks.texts import texts_of_runs
from runyard.tracking.removal.remover import Remover
from runyard.tracking.runs import texts
from runyard.tracking.runs.messages import CountRuns, DeleteRun, DeleteTag, SearchRuns, SetTag, UpdateRun
from tests.factories import a_run, an_experiment

Texts = dict[str, dict[str, str]]
"""By run id: its tags, among which is its name."""

PIECES = ["Résumé", "ΣΑΣ", "ß", "run", "RUN-", "İzmir", "%_", '"', "\n", "東京都", "a", "7", "Kelvin \u212a", "[b]*"]
WORDS = [
    *(piece for piece in PIECES if piece.strip() and '"' not in piece),
    "résumé",
    "run-7",
    "un-",
    "σας",
    "izm",
    "京都",
]


def rewritten(text: str) -> str:
    """A text in quotes, as filters have it."""
    return "E'{}'".format(text.replace("\\", "\\\\").replace("'", "\\'").replace("\n", "\\n"))


def removed(gate: Gate, run_ids: list[str]) -> None:
    """Remove runs for good."""
    for run_id in run_ids:
        gate.perform(DeleteRun(run_id=run_id))
    remover = Remover(gate.administer, gate.inspect, NeededByVersions)
    remover.claim_runs(run_ids)
    remover.remove_runs(run_ids)


def change(gate: Gate, chance: random.Random, known: Texts, experiment: str) -> None:
    """Add, rename, tag or remove a run, or take a tag from it."""
    text = "".join(chance.choices(PIECES, k=chance.randrange(1, 5))).strip() or "x"
    kind = chance.randrange(6)
    if kind < 2 or len(known) < 5:
        run_id = a_run(gate, experiment, run_name=text, tags={"mlflow.user": "hidden"})
        known[run_id] = {RUN_NAME_TAG: text}
        return
    run_id = chance.choice(list(known))
    if kind == 2:
        gate.perform(UpdateRun(run_id=run_id, run_name=text))
        known[run_id][RUN_NAME_TAG] = text
    elif kind == 3:
        key = chance.choice(["k", NOTE_TAG, "Été"])
        gate.perform(SetTag(run_id=run_id, key=key, value=text))
        known[run_id][key] = text
    elif kind == 4 and "k" in known[run_id]:
        gate.perform(DeleteTag(run_id=run_id, key="k"))
        del known[run_id]["k"]
    elif kind == 5:
        removed(gate, [run_id])
        del known[run_id]


def found(gate: Gate, experiment: str, text: str) -> set[str]:
    """The runs that a search finds, on pages of seven; they are counted, too."""
    ids, token = list[str](), None
    while True:
        question = SearchRuns(experiment_ids=[experiment], filter=text, max_results=7, page_token=token)
        answer = gate.perform(question)
        ids += [run["info"]["run_id"] for run in answer.get("runs", [])]
        token = answer.get("next_page_token")
        if token is None:
            assert (
                len(ids) == len(set(ids)) == gate.perform(CountRuns(experiment_ids=[experiment], filter=text))["count"]
            )
            return set(ids)


def has_word(run_id: str, tags: dict[str, str], word: str, lower: Callable[[str], str]) -> bool:
    """Whether a run has a word in its name, a tag or the note, or as the beginning of its id."""
    said = [tags[RUN_NAME_TAG]]
    said += [text for key, value in tags.items() if not key.startswith("mlflow.") for text in (key, value)]
    said += [tags[NOTE_TAG]] if NOTE_TAG in tags else []
    return run_id.startswith(word.lower()) or any(lower(word) in lower(text) for text in said)


def test_texts_are_found_as_a_plain_reading_finds_them(gate: Gate, monkeypatch: pytest.MonkeyPatch) -> None:
    """With all runs in the index, with changes that it does not know of yet, and with too many of these for it."""
    chance = random.Random(7)
    experiment, known = an_experiment(gate), Texts()
    an_experiment(gate)
    for turn in range(8):
        for _ in range(15):
            change(gate, chance, known, experiment)
        monkeypatch.setattr(texts, "MAX_DUE", 3 if turn % 4 == 3 else 500)
        if turn % 3:
            assert not gate.administer(texts.fill)
        asked = [*chance.sample(WORDS, 6), next(iter(known))[:5]]
        for word in asked:
            expected = {run_id for run_id, tags in known.items() if has_word(run_id, tags, word, str.lower)}
            assert expected == found(gate, experiment, rewritten(word)), word
            named = {run_id for run_id, tags in known.items() if word in tags[RUN_NAME_TAG]}
            if "_" not in word:
                assert named == found(gate, experiment, f"attributes.run_name LIKE {rewritten(f'%{word}%')}"), word
            expression = "".join(letter if letter.isalnum() else f"\\{letter}" for letter in word)
            assert named == found(gate, experiment, f"attributes.run_name ~ {rewritten(expression)}"), expression
            either = f"{rewritten(word)} OR (attributes.run_name ILIKE '%run%' AND {rewritten(asked[0])})"
            expected |= {
                run_id
                for run_id, tags in known.items()
                if "run" in tags[RUN_NAME_TAG].lower() and has_word(run_id, tags, asked[0], str.lower)
            }
            assert expected == found(gate, experiment, either), either


def differing(gate: Gate, check: Check, repair: bool = False) -> list[str]:
    """What a check finds, and mends when it is to."""
    pieces = examined(check, gate.inspect, gate.administer if repair else None)
    return [difference.text for _, piece in pieces for difference in piece]


@pytest.fixture
def filled(gate: Gate) -> str:
    """An experiment of runs that are all in the index, beside another with the same names."""
    experiment = an_experiment(gate)
    for of in (experiment, an_experiment(gate)):
        for place in range(30):
            a_run(gate, of, run_name=f"name-{place}", tags={"team": f"vision-{place % 3}"})
    gate.administer(texts.fill)
    return experiment


def candidates(gate: Gate, experiment: str, text: str) -> int | None:
    """The number of runs that a search looks at by what the index knows; None if it is not asked."""
    conditions = parse_filter(text, RUN_FIELDS)
    numbers = gate.inspect(lambda tx: texts.runs_with_texts(tx, conditions, [int(experiment)]))
    return None if numbers is None else len(numbers)


def test_a_search_looks_at_those_that_match(gate: Gate, filled: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Few runs are looked at for a rare text, and those of other experiments are not."""
    assert 0 == candidates(gate, filled, "'nothing such'")
    assert 11 == candidates(gate, filled, "attributes.run_name LIKE '%name-2%'")
    assert 11 == candidates(gate, filled, "attributes.run_name ~ '^n?(am)e-2[0-9]*$'")
    assert 10 == candidates(gate, filled, "VISION-1")
    assert 1 == candidates(gate, filled, "'vision-1' AND (name-22 OR name-21)")
    assert None is candidates(gate, filled, "na")
    assert None is candidates(gate, filled, "NOT name-2")
    assert None is candidates(gate, filled, "name-2 OR metrics.m > 1")
    a_run(gate, filled, run_name="newer")
    assert 1 == candidates(gate, filled, "'nothing such'")
    monkeypatch.setattr(texts, "MAX_DUE", 0)
    assert None is candidates(gate, filled, "'nothing such'")


def test_searches_have_the_index_filled(gate: Gate, monkeypatch: pytest.MonkeyPatch) -> None:
    """A search that finds runs that are not in it has the writer read them, after its answer."""
    monkeypatch.setattr(texts, "FILLED_FROM", 1)
    experiment = an_experiment(gate)
    run_id = a_run(gate, experiment, run_name="first name")
    for _ in range(2):
        assert {run_id} == found(gate, experiment, "'first name'")
    gate.administer(lambda tx: None)  # waits for what was given to the writer before
    assert 0 == candidates(gate, experiment, "'another'")


def test_what_is_missing_in_the_index_is_found_and_mended(gate: Gate, filled: str) -> None:
    """The check of the database finds runs that searches would not, and has them read again."""
    assert [] == differing(gate, texts_of_runs)
    run_id = a_run(gate, filled, run_name="renamed", tags={"k": "x" * 500 + "".join(map(chr, range(0x400, 0x600)))})
    gate.administer(texts.fill)
    assert [] == differing(gate, texts_of_runs)
    lost = {
        "sqlite": "INSERT INTO run_words (run_words) VALUES ('delete-all')",
        "postgresql": "DELETE FROM run_trigrams",
    }
    gate.administer(lambda tx: tx.connection.exec_driver_sql(lost[tx.dialect]))
    assert set() == found(gate, filled, "renamed")

    runs = gate.inspect(lambda tx: tx.scalar(sa.text("SELECT count(*) FROM runs")))
    assert runs == len(differing(gate, texts_of_runs, repair=True)) > 60
    assert {run_id} == found(gate, filled, "renamed")
    gate.administer(texts.fill)
    assert [] == differing(gate, texts_of_runs)
    assert {run_id} == found(gate, filled, "renamed")


def indexed(gate: Gate) -> int:
    """The number of runs in the index that have a name such as `filled` gives, whether they are there or not."""
    asked = {
        "sqlite": "SELECT count(*) FROM run_words WHERE run_words MATCH '\"nam\"'",
        "postgresql": "SELECT count(*) FROM run_trigrams WHERE trigrams IS NOT NULL",
    }
    [count] = gate.inspect(lambda tx: tx.connection.exec_driver_sql(asked[tx.dialect]).scalars().all())
    return int(count)


def test_removed_runs_leave_the_index(gate: Gate, filled: str) -> None:
    """It would grow for ever. When it was damaged meanwhile they are removed all the same."""
    run_ids, before = sorted(found(gate, filled, "vision")), indexed(gate)
    removed(gate, run_ids[:20])
    assert before - 20 == indexed(gate)
    assert set(run_ids[20:]) == found(gate, filled, "vision")
    if gate.engines.dialect == "sqlite":
        sql = "INSERT INTO run_words (run_words) VALUES ('delete-all')"
        gate.administer(lambda tx: tx.connection.exec_driver_sql(sql).close())
    removed(gate, run_ids[20:])
    assert {} == gate.perform(SearchRuns(experiment_ids=[filled]))
    differing(gate, texts_of_runs, repair=True)


@pytest.mark.parametrize("gate", ["sqlite"], indirect=True)
def test_a_build_of_sqlite_without_trigrams_finds_the_same(
    gate: Gate, filled: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It reads, writes and removes runs in a store whose index another build has filled."""
    expected = found(gate, filled, "name-2")
    monkeypatch.setattr(texts, "_sqlite_has_trigrams", lambda: False)
    assert None is candidates(gate, filled, "name-2")
    assert expected == found(gate, filled, "name-2")
    assert not gate.administer(texts.fill)


@pytest.mark.parametrize("gate", ["postgresql"], indirect=True)
def test_postgresql_finds_texts_in_the_index(gate: Gate, filled: str) -> None:
    """The condition is one that the index serves."""
    seen = list[tuple[str, Any]]()

    def note(_connection: Any, _cursor: Any, statement: str, values: Any, *_others: Any) -> None:
        seen.append((statement, values))

    sa.event.listen(gate.engines.reading, "before_cursor_execute", note)
    candidates(gate, filled, "name-2")
    sa.event.remove(gate.engines.reading, "before_cursor_execute", note)
    [(statement, values)] = [asked for asked in seen if "@>" in asked[0]]
    with gate.engines.reading.begin() as connection:
        connection.exec_driver_sql("SET LOCAL enable_seqscan = off")
        plan = "\n".join(connection.exec_driver_sql(f"EXPLAIN {statement}", values).scalars())
    assert "ix_run_trigrams" in plan
