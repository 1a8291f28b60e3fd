"""Reads OpenVEX documents with vexipy, an implementation of OpenVEX that is not ours; prints what is wrong with each.

Takes a JSON list of documents on stdin, and prints a list of messages or nulls.
"""

import json
import sys

import vexipy


def problem(document):
    try:
        vexipy.Document.model_validate_json(json.dumps(document), extra="forbid")
    except Exception as error:
        return str(error)
    return None


print(json.dumps([problem(document) for document in json.load(sys.stdin)]))
