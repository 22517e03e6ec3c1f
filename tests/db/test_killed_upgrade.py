"""An upgrade that is killed, at each statement that changes something, is ended by the next one."""

from contextlib import closing
from pathlib import Path

import pytest
import sqlalchemy as sa

from runyard.db.engine import open_engines
from runyard.db.schema import HEAD
from runyard.gate.gate import Gate
from runyard.tracking.checks import CHECKS, examined
from tests.db.older_server import OlderServer, make_older
from tests.db.test_schema import description, start_anew, triggers
from tests.db.test_upgrade_beside_writers import assert_all_is_there
from tests.support.programs import start_program

pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore:Skipped unsupported reflection:sqlalchemy.exc.SAWarning"),
    pytest.mark.timeout(600),  # it starts hundreds of programs, one after the other
]

RUNS = 200
TIMES = 3
"""How often it is killed at statements of the same text, such as those that rewrite rows in pieces."""

PROGRAM = f"""  # starts an upgrade in a process of its own, again and again until one is not killed
import os, signal, sys
from pathlib import Path

import sqlalchemy as sa
from runyard.db.migrate import scripts, upgrade
from runyard.gate.slices import load_all

load_all()
scripts()  # read once for all of them
notes = Path(sys.argv[2])
killed, code = 0, -signal.SIGKILL
while code == -signal.SIGKILL:
    if (child := os.fork()) == 0:
        break
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    killed += code == -signal.SIGKILL
    assert killed == len(notes.read_text().splitlines())
if child:
    print(killed)
    sys.exit(code)
died = notes.read_text().splitlines()
seen = {{}}

def look(when):
    def at(_connection, _cursor, statement, *_others):
        if statement.split()[0].upper() not in ("CREATE", "ALTER", "DROP", "INSERT", "UPDATE", "DELETE"):
            return
        text = " ".join(statement.split())
        if when == "after" and "alembic_version" not in text:  # the same as before the next one
            return
        seen[when, text] = seen.get((when, text), 0) + 1
        place = f"{{when}} {{seen[when, text]}} {{text}}"
        if seen[when, text] <= {TIMES} and place not in died:
            with notes.open("a") as file:
                file.write(place + "\\n")
            os.kill(os.getpid(), signal.SIGKILL)
    return at

sa.event.listen(sa.Engine, "before_cursor_execute", look("before"))
sa.event.listen(sa.Engine, "after_cursor_execute", look("after"))
steps = []
upgrade(sys.argv[1], steps.append)
print(*steps, sep="\\n")
"""


def test_an_upgrade_that_was_killed_is_ended_by_the_next(database: str, tmp_path: Path) -> None:
    """Wherever the power fails: nothing is lost, no index stays broken, and the schema is that of a new database."""
    make_older(database)
    older = OlderServer(database)
    for _ in range(RUNS):
        older.once()
    older.engines.dispose()
    notes = tmp_path / "notes"
    notes.touch()

    code, said, errors = start_program(PROGRAM, database, str(notes), loaded=("a_schema",)).finish()

    assert (0, "") == (code, errors)
    *steps, killed = said.splitlines()
    assert steps[-1].startswith(f"Schema version {HEAD}: ")
    assert int(killed) == len(notes.read_text().splitlines()) > 2 * len(steps)
    with closing(Gate.open(database)) as gate:
        assert_all_is_there(gate, older)
        for check in CHECKS:
            assert [] == [difference for _, found in examined(check, gate.inspect, None) for difference in found]
    assert [] == broken_indexes(database)
    upgraded = description(database), triggers(database)
    start_anew(database)
    assert (description(database), triggers(database)) == upgraded


def broken_indexes(database: str) -> list[str]:
    """Indexes that PostgreSQL keeps up to date, but does not use: their making was broken off."""
    engines = open_engines(database)
    broken = "SELECT indexrelid::regclass::text FROM pg_index WHERE NOT (indisvalid AND indisready)"
    try:
        with engines.reading.begin() as connection:
            return [] if engines.dialect == "sqlite" else list(connection.execute(sa.text(broken)).scalars())
    finally:
        engines.dispose()
