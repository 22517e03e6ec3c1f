"""Amounts as sentences have them."""


def plural(amount: int, one: str, many: str | None = None) -> str:
    """``1 run``, ``1,234 runs``; `many` where it is not `one` with an s."""
    return f"{amount:,} {one if amount == 1 else many or one + 's'}"
