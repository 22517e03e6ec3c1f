"""Facts that a database keeps about its store."""

from collections.abc import Sequence

import sqlalchemy as sa

from runyard.db.dialects import one_of_values, upsert
from runyard.db.metadata import metadata
from runyard.db.transaction import Transaction

ARTIFACTS_DESTINATION = "artifacts_destination"
"""Name of the fact where the server keeps what clients send through it: an absolute folder, or a URI."""
UNFILLED = "unfilled"
"""Name of the fact that an upgrade made the tables: the first rows are left to the first server, which knows where
artifacts are to be."""

store_facts = sa.Table(
    "store_facts",
    metadata,
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("value", sa.Text, nullable=False),
    sqlite_with_rowid=False,
)


def fact(tx: Transaction, name: str) -> str | None:
    """The fact with a name; None when it is not set."""
    value: str | None = tx.scalar(sa.select(store_facts.c.value).where(store_facts.c.name == name))
    return value


def facts(tx: Transaction, names: Sequence[str]) -> dict[str, str]:
    """Those of some facts that are set, by name. One statement."""
    chosen = sa.select(store_facts).where(one_of_values(tx.dialect, store_facts.c.name, names))
    return {row.name: row.value for row in tx.execute(chosen)}


def note_fact(tx: Transaction, name: str, value: str) -> None:
    """Set a fact."""
    statement = upsert(tx, store_facts).values(name=name, value=value)
    tx.execute(statement.on_conflict_do_update(index_elements=["name"], set_={"value": value}))


def forget_fact(tx: Transaction, name: str) -> None:
    """Remove a fact that may be there."""
    tx.execute(sa.delete(store_facts).where(store_facts.c.name == name))


def names_of_facts(tx: Transaction, beginning: str) -> list[str]:
    """The names of all facts that begin with a text."""
    chosen = sa.select(store_facts.c.name).where(store_facts.c.name.startswith(beginning, autoescape=True))
    return list(tx.execute(chosen.order_by(store_facts.c.name)).scalars())
