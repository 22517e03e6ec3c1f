"""``mlflow.utils``: what other libraries take from it. The table of names has more."""
