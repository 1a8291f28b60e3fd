"""The peer: CPython's pickletools.genops over every file given."""

import os
import pickletools
import sys

count = 0
for target in sys.argv[1:]:
    paths = [os.path.join(target, name) for name in os.listdir(target)] if os.path.isdir(target) else [target]
    for path in paths:
        with open(path, "rb") as file:
            for _ in pickletools.genops(file.read()):
                count += 1
print(count)
