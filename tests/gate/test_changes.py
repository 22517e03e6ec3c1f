"""Whether others wrote, on both databases."""

from contextlib import closing

from runyard.db.changes import Marker
from runyard.gate.gate import Gate
from tests.factories import a_run


def test_commits_of_others_are_noticed(gate: Gate, new_store: str) -> None:
    """On SQLite they are told from those of this process; a PostgreSQL server has other databases, which count too."""
    a_run(gate)
    marker = Marker(gate.engines.dialect, gate.administer, gate.inspect)
    alone = gate.engines.dialect == "sqlite"

    assert not marker.differs()
    a_run(gate)
    assert not (marker.differs() and alone)
    with closing(Gate.open(new_store)) as other:
        a_run(other)
        assert marker.differs()
        assert not (marker.differs() and alone)
        a_run(other)
    marker.forget()
    assert not marker.differs()
