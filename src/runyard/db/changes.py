"""Whether others changed the database: other processes of the server, or scripts that write to it themselves."""

from collections.abc import Callable

from runyard.db.jobs import Administer, Inspect
from runyard.db.transaction import Transaction


class Marker:
    """Something cheap to read that differs once others have committed.

    On SQLite it is asked on the connection for writing, and tells others' commits from our own. PostgreSQL has
    nothing that does: there it differs after our own commits too, and is looked at less often.

    Parameters
    ----------
    dialect: ``sqlite`` or ``postgresql``.
    administer: Performs work as a write.
    inspect: Performs work that reads.

    Attributes
    ----------
    seconds: How long to wait between two looks.
    """

    def __init__(self, dialect: str, administer: Administer, inspect: Inspect) -> None:
        self._read: Callable[[], str]
        if dialect == "sqlite":
            self._read, self.seconds = lambda: administer(_data_version), 1.0
        else:
            self._read, self.seconds = lambda: inspect(_snapshot), 4.0
        self._seen: str | None = None

    def differs(self) -> bool:
        """Look, and compare with the look before; the first one after `forget` compares with nothing.

        Raises
        ------
        RunyardException: The database does not answer.
        """
        found = self._read()
        before, self._seen = self._seen, found
        return before is not None and before != found

    def forget(self) -> None:
        """Compare the next look with nothing."""
        self._seen = None


def _data_version(tx: Transaction) -> str:
    return str(tx.connection.exec_driver_sql("PRAGMA data_version").scalar_one())


def _snapshot(tx: Transaction) -> str:
    """The transactions that are in progress and the next one's number: another text after every commit."""
    return str(tx.connection.exec_driver_sql("SELECT CAST(txid_current_snapshot() AS text)").scalar_one())
