from runyard.client.runyard_client import MlflowClient as MlflowClient
from runyard.client.runyard_client import RunyardClient as RunyardClient
