"""Runs SavedModels with TensorFlow: a line of JSON for each, read from standard input, and one for each result."""

import base64
import json
import os
import sys

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["CUDA_VISIBLE_DEVICES"] = ""

import numpy as np  # noqa: E402
import tensorflow as tf  # noqa: E402


def given(feed, spec):
    """A feed in the type that the signature asks for."""
    if "texts" in feed:
        return tf.constant(np.array(feed["texts"], dtype=object).reshape(feed["dims"]), dtype=tf.string)
    values = np.frombuffer(base64.b64decode(feed["data"]), feed["type"]).reshape(feed["dims"])
    return tf.constant(values, dtype=spec.dtype)


def shown(value):
    array = value.numpy()
    if value.dtype == tf.string:
        texts = [one.decode() for one in np.asarray(array, dtype=object).reshape(-1)]
        return {"type": "string", "dims": list(value.shape), "texts": texts}
    data = base64.b64encode(np.ascontiguousarray(array).tobytes()).decode()
    return {"type": value.dtype.name, "dims": list(value.shape), "data": data}


def run(task):
    model = tf.saved_model.load(task["folder"])
    signature = model.signatures["serving_default"]
    specs = signature.structured_input_signature[1]
    feeds = {name: given(feed, specs[name]) for name, feed in task["feeds"].items()}
    return {name: shown(value) for name, value in signature(**feeds).items()}


for line in sys.stdin:
    task = json.loads(line)
    try:
        answer = {"outputs": run(task)}
    except Exception as error:  # what TensorFlow says is the answer
        answer = {"error": f"{type(error).__name__}: {error}"}
    print(json.dumps(answer), flush=True)
