"""``mlflow.store.db.db_types``: the databases that a store can be."""

SQLITE, POSTGRES = "sqlite", "postgresql"
DATABASE_ENGINES = [POSTGRES, SQLITE]
