"""What the operations on model versions do."""

import runyard.registry.model_versions.tables  # noqa: F401
