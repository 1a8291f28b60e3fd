"""Signs models with the reference implementation. Reads a list of requests from its input, as JSON; says its release."""
import json
import sys

import model_signing
from model_signing import hashing, signing


def config(request):
    algorithm, shard = request.get("algorithm", "sha256"), request.get("shardSize")
    new = hashing.Config()
    if shard:
        new = new.use_shard_serialization(hashing_algorithm=algorithm, shard_size=shard)
    else:
        new = new.use_file_serialization(hashing_algorithm=algorithm)
    new = new.set_ignored_paths(paths=request.get("ignore", []), ignore_git_paths=request.get("ignoreGit", True))
    return new.set_allow_symlinks(request.get("links", False))


def signer(request):
    # Without the constructor, which asks Sigstore for its roots.
    new = object.__new__(signing.Config)
    new._hashing_config = config(request)
    if "certificate" in request:
        return new.use_certificate_signer(
            private_key=request["key"], signing_certificate=request["certificate"], certificate_chain=request["chain"]
        )
    return new.use_elliptic_key_signer(private_key=request["key"])


for one in json.load(sys.stdin):
    signer(one).sign(one["model"], one["signature"])
print(model_signing.__version__)
