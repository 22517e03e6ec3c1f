"""Saved views in the table of an experiment's runs."""

import re

import pytest

from runyard.gate.gate import Gate
from runyard.tracking.saved_views.messages import ListSavedViews
from tests.ui.asking import Answer, Reader
from tests.ui.stories import Story, a_story

VIEW = "filter=metrics.loss%20%3E%200&order=run_name%20ASC&col=params.lr&col=params.seed"


@pytest.fixture
def story(gate: Gate) -> Story:
    """An experiment of three runs."""
    return a_story(gate)


def act(reader: Reader, story: Story, action: str, **fields: str) -> Answer:
    """Send a form of the menu, and open the page that it leads to."""
    sent = reader.send(f"/ui/experiments/{story.experiment_id}/views/{action}", **fields)
    assert 303 == sent.status, sent.words
    return reader.get(sent.headers["location"])


def view_ids(gate: Gate, story: Story) -> list[str]:
    """The views of the experiment, by name."""
    return [view.view_id for view in gate.ask(ListSavedViews(experiment_id=story.experiment_id)).views]


def is_changed(page: Answer) -> bool:
    """Whether the page says that what is on screen is not what the view shows."""
    return "What is on screen is not what the view shows" in page.text


def test_a_view_is_saved_opened_changed_and_updated(gate: Gate, reader: Reader, story: Story) -> None:
    """Its address shows everything, with the view's name; what differs from it is said, and saved on demand."""
    path = f"/experiments/{story.experiment_id}"
    saved = act(reader, story, "save", name="by name", back=f"{VIEW}&page=x&evil=1")
    (view_id,) = view_ids(gate, story)
    (link,) = [href for href in reader.get(path).attributes("a", "href") if view_id in href]
    assert f"{path}?{VIEW}&saved={view_id}" == link
    assert "The view was saved." in saved.words
    assert not is_changed(reader.get(link))

    other = f"filter=metrics.loss%20%3E%200.2&saved={view_id}"
    assert is_changed(reader.get(f"{path}?{other}"))
    (known,) = {value["value"] for _, value in reader.get(link).elements if value.get("name") == "known"}
    assert not is_changed(act(reader, story, "update", view_id=view_id, known=known, back=other))
    late = reader.send(f"/ui/experiments/{story.experiment_id}/views/update", view_id=view_id, known=known, back=VIEW)
    assert 409 == late.status
    assert "changed meanwhile" in late.words
    assert "by loss" in act(reader, story, "rename", view_id=view_id, name="by loss", back=other).words


def test_what_is_chosen_stays_chosen_when_a_view_is_saved(reader: Reader, story: Story) -> None:
    """Nobody ticks ten runs again; a link to the view leaves them out."""
    run_id = re.findall(r"name=runs value=(\w*)", reader.get(f"/experiments/{story.experiment_id}").text)[0]

    saved = act(reader, story, "save", name="mine", back=f"{VIEW}&chosen={run_id}")

    assert re.search(f"value={run_id} [^>]*checked", saved.text)
    assert not any("chosen=" in href for href in saved.attributes("a", "href") if "saved=" in href)


def test_an_experiment_opens_with_its_first_view(gate: Gate, reader: Reader, story: Story) -> None:
    """Where the address chooses nothing; the plain table stays one click away, and its links stay plain."""
    path = f"/experiments/{story.experiment_id}"
    act(reader, story, "save", name="mine", back=VIEW)
    (view_id,) = view_ids(gate, story)
    act(reader, story, "first", view_id=view_id, first="yes", back=VIEW)

    opened = reader.get(f"{path}?notice=tag-set")
    assert (303, f"{path}?{VIEW}&saved={view_id}&notice=tag-set") == (opened.status, opened.headers["location"])
    plain = reader.get(f"{path}?saved=none")
    starred = next(href for href in plain.attributes("a", "href") if "starred%20%3D%20true" in href)
    assert "No run matches the filter." in reader.get(starred).words
    assert f"{path}?saved=none" in reader.get(f"{path}?{VIEW}&saved={view_id}").attributes("a", "href")
    assert 200 == plain.status
    assert all(
        "saved=none" in href for href in plain.attributes("a", "href") if "order=" in href and view_id not in href
    )
    assert 200 == reader.get(f"{path}?filter=").status

    act(reader, story, "first", view_id=view_id, back=VIEW)
    assert 200 == reader.get(path).status


def test_a_deleted_view_leaves_its_links_whole(gate: Gate, reader: Reader, story: Story) -> None:
    """They show what they showed; only the name is gone."""
    act(reader, story, "save", name="mine", back=VIEW)
    (view_id,) = view_ids(gate, story)
    rows = reader.get(f"/experiments/{story.experiment_id}?{VIEW}&saved={view_id}")
    page = act(reader, story, "delete", view_id=view_id, back=f"{VIEW}&saved={view_id}")
    again = reader.get(f"/experiments/{story.experiment_id}?{VIEW}&saved={view_id}")

    assert "save it again" in page.words
    assert rows.text.count("<tr>") == again.text.count("<tr>") == page.text.count("<tr>")
    assert not is_changed(again)
    assert 404 == reader.send(f"/ui/experiments/{story.experiment_id}/views/delete", view_id=view_id).status


def test_a_view_of_all_experiments_is_in_each(gate: Gate, reader: Reader, story: Story) -> None:
    """It is marked so; one name is taken once."""
    act(reader, story, "save", name="everywhere", back="order=run_name%20ASC", of_all="yes")

    assert "everywhere all experiments" in reader.get("/experiments/0").words
    again = reader.send("/ui/experiments/0/views/save", name="everywhere", back="", of_all="yes")
    assert 400 == again.status
    assert "already" in again.words
