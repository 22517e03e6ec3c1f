"""Ids as MLflow's clients expect them."""

import os
import uuid


def new_run_id() -> str:
    """A random run id: 32 lower-case hexadecimal digits."""
    return uuid.UUID(bytes=os.urandom(16), version=4).hex
