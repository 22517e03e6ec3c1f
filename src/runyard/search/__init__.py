"""The search language: filter strings and order_by, for every entity that can be searched."""
