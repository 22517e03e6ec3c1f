"""What the operations on registered models do."""

import runyard.registry.registered_models.tables  # noqa: F401
