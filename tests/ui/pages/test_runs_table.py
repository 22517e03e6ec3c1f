"""The table of an experiment's runs."""

import re
from urllib.parse import quote

import pytest

from runyard.gate.gate import Gate
from runyard.tracking.runs.entities import Param
from runyard.tracking.runs.messages import GetRun, LogBatch
from runyard.tracking.selections.messages import CreateSelection
from runyard.ui.parts.list_state import offset_token
from runyard.ui.parts.looks import COLOURS, LOOKS, look_of, looks_of
from tests.factories import NOW, a_point, a_run, an_experiment
from tests.support.rows import add_runs
from tests.ui.asking import Answer, Reader
from tests.ui.curves import decoded
from tests.ui.stories import Story, a_story


def heads(page: Answer) -> list[str]:
    """The names of the columns."""
    return re.findall(r'<th scope="col"[^>]*><a [^>]*>([^<]*)</a>', page.text)


def names(page: Answer) -> list[str]:
    """The names of the runs, in order."""
    return re.findall(r'<a href="/runs/[^"]*">([^<]*)</a>', page.text)


def test_columns_are_the_metrics_and_the_params_that_vary(gate: Gate, reader: Reader) -> None:
    """A param that is the same in all runs tells nothing; it can be shown on request."""
    story = a_story(gate)

    usual = reader.get(f"/experiments/{story.experiment_id}")
    everything = reader.get(f"/experiments/{story.experiment_id}?equal=1")

    assert ["loss", "nan", "lr"] == heads(usual)[5:]
    assert ["loss", "nan", "lr", "seed"] == heads(everything)[5:]
    assert "Show 1 equal param" in usual.words


def test_chosen_columns_are_shown_in_their_order(gate: Gate, reader: Reader) -> None:
    """The address holds the choice, so a link shows the same table."""
    story = a_story(gate)

    page = reader.get(f"/experiments/{story.experiment_id}?col=tags.team&col=params.seed&col=nonsense")

    assert ["team", "seed"] == heads(page)[5:]
    assert "vision" in page.words


def test_the_filter_box_speaks_the_search_language(gate: Gate, reader: Reader) -> None:
    """What scripts send works in the page too, and the count is that of the matching runs."""
    story = a_story(gate)

    page = reader.get(f"/experiments/{story.experiment_id}?filter=params.lr%20%3D%20'0.2'")

    assert ["run 1"] == names(page)
    assert "1-1 of 1 run" in page.words


@pytest.mark.parametrize("text", ["metrics.loss <> 1", "status = 'failed'"])
def test_the_table_stays_under_a_wrong_filter(gate: Gate, reader: Reader, text: str) -> None:
    """With all runs, and says that they are not filtered."""
    story = a_story(gate, nested=False)

    page = reader.get(f"/experiments/{story.experiment_id}?filter={quote(text)}")

    assert 400 == page.status
    assert "The runs below are not filtered." in page.words
    assert "run 1" in names(page)


def test_a_key_that_no_run_has_is_named_where_nothing_is_found(gate: Gate, reader: Reader) -> None:
    """With the nearest that there is."""
    story = a_story(gate)

    page = reader.get(f"/experiments/{story.experiment_id}?filter={quote('metrics.los > 0')}")

    assert "No run matches the filter. No run has the metric 'los'. Did you mean metrics.loss?" in page.words


def test_a_wrong_filter_is_explained_under_the_box(gate: Gate, reader: Reader) -> None:
    """The place is marked, the filter stays in the box."""
    page = reader.get(f"/experiments/{an_experiment(gate)}?filter={quote('metrics.loss <> 1')}")

    assert page.status == 400
    assert "metrics.loss <> 1" in page.attributes("input", "value")
    assert 'role="alert"' in page.text
    assert re.search(r"<pre>metrics.loss &lt;&gt; 1\n +\^</pre>", page.text)


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        ("metrics.loss ASC", ["run 2", "run 1", "run 0"]),
        ("params.lr DESC", ["run 2", "run 1", "run 0"]),
        ("number(params.lr) DESC", ["run 2", "run 1", "run 0"]),
        ("duration DESC", ["run 0", "run 2", "run 1"]),
        ("run_name ASC", ["run 0", "run 1", "run 2"]),
        ("start_time DESC", ["run 2", "run 1", "run 0"]),
    ],
)
def test_runs_sort_by_any_column(shared: tuple[Reader, Story], order: str, expected: list[str]) -> None:
    """The server sorts, so the order holds over all pages."""
    reader, story = shared

    assert expected == names(reader.get(f"/experiments/{story.experiment_id}?order={quote(order)}"))


