"""Tables of what runs were started with."""

import sqlalchemy as sa

from runyard.db.metadata import metadata
from runyard.tracking.runs.tables import run_number, runs

origin_texts = sa.Table(
    "origin_texts",
    metadata,
    sa.Column("id", run_number, primary_key=True),
    sa.Column("digest", sa.Text, nullable=False, unique=True),  # of what is packed, hexadecimal
    sa.Column("packed", sa.LargeBinary, nullable=False),
    sa.Column("unused_since", sa.BigInteger),  # when a removal found no run that has it; it goes some time later
)
"""Packages, machines and patches, each text once, packed with zlib: a million runs share some hundred of them."""


run_origins = sa.Table(
    "run_origins",
    metadata,
    sa.Column("run_id", sa.ForeignKey(runs.c.id, ondelete="CASCADE"), primary_key=True, autoincrement=False),
    sa.Column("started_with", sa.Text),  # what is the run's own, as JSON: its command, its folder; NULL: not told
    # Numbers of texts. No foreign keys: to remove a text, PostgreSQL would read this table for each of them.
    sa.Column("environment_id", run_number),
    sa.Column("machine_id", run_number),
    sa.Column("patch_id", run_number),
    sa.Column("beat_time", sa.BigInteger),  # when its program last said that it goes on; NULL: it never does
)
