"""Logs, registers and names models on an MLflow server with its own client (mlflow-skinny 3.17.2).

Reads one JSON list of commands on standard input, writes one JSON list of their results. The server and its login are read
from the environment, as everything of MLflow does.
"""

import json
import sys

import mlflow
from mlflow import MlflowClient

client = MlflowClient()


def ensure(name):
    if not client.search_registered_models(f"name = '{name}'"):
        client.create_registered_model(name)


def version(name, folder, how):
    """Registers the files of `folder` as a new version, in one of the three ways that clients do."""
    ensure(name)
    if how == "logged-model":
        model = mlflow.initialize_logged_model(name=name)
        client.log_model_artifacts(model.model_id, folder)
        mlflow.finalize_logged_model(model.model_id, "READY")
        made = client.create_model_version(name, f"models:/{model.model_id}", model_id=model.model_id)
        return {"version": made.version, "model": model.model_id}
    with mlflow.start_run() as run:
        mlflow.log_artifacts(folder, "model")
    id = run.info.run_id
    source = f"runs:/{id}/model" if how == "runs" else f"{run.info.artifact_uri}/model"
    return {"version": client.create_model_version(name, source, id).version, "run": id}


def alias(name, alias, version):
    client.set_registered_model_alias(name, alias, version)


def delete(name, version):
    client.delete_model_version(name, version)


def pending(name, source):
    """A version whose files are wherever the registering client says."""
    ensure(name)
    return {"version": client.create_model_version(name, source, await_creation_for=0).version}


def webhook(url, secret):
    client.create_webhook("assay", url, ["model_version.created"], secret=secret)


COMMANDS = {"version": version, "alias": alias, "delete": delete, "source": pending, "webhook": webhook}
results = []
for command in json.load(sys.stdin):
    results.append(COMMANDS[command.pop("do")](**command))
print("\n" + json.dumps(results))
