"""Chosen values of the runs that a search finds, or of a sample of them, as columns: plots are made of these."""
