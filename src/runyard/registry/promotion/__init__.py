"""Promotion: moving an alias or a stage only when a condition on metrics holds, and the history of such moves."""
