"""Selections: lists of chosen runs that are too long for an address, kept for some days."""