def test_an_order_that_no_head_shows_is_said(gate: Gate, reader: Reader) -> None:
    """With the way back to the newest first; one by a column that is shown has the words of its head."""
    path = f"/experiments/{a_story(gate).experiment_id}"

    unseen = reader.get(f"{path}?col=params.lr&order={quote('metrics.loss DESC')}")
    seen = reader.get(f"{path}?order={quote('metrics.loss DESC')}")

    assert "Sorted by metrics.loss ↓" in unseen.words
    assert "Sorted by lr ↑" in reader.get(f"{path}?order={quote('params.lr ASC')}").words
    assert f"{path}?col=params.lr" in unseen.attributes("a", "href")
    assert "Sorted by loss ↓" in seen.words


def test_every_head_leads_to_a_table_sorted_by_it(gate: Gate, reader: Reader) -> None:
    """Keys with spaces and slashes are quoted in the search language."""
    experiment_id = an_experiment(gate)
    run_id = a_run(gate, experiment_id)
    gate.perform(LogBatch(run_id=run_id, params=[Param(key="learning rate/x", value="1")], metrics=[a_point("a b")]))

    page = reader.get(f"/experiments/{experiment_id}")
    links = [href for href in page.attributes("a", "href") if "order=" in href and "saved=" not in href]

    assert len(links) == 7
    for link in links:
        sorted_page = reader.get(link)
        assert sorted_page.status == 200, link
        assert 'aria-sort="' in sorted_page.text, link


def test_pages_follow_each_other_with_true_counts(gate: Gate, reader: Reader) -> None:
    """Every run is on exactly one page, and the way back leads to the same pages."""
    experiment_id = an_experiment(gate)
    for index in range(230):
        a_run(gate, experiment_id, run_name=f"r{index}", start_time=NOW + index)

    first = reader.get(f"/experiments/{experiment_id}")
    second = reader.get(next_of(first, "next"))
    third = reader.get(next_of(second, "next"))

    assert "1-100 of 230 runs" in first.words
    assert "101-200 of 230 runs" in second.words
    assert "201-230 of 230 runs" in third.words
    assert 230 == len({*names(first), *names(second), *names(third)})
    assert names(second) == names(reader.get(next_of(third, "prev")))
    assert names(first) == names(reader.get(next_of(second, "prev")))
    assert next_of(third, "next") == ""


def next_of(page: Answer, way: str) -> str:
    """The address of the next or previous page; empty when there is none."""
    return next((found["href"] for tag, found in page.elements if tag == "a" and found.get("rel") == way), "")


def test_a_forged_page_token_is_refused_with_a_page(gate: Gate, reader: Reader) -> None:
    """Junk in an address is the reader's to correct, not a failure of ours."""
    page = reader.get(f"/experiments/{an_experiment(gate)}?page=junk&from=x")

    assert page.status == 400


def test_chosen_runs_are_deleted_and_restored(gate: Gate, reader: Reader) -> None:
    """Tidying up goes by the dozen."""
    story = a_story(gate)
    path = f"/ui/experiments/{story.experiment_id}"

    reader.send(f"{path}/delete-runs", runs=[story.run_ids[0], story.run_ids[2]])
    deleted = names(reader.get(f"/experiments/{story.experiment_id}?view=deleted"))
    reader.send(f"{path}/restore-runs", runs=[story.run_ids[0]])

    assert ["run 2", "run 0"] == deleted
    assert gate.perform(GetRun(run_id=story.run_ids[0]))["run"]["info"]["lifecycle_stage"] == "active"
    assert reader.send(f"{path}/delete-runs").status == 400


VIEW = "filter=metrics.loss%20%3E%3D%200&order=run_name%20ASC&col=params.lr&col=params.seed"


def test_what_is_done_to_runs_leads_back_to_the_view_and_can_be_undone(gate: Gate, reader: Reader) -> None:
    """Filter, order and columns stay; what was done is said once, with the way back."""
    story = a_story(gate, nested=False)
    path = f"/ui/experiments/{story.experiment_id}"

    sent = reader.send(f"{path}/delete-runs", runs=[story.run_ids[0], story.run_ids[2]], back=f"{VIEW}&evil=1")
    target = sent.headers["location"]
    page = reader.get(target)
    undo = next(found for tag, found in page.elements if tag == "form" and "restore-runs" in found.get("action", ""))
    selection = re.findall(r"undo=(\w+)", target)[0]
    undone = reader.get(reader.send(undo["action"], selection=selection, back=VIEW).headers["location"])

    assert 303 == sent.status
    assert target.startswith(f"/experiments/{story.experiment_id}?{VIEW}&done=deleted&undo=")
    assert "2 runs were deleted." in page.words
    assert ["run 1"] == names(page)
    assert "2 runs were restored." in undone.words
    assert ["run 0", "run 1", "run 2"] == names(undone)
    assert ["lr", "seed"] == heads(undone)[5:]


