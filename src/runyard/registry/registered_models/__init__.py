"""Registered models: names with tags and aliases."""
