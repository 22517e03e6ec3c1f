"""What the operations on promotion do."""

import runyard.registry.promotion.tables  # noqa: F401
