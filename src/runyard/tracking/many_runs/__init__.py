"""Many runs in one operation: deleted, restored or tagged, a piece at a time."""
