"""Pushes files with the `oras` of PyPI: oras_push.py HOST/REPO:TAG FOLDER NAME..."""

import os
import sys

import oras.client

target, folder, names = sys.argv[1], sys.argv[2], sys.argv[3:]
os.chdir(folder)
client = oras.client.OrasClient(hostname=target.split("/")[0], insecure=True)
response = client.push(target=target, files=names)
print(response.headers["Docker-Content-Digest"])
