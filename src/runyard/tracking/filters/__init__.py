"""Help with filters of runs: why one finds nothing."""
