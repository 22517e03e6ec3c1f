"""Operations on saved views."""

import uuid
from typing import Any

import sqlalchemy as sa

from runyard.core.limits import shown
from runyard.db.dialects import upsert
from runyard.db.transaction import Transaction
from runyard.exceptions import AlreadyExists, Conflict, DoesNotExist, InvalidParameter
from runyard.gate.performers import performs
from runyard.protocol.answer import Wire
from runyard.tracking.experiments.messages import experiment_number
from runyard.tracking.experiments.operations import active_experiment
from runyard.tracking.saved_views.messages import (
    MAX_VIEWS,
    CreateSavedView,
    DeleteSavedView,
    ListSavedViews,
    SetDefaultView,
    UpdateSavedView,
)
from runyard.tracking.saved_views.tables import default_views, saved_views


@performs(CreateSavedView)
def create_saved_view(tx: Transaction, message: CreateSavedView) -> Wire:
    """Insert it; the experiment must be active."""
    number = None if message.experiment_id is None else active_experiment(tx, message.experiment_id).experiment_id
    _refuse_taken_name(tx, number, message.name)
    amount = tx.scalar(sa.select(sa.func.count()).select_from(saved_views).where(_of(number)))
    if amount >= MAX_VIEWS:
        raise InvalidParameter(f"{_owner(number)} has {amount} saved views already. Delete one that nobody needs.")
    view = {
        "view_id": uuid.uuid4().hex,
        "experiment_id": number,
        "name": message.name,
        "query": message.query.removeprefix("?"),
        "creation_time": tx.now_ms,
        "last_update_time": tx.now_ms,
    }
    tx.execute(sa.insert(saved_views).values(view))
    return _on_wire(view)


@performs(UpdateSavedView)
def update_saved_view(tx: Transaction, message: UpdateSavedView) -> Wire:
    """Change what is given, unless somebody else was faster."""
    view = _view(tx, message.view_id, lock=True)
    if message.last_update_time is not None and message.last_update_time != view["last_update_time"]:
        raise Conflict(
            f"The view {shown(view['name'])} was changed meanwhile. Look at it as it is now, or save yours under "
            "another name."
        )
    if message.name is not None and message.name != view["name"]:
        _refuse_taken_name(tx, view["experiment_id"], message.name)
        view["name"] = message.name
    if message.query is not None:
        view["query"] = message.query.removeprefix("?")
    view["last_update_time"] = max(tx.now_ms, view["last_update_time"] + 1)  # each change has a time of its own
    changed = {name: view[name] for name in ("name", "query", "last_update_time")}
    tx.execute(sa.update(saved_views).where(saved_views.c.view_id == message.view_id).values(changed))
    return _on_wire(view)


@performs(DeleteSavedView)
def delete_saved_view(tx: Transaction, message: DeleteSavedView) -> Wire:
    """Remove it; the rows of defaults that name it go with it."""
    if not tx.execute(sa.delete(saved_views).where(saved_views.c.view_id == message.view_id)).rowcount:
        raise _missing(message.view_id)
    return {}


@performs(SetDefaultView)
def set_default_view(tx: Transaction, message: SetDefaultView) -> Wire:
    """Note it, or forget the one that was."""
    number = active_experiment(tx, message.experiment_id).experiment_id
    if message.view_id is None:
        tx.execute(sa.delete(default_views).where(default_views.c.experiment_id == number))
        return {}
    view = _view(tx, message.view_id)
    if view["experiment_id"] not in (None, number):
        raise InvalidParameter(
            f"The view {shown(view['name'])} belongs to experiment {view['experiment_id']}. Save one here first."
        )
    row = upsert(tx, default_views).values(experiment_id=number, view_id=message.view_id)
    tx.execute(row.on_conflict_do_update(index_elements=["experiment_id"], set_={"view_id": row.excluded.view_id}))
    return {}


@performs(ListSavedViews)
def list_saved_views(tx: Transaction, message: ListSavedViews) -> Wire:
    """Those of one experiment with those of all, and the default. One statement."""
    number = None if message.experiment_id is None else experiment_number(message.experiment_id)
    first = sa.and_(default_views.c.view_id == saved_views.c.view_id, default_views.c.experiment_id == number)
    chosen = sa.select(saved_views, default_views.c.view_id.is_not(None).label("first"))
    found = chosen.select_from(saved_views.outerjoin(default_views, first)).where(sa.or_(_of(number), _of(None)))
    rows = sorted(tx.execute(found).mappings(), key=lambda row: (row["name"].casefold(), row["view_id"]))
    answer: dict[str, Any] = {"views": [_on_wire(dict(row)) for row in rows]}
    default = next((row["view_id"] for row in rows if row["first"]), None)
    return answer if default is None else {**answer, "default_view_id": default}


def _of(number: int | None) -> sa.ColumnElement[bool]:
    """Views of an experiment, or of all; as the index of names has it."""
    return sa.func.coalesce(saved_views.c.experiment_id, sa.literal_column("-1")) == (-1 if number is None else number)


def _owner(number: int | None) -> str:
    return "The table of all experiments" if number is None else f"Experiment {number}"


def _refuse_taken_name(tx: Transaction, number: int | None, name: str) -> None:
    if tx.scalar(sa.select(saved_views.c.view_id).where(_of(number), saved_views.c.name == name)) is not None:
        raise AlreadyExists(
            f"{_owner(number)} has a view {shown(name)} already. Choose another name, or open that view and update it."
        )


def _view(tx: Transaction, view_id: str, *, lock: bool = False) -> dict[str, Any]:
    chosen = sa.select(saved_views).where(saved_views.c.view_id == view_id)
    row = tx.execute(chosen.with_for_update() if lock else chosen).mappings().first()
    if row is None:
        raise _missing(view_id)
    return dict(row)


def _missing(view_id: str) -> DoesNotExist:
    return DoesNotExist(f"There is no saved view {shown(view_id)}: it may have been deleted. List the views again.")


def _on_wire(view: dict[str, Any]) -> dict[str, Any]:
    names = ("view_id", "name", "query", "creation_time", "last_update_time")
    answer = {name: view[name] for name in names}
    owner = view["experiment_id"]
    return answer if owner is None else {**answer, "experiment_id": str(owner)}
