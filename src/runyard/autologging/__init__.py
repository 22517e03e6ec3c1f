"""Automatic logging: watches calls of training libraries and logs what went in and what came out.

Each library's part says which functions to watch and what to log; what is here makes sure that the library's own
function is called exactly once, with its own arguments, and that its results and errors pass unchanged.
"""
