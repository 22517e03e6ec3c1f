"""Nested runs below their parents: a search a level at a time."""
