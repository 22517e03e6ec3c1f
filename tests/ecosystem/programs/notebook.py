"""A notebook that switches the alias on, logs, and starts a program that logs too."""

from pathlib import Path

import nbclient
import nbformat

Path("program.py").write_text("import mlflow; mlflow.set_experiment('notebook'); mlflow.start_run(run_name='program')")
CELLS = (
    "%load_ext runyard.alias",
    "import mlflow, sys\nmlflow.set_experiment('notebook')\nwith mlflow.start_run(run_name='cell'): pass",
    "!{sys.executable} program.py",
    "print(mlflow.__name__)",
)
notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in CELLS])
nbclient.NotebookClient(notebook, kernel_name="python3").execute()
assert "runyard\n" == notebook.cells[-1].outputs[0].text, notebook.cells
