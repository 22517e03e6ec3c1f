"""The gate: the one way from a message to the database and back."""
