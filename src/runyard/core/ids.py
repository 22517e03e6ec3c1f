"""Ids as MLflow's clients expect them."""

import os


def new_run_id() -> str:
    """A random run id: 32 lower-case hexadecimal digits, those of a UUID of version 4 (RFC 9562)."""
    digits = os.urandom(16).hex()
    return f"{digits[:12]}4{digits[13:16]}{_VARIANT[digits[16]]}{digits[17:]}"


_VARIANT = {f"{digit:x}": f"{digit & 3 | 8:x}" for digit in range(16)}
"""The digit whose two highest bits are 10, by one whose others are the same."""
