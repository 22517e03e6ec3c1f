"""A sweep of Hydra whose jobs run in workers of joblib."""

import hydra
import mlflow
from omegaconf import DictConfig


@hydra.main(version_base=None, config_path=None)
def main(config: DictConfig) -> None:
    mlflow.set_experiment("hydra")
    with mlflow.start_run():
        mlflow.log_params(dict(config))
        mlflow.log_metric("square", config.x**2)


if __name__ == "__main__":
    # Of two workers that make an experiment at once, MLflow's own client lets one log to another experiment.
    mlflow.set_experiment("hydra")
    main()
