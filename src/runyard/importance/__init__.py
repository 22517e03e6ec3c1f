"""How much each param of many runs tells about a metric. It runs as a program: ``python -m runyard.importance``."""
