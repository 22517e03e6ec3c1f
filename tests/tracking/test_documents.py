"""The text of a run's params and tags is the same whether it is written anew or changed entry by entry."""

import json

from hypothesis import given, settings
from hypothesis import strategies as st

from runyard.tracking.runs.documents import MANY, document, with_entries, without_tag

WORDS = st.text(st.sampled_from('ab{}[]",:\\ké\u2028😀 \n') | st.characters(codec="utf-8"), min_size=1, max_size=6)
TRICKY = st.sampled_from(
    ['{"key":"a","value":"b"}', '],"tags":[', '"', "\\", 'a","value":"', '{"key":', "tags", "params"]
)
TEXTS = TRICKY | WORDS
ENTRIES = st.dictionaries(TEXTS, TEXTS | st.just(""), max_size=12)


def _written(some_params: dict[str, str], some_tags: dict[str, str]) -> str:
    return document(sorted(some_params.items()), sorted(some_tags.items()))


@settings(max_examples=300, deadline=None)
@given(ENTRIES, ENTRIES, st.lists(st.tuples(ENTRIES, ENTRIES, st.booleans()), max_size=4))
def test_changes_give_what_writing_anew_gives(
    some_params: dict[str, str],
    some_tags: dict[str, str],
    changes: list[tuple[dict[str, str], dict[str, str], bool]],
) -> None:
    """For few and for many entries at once, new ones and other values, whatever the texts hold."""
    text = _written(some_params, some_tags)
    for new_params, new_tags, in_order in changes:
        text = with_entries(text, new_params, new_tags, in_order=in_order)
        some_params, some_tags = some_params | new_params, some_tags | new_tags
        assert text == _written(some_params, some_tags)
    for key in [*some_tags, "missing"]:
        some_tags.pop(key, None)
        text = without_tag(text, key)
        assert text == _written(some_params, some_tags)


def test_an_order_that_is_another_keeps_every_entry() -> None:
    """PostgreSQL may have sorted the keys by a language's rules."""
    before = [("B", "1"), ("a", "2"), ("C", "3"), ("d", "4")]
    text = document(before, [])
    for key in ("A", "b", "D", "zz", "a"):
        text = with_entries(text, {key: "new"}, {})
    found = {entry["key"]: entry["value"] for entry in json.loads(f"{{{text}}}")["params"]}
    assert found == dict(before) | dict.fromkeys(("A", "b", "D", "zz", "a"), "new")


def test_values_that_look_like_ends_of_lists_are_passed_over() -> None:
    """The border between params and tags is behind all brackets in tags, however many there are."""
    tags = {f"t{number}": '[1, 2], "tags": ["a"]]' for number in range(50)}
    text = _written({"a": "1", "c": "[3]"}, tags)
    assert _written({"a": "1", "b": "]", "c": "[3]"}, tags) == with_entries(text, {"b": "]"}, {}, in_order=True)
    assert _written({"a": "1", "c": "[3]"}, tags | {"t1": "]"}) == with_entries(text, {}, {"t1": "]"}, in_order=True)


def test_many_is_more_than_one() -> None:
    """Both ways of changing are tested above."""
    assert 1 < MANY < 12
