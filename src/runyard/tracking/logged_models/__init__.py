"""Logged models: models as runs produced them, with an id of their own."""
