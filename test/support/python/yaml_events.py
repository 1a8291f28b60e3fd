"""What PyYAML hears in texts: reads a JSON list of them, and writes for each what a walk over its events says.

Nothing is constructed. Argument: `pyyaml` for the parser in Python, `libyaml` for the one in C.
"""

import json
import sys

import yaml

LOADERS = {"pyyaml": yaml.SafeLoader, "libyaml": yaml.CSafeLoader}


def read(text):
    told = {"keys": [], "values": [], "tags": [], "documents": 0, "error": None}
    try:
        walk(yaml.parse(text, Loader=LOADERS[sys.argv[1]]), told)
    except (yaml.YAMLError, RecursionError) as error:
        told["error"] = str(error).splitlines()[0]
    except (ValueError, IndexError, OverflowError) as error:
        told["error"] = type(error).__name__  # "\\UFFFFFFFF", and a text that ends in an escape
    return told


def walk(events, told):
    frames, anchors = [], {}

    def value(text):
        if frames and frames[-1] == "key":
            told["keys"].append(text)
            frames[-1] = "value"
            return
        told["values"].append(text)
        if frames and frames[-1] == "value":
            frames[-1] = "key"

    for event in events:
        if isinstance(event, yaml.DocumentStartEvent):
            anchors = {}
        elif isinstance(event, yaml.DocumentEndEvent):
            told["documents"] += 1
        elif isinstance(event, yaml.AliasEvent):
            if event.anchor not in anchors:
                raise yaml.YAMLError("an alias of nothing")  # the composer's own error
            value(anchors[event.anchor])
        elif isinstance(event, yaml.CollectionEndEvent):
            frames.pop()
            if frames and frames[-1] != "item":
                frames[-1] = "value" if frames[-1] == "key" else "key"
        elif isinstance(event, yaml.NodeEvent):
            if event.tag is not None:
                told["tags"].append(event.tag)
            scalar = isinstance(event, yaml.ScalarEvent)
            if event.anchor is not None:
                anchors[event.anchor] = event.value if scalar else ""
            if scalar:
                value(event.value)
            else:
                frames.append("key" if isinstance(event, yaml.MappingStartEvent) else "item")


sys.setrecursionlimit(5000)
json.dump([read(text) for text in json.load(sys.stdin)], sys.stdout)
