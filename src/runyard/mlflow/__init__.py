"""Everything that exists so that MLflow's names resolve: to read, to test, and to drop one day.

`names` is the table, ``mlflow.a.b`` → ``runyard.x.y``; `reasons` says why the rest is missing; `alias` makes
``import mlflow`` give Runyard; the other modules are those of MLflow's that have a behaviour of
their own. `runyard` registers this package with `runyard._missing`: it loads when a name is not found below.
"""

from runyard.mlflow.alias import install as install
from runyard.mlflow.alias import is_installed as is_installed
from runyard.mlflow.alias.variables import variables_of_programs as variables_of_programs
from runyard.mlflow.finder import spec_of as spec_of
from runyard.mlflow.names import home_of as home_of
from runyard.mlflow.names import homes_in as homes_in
from runyard.mlflow.reasons import reason as reason
from runyard.mlflow.reasons import reason_for_method as reason_for_method
from runyard.mlflow.reasons import reason_of_part as reason_of_part
