"""Help with filters: why one finds nothing, and ways to go on."""