def test_undo_leaves_alone_what_was_deleted_before(gate: Gate, reader: Reader) -> None:
    """Of the chosen runs only those are brought back that this deleted; nothing is said where none was."""
    story = a_story(gate)
    action, path = f"/ui/experiments/{story.experiment_id}", f"/experiments/{story.experiment_id}"
    reader.send(f"{action}/delete-runs", runs=[story.run_ids[0]])

    sent = reader.send(f"{action}/delete-runs", runs=[*story.run_ids[:2]], back="view=all")
    page = reader.get(sent.headers["location"])
    selection = re.findall(r"undo=(\w+)", sent.headers["location"])[0]
    reader.send(f"{action}/restore-runs", selection=selection)

    assert "1 run was deleted." in page.words
    assert ["run 0"] == names(reader.get(f"{path}?view=deleted"))
    again = reader.send(f"{action}/delete-runs", runs=[story.run_ids[0]])
    assert 'class="notice"' not in reader.get(again.headers["location"]).text


def test_an_address_cannot_claim_what_was_not_done(gate: Gate, reader: Reader) -> None:
    """A link that somebody sends shows no text of theirs, and a list that is gone no notice."""
    path = f"/experiments/{a_story(gate).experiment_id}"

    for forged in ("done=deleted", f"done=deleted&undo={'0' * 32}", "done=pwned&undo=x", "done=deleted&undo=x"):
        page = reader.get(f"{path}?{forged}")
        assert 200 == page.status, forged
        assert 'class="notice"' not in page.text, forged


def test_chosen_runs_are_tagged_and_stay_chosen(gate: Gate, reader: Reader) -> None:
    """One may go on with them; a tag is removed the same way."""
    story = a_story(gate, nested=False)
    path = f"/ui/experiments/{story.experiment_id}"

    def tags(index: int) -> dict[str, str]:
        return gate.ask(GetRun(run_id=story.run_ids[index])).run.data.tags

    page = reader.get(
        reader.send(f"{path}/tag-runs", runs=[*story.run_ids[:2]], key="keep", value="yes").headers["location"]
    )
    assert ["yes", "yes", None] == [tags(index).get("keep") for index in range(3)]
    assert "2 runs were tagged." in page.words
    assert sorted(story.run_ids[:2]) == sorted(ticked(page))

    reader.send(f"{path}/tag-runs", runs=[story.run_ids[0]], key="keep", remove="yes")
    assert [None, "yes"] == [tags(index).get("keep") for index in range(2)]
    assert 400 == reader.send(f"{path}/tag-runs", runs=[story.run_ids[0]], value="x").status


def ticked(page: Answer) -> list[str]:
    """The ids of the runs whose boxes are ticked."""
    return [found["value"] for tag, found in page.elements if found.get("name") == "runs" and "checked" in found]


def test_what_is_chosen_is_in_the_address(gate: Gate, reader: Reader) -> None:
    """Ids, a selection that the server keeps, or both; forms carry what is chosen on other pages."""
    story = a_story(gate, nested=False)
    first, second, third = story.run_ids
    elsewhere = a_run(gate, an_experiment(gate, "another"))
    path = f"/experiments/{story.experiment_id}"
    kept = gate.ask(CreateSelection(run_ids=[second, third])).selection_id

    by_ids = reader.get(f"{path}?chosen={first},{elsewhere}")
    both = reader.get(f"{path}?selection={kept}&chosen={first}&dropped={third}")
    gone = reader.get(f"{path}?selection={'0' * 32}")

    assert [first] == ticked(by_ids)
    assert elsewhere in by_ids.attributes("input", "value")
    assert {first, second} == set(ticked(both))
    assert [] == ticked(gone)
    assert "not kept any more" in gone.words
    compared = reader.get(f"/compare?selection={kept}&chosen={first}&dropped={third}")
    assert (303, f"/compare?runs={second},{first}") == (compared.status, compared.headers["location"])


