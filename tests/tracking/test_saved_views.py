"""Saved views: who has which, under which name, and which of them a table shows first."""

import pytest

from runyard.exceptions import AlreadyExists, Conflict, DoesNotExist, InvalidParameter, RunyardException
from runyard.gate.gate import Gate
from runyard.protocol.message import AnyMessage
from runyard.registry.model_versions.needed import NeededByVersions
from runyard.tracking.experiments.messages import DeleteExperiment
from runyard.tracking.removal.remover import Remover
from runyard.tracking.saved_views import operations
from runyard.tracking.saved_views.messages import (
    MAX_QUERY,
    CreateSavedView,
    DeleteSavedView,
    ListSavedViews,
    SetDefaultView,
    UpdateSavedView,
)
from tests.factories import an_experiment

GONE = "f" * 32


def saved(gate: Gate, name: str, experiment_id: str | None = None, query: str = "") -> str:
    """The id of a new view."""
    return gate.ask(CreateSavedView(name=name, query=query, experiment_id=experiment_id)).view_id


def listed(gate: Gate, experiment_id: str | None = None) -> tuple[list[str], str | None]:
    """The names of an experiment's views, and the name of the one that is shown first."""
    found = gate.ask(ListSavedViews(experiment_id=experiment_id))
    names = {view.view_id: view.name for view in found.views}
    return list(names.values()), names.get(found.default_view_id or "")


def test_views_belong_to_an_experiment_or_to_all(gate: Gate) -> None:
    """By name, in any case; parameters of later versions are kept as they came."""
    one, other = an_experiment(gate, "one"), an_experiment(gate, "other")
    query = "filter=metrics.loss%20%3C%200.1&order=a&order=b&of-the-future=1"
    view_id = saved(gate, "best", one, f"?{query}")
    saved(gate, "All", None)
    saved(gate, "best", other)

    assert (["All", "best"], None) == listed(gate, one)
    assert (["All"], None) == listed(gate)
    (kept,) = [view for view in gate.ask(ListSavedViews(experiment_id=one)).views if view.view_id == view_id]
    assert (one, query) == (kept.experiment_id, kept.query)


def test_a_name_is_taken_once(gate: Gate) -> None:
    """Of two people who save under the same name the second is told, when it is a rename too."""
    experiment_id = an_experiment(gate)
    saved(gate, "best", experiment_id)
    other = saved(gate, "better", experiment_id)

    with pytest.raises(AlreadyExists, match="'best' already"):
        saved(gate, "best", experiment_id)
    with pytest.raises(AlreadyExists):
        gate.ask(UpdateSavedView(view_id=other, name="best"))
    assert "better" == gate.ask(UpdateSavedView(view_id=other, name="better")).name


def test_what_somebody_changed_meanwhile_is_not_overwritten(gate: Gate) -> None:
    """Unless the caller does not ask."""
    made = gate.ask(CreateSavedView(name="best", query="a=1"))
    first = gate.ask(UpdateSavedView(view_id=made.view_id, query="a=2", last_update_time=made.last_update_time))

    with pytest.raises(Conflict, match="changed meanwhile"):
        gate.ask(UpdateSavedView(view_id=made.view_id, query="a=3", last_update_time=made.last_update_time))
    last = gate.ask(UpdateSavedView(view_id=made.view_id, name="worst"))
    assert ("worst", "a=2") == (last.name, last.query)
    assert made.last_update_time < first.last_update_time < last.last_update_time


def test_one_view_is_shown_first(gate: Gate) -> None:
    """Chosen anew it takes the place of the other; it is forgotten with the view."""
    one, other = an_experiment(gate, "one"), an_experiment(gate, "other")
    own, of_all = saved(gate, "own", one), saved(gate, "of all")
    for view_id, name in ((own, "own"), (of_all, "of all"), (None, None), (of_all, "of all")):
        gate.ask(SetDefaultView(experiment_id=one, view_id=view_id))
        assert name == listed(gate, one)[1]
    gate.ask(SetDefaultView(experiment_id=other, view_id=of_all))
    gate.ask(DeleteSavedView(view_id=of_all))

    assert (["own"], None) == listed(gate, one)
    with pytest.raises(InvalidParameter, match="belongs to experiment"):
        gate.ask(SetDefaultView(experiment_id=other, view_id=own))


def test_views_go_with_their_experiment(gate: Gate) -> None:
    """A deleted one takes no more of them; removed for good it takes them along, and not those of all."""
    experiment_id = an_experiment(gate)
    gate.ask(SetDefaultView(experiment_id=experiment_id, view_id=saved(gate, "own", experiment_id)))
    saved(gate, "of all")
    gate.ask(DeleteExperiment(experiment_id=experiment_id))

    with pytest.raises(InvalidParameter, match="is deleted"):
        saved(gate, "late", experiment_id)
    assert (["of all", "own"], "own") == listed(gate, experiment_id)
    assert Remover(gate.administer, gate.inspect, NeededByVersions).remove_experiment(experiment_id) is None
    assert (["of all"], None) == listed(gate, experiment_id)


@pytest.mark.parametrize(
    ("message", "kind"),
    [
        (CreateSavedView(name=" "), InvalidParameter),
        (CreateSavedView(name="x" * 201), InvalidParameter),
        (CreateSavedView(name="a\0b"), InvalidParameter),
        (CreateSavedView(name="a", query="x" * (MAX_QUERY + 1)), InvalidParameter),
        (CreateSavedView(name="a", query="c=&" * 1001), InvalidParameter),
        (CreateSavedView(name="a", experiment_id="404"), DoesNotExist),
        (UpdateSavedView(view_id="x' OR 1=1"), InvalidParameter),
        (UpdateSavedView(view_id=GONE, name="a"), DoesNotExist),
        (DeleteSavedView(view_id=GONE), DoesNotExist),
        (SetDefaultView(experiment_id="0", view_id=GONE), DoesNotExist),
    ],
)
def test_what_is_wrong_with_a_view_is_said(gate: Gate, message: AnyMessage, kind: type[RunyardException]) -> None:
    """And nothing is saved."""
    with pytest.raises(kind):
        gate.perform(message)
    assert ([], None) == listed(gate, "0")


def test_an_experiment_has_some_views_only(gate: Gate, monkeypatch: pytest.MonkeyPatch) -> None:
    """The page lists them all."""
    monkeypatch.setattr(operations, "MAX_VIEWS", 2)
    for name in ("a", "b"):
        saved(gate, name)
    with pytest.raises(InvalidParameter, match="has 2 saved views"):
        saved(gate, "c")
    saved(gate, "c", "0")
