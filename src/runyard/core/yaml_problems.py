"""A one-line description of an error in a YAML file."""


def in_a_line(problem: Exception, text: str = "") -> str:
    """Describe the error in a YAML file and its position.

    Parameters
    ----------
    problem: The error of the YAML library, or of reading the file.
    text: What the file holds, for a parser that does not say which character it met.
    """
    mark, what = getattr(problem, "problem_mark", None), getattr(problem, "problem", None)
    if mark is None or not what:
        return " ".join(str(problem).split()).rstrip(".")
    if "'\\t'" in what or "\t" in "".join(text.splitlines()[mark.line : mark.line + 1])[mark.column : mark.column + 1]:
        what = "there is a tab, which YAML does not take; indent with spaces"
    context = getattr(problem, "context", None)
    begun = getattr(problem, "context_mark", None)
    after = (
        f" ({context} at line {begun.line + 1})" if context and begun is not None and begun.line != mark.line else ""
    )
    return f"line {mark.line + 1}, column {mark.column + 1}: {what}{after}"
