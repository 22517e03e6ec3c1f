"""What is wrong with a YAML file, in a line."""


def in_a_line(problem: Exception, text: str = "") -> str:
    """Where a YAML file is wrong and how, for the one who wrote it.

    Parameters
    ----------
    problem: What the library of YAML, or reading the file, raised.
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
