from runyard.exceptions import ExecutionException as ExecutionException
from runyard.projects.launch import run as run
from runyard.projects.project import load_project as load_project
from runyard.projects.submitted_run import SubmittedRun as SubmittedRun
from runyard.projects.sweeps.sweep import sweep as sweep
