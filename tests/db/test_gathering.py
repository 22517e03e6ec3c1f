"""Columns are read as rows are: the same values, in the same order."""

import math
import random
import struct
from typing import Any

import sqlalchemy as sa

from runyard.db.gathering import PreparedColumns
from runyard.db.transaction import Transaction
from runyard.gate.gate import Gate

_numbers = sa.table("numbers", sa.column("place", sa.BigInteger), sa.column("value", sa.Double))
_in_order = PreparedColumns(
    sa.select(_numbers.c.place, _numbers.c.value)
    .where(_numbers.c.place > sa.bindparam("after"))
    .order_by(_numbers.c.place.desc())
    .limit(sa.bindparam("most")),
    "after", "most",
)  # fmt: skip


def bits(value: Any) -> bytes | None:
    """What tells a double from each other one; None for NaN."""
    return None if math.isnan(float(value)) else struct.pack(">d", float(value))


def test_columns_hold_every_bit(gate: Gate) -> None:
    """Any double comes back as it was stored, and any whole number."""
    dice = random.Random(5)
    doubles = [struct.unpack(">d", dice.randbytes(8))[0] for _ in range(2000)]
    values = [0.1, 1 / 3, 5e-324, 1.7976931348623157e308, math.inf, -math.inf, 4.0, math.nan, *doubles, -1e15, 2.5]
    nan = "NaN" if gate.engines.dialect == "sqlite" else math.nan
    stored = [nan if math.isnan(value) else value for value in values]
    places = [dice.randrange(2**53) * 2 + 1 for _ in values[2:]] + [2**63 - 1, -(2**63) + 1]

    def check(tx: Transaction) -> None:
        tx.execute(sa.text("CREATE TEMPORARY TABLE numbers (place BIGINT, value DOUBLE PRECISION)"))
        rows = [{"place": place, "value": value} for place, value in zip(places, stored, strict=True)]
        tx.execute(sa.text("INSERT INTO numbers VALUES (:place, :value)"), rows)
        expected = sorted(zip(places, values, strict=True), key=lambda row: row[0], reverse=True)

        found = _in_order.columns(tx, -(2**63), len(values))

        assert [place for place, _ in expected] == found[0]
        assert [bits(value) for _, value in expected] == [*map(bits, found[1])]
        assert [[2**63 - 1], [-1e15]] == _in_order.columns(tx, 2**62, 1)
        assert [[], []] == _in_order.columns(tx, 2**63 - 1, 5)

    gate.administer(check)
