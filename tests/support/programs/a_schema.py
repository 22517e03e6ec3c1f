"""Loads what makes and upgrades schemas: the driver of PostgreSQL takes longer than the rest of such programs."""

import importlib

for _name in ("psycopg", "runyard.db.migrate", "runyard.gate.gate", "sqlalchemy.dialects.postgresql.psycopg"):
    importlib.import_module(_name)
