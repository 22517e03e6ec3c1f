"""What our HTTP servers share: access checks, limits, and the start and end of their processes."""