def test_all_that_match_are_chosen_at_once(gate: Gate, reader: Reader) -> None:
    """On every page; comparing more than can stand side by side leads to views of all that match."""
    experiment_id = an_experiment(gate)
    add_runs(gate, experiment_id, 120, metrics=1)

    sent = reader.send(f"/ui/experiments/{experiment_id}/choose-all", back=f"filter={quote('metrics.m1 >= 0')}")
    page = reader.get(sent.headers["location"])
    selection = page.attributes("run-selection", "data-selected")

    assert ["120"] == selection
    assert 100 == len(ticked(page))
    kept = re.findall(r"selection=(\w+)", sent.headers["location"])[0]
    several = reader.get(f"/compare/many?selection={kept}&back={quote('filter=metrics.m1 >= 0')}")
    assert "Compare 120 runs" in several.words
    [charts] = [href for href in several.attributes("a", "href") if "charts=only" in href]
    assert f"/experiments/{experiment_id}?filter=metrics.m1%20%3E%3D%200&charts=only" == charts
    none = reader.send(f"/ui/experiments/{experiment_id}/choose-all", back=f"filter={quote('metrics.m1 > 1e9')}")
    assert 400 == none.status


def test_a_page_of_many_runs_says_what_its_columns_and_counts_are_of(gate: Gate, reader: Reader) -> None:
    """Only the newest thousand runs are looked at, so older ones may differ; no figure claims more than that."""
    experiment_id = an_experiment(gate)
    add_runs(gate, experiment_id, 1100, metrics=1, params=1)
    old = a_run(gate, experiment_id, start_time=0)
    gate.perform(LogBatch(run_id=old, metrics=[a_point("old")], params=[Param(key="p1", value="other")]))

    page = reader.get(f"/experiments/{experiment_id}")

    assert ["m1"] == heads(page)[5:]
    assert "1-100 of 1,101 runs" in page.words
    assert "By the newest 1,000 of these runs" in page.words
    assert "metrics.old" in re.findall(r"<option>([^<]*)</option>", page.text)


def test_more_runs_than_are_counted_are_said_to_be_more(gate: Gate, reader: Reader) -> None:
    """A count that stops at a bound says so, on every page but the last."""
    experiment_id = an_experiment(gate)
    add_runs(gate, experiment_id, 5050, metrics=1)
    found = f"/experiments/{experiment_id}?filter={quote('metrics.m1 >= 0')}"

    first = reader.get(found)
    last = reader.get(f"{found}&page={quote(offset_token(5000))}&from=5001")

    assert "1-100 of over 5,000 runs" in first.words
    assert "5,001-5,050 of 5,050 runs" in last.words


def test_a_run_is_starred_and_found_by_it(gate: Gate, reader: Reader) -> None:
    """With and without scripts; the star does not stand among the tags that people set."""
    story = a_story(gate, nested=False)
    run_id, path = story.run_ids[1], f"/experiments/{story.experiment_id}"

    sent = reader.send(f"/ui{path}/star-run", star=run_id, back=VIEW)
    starred = reader.get(f"{path}?filter={quote('starred = true')}")
    pressed = [found["value"] for tag, found in starred.elements if found.get("aria-pressed") == "true"]
    run_page = reader.get(f"/runs/{run_id}")
    reader.send(f"/ui/runs/{run_id}/star")

    assert f"{path}?{VIEW}" == sent.headers["location"]
    assert [run_id] == pressed
    assert "runyard.starred" not in run_page.words
    assert "run 1" == names(reader.get(f"{path}?order=starred"))[1]
    assert [] == names(reader.get(f"{path}?filter={quote('starred = true')}"))


def test_a_run_has_one_look_everywhere(gate: Gate, reader: Reader) -> None:
    """In the table, on its page, in legends and in charts; the sign is a colour with a dash."""
    run_ids = a_story(gate).run_ids
    run_id = run_ids[0]
    look = look_of(run_id)
    classes = f'class="mark c{look % 10} s{look // 10}"'

    assert [look] == [curve.look for curve in decoded(reader.get(f"/ui/metrics?key=loss&runs={run_id}").body)]
    for address in (f"/runs/{run_id}", f"/compare?runs={','.join(run_ids)}", f"/metric?key=loss&runs={run_id}"):
        assert classes in reader.get(address).text, address


def test_runs_that_are_shown_together_look_different() -> None:
    """As long as there are looks; the first keeps its own, also when it is named twice."""
    ids = [f"{number:032x}" for number in range(LOOKS + 5)]
    looks = looks_of([*ids, ids[0]])

    assert LOOKS == len({looks[run_id] for run_id in ids[:LOOKS]})
    for first in range(0, LOOKS, COLOURS):  # no two by their dash alone while a colour is free
        assert COLOURS == len({looks[run_id] % COLOURS for run_id in ids[first : first + COLOURS]})
    assert look_of(ids[0]) == looks[ids[0]]
    assert set(range(LOOKS)) == set(looks.values())
