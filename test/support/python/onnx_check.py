"""Checks ONNX models with the onnx package, and runs them with its reference implementation.

Reads lines of JSON from stdin: {"path": FILE, "feeds": {name: {"type": ..., "dims": [...], "values": [...]}}?}. Writes a line for
each: {"error": text} or {"outputs": {name: values}}; without feeds, {"outputs": {}}.
"""
import json
import sys

import numpy as np
import onnx
from onnx.reference import ReferenceEvaluator

for line in sys.stdin:
    task = json.loads(line)
    try:
        onnx.checker.check_model(task['path'], full_check=True)
        outputs = {}
        if 'feeds' in task:
            evaluator = ReferenceEvaluator(task['path'])
            feeds = {name: np.array(feed['values'], feed['type']).reshape(feed['dims'])
                     for name, feed in task['feeds'].items()}
            results = evaluator.run(None, feeds)
            outputs = {name: np.asarray(value).tolist() for name, value in zip(evaluator.output_names, results)}
        answer = {'outputs': outputs}
    except Exception as error:
        answer = {'error': f'{type(error).__name__}: {error}'}
    print(json.dumps(answer), flush=True)
