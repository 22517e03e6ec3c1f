"""All flavors together: the table of them, and what is done with each."""
