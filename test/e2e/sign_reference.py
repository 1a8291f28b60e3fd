"""Signs and verifies with the reference implementation (https://pypi.org/project/model-signing).

Reads a JSON list of jobs from stdin, writes a JSON list of null, or the message of what was refused. A job is
{model, signature, publicKey | certificateChain, hash?, all?, links?} to verify, and {model, signature, privateKey, ignore?,
links?} to sign.
"""

import json
import pathlib
import sys

import model_signing


def hashing_of(job):
    config = model_signing.hashing.Config()
    if "hash" in job:
        config.use_file_serialization(hashing_algorithm=job["hash"])
    config.set_ignored_paths(paths=job.get("ignore", []), ignore_git_paths=not job.get("all", False))
    return config.set_allow_symlinks(job.get("links", False))


def run(job):
    model, signature = pathlib.Path(job["model"]), pathlib.Path(job["signature"])
    if "privateKey" in job:
        config = model_signing.signing.Config().use_elliptic_key_signer(private_key=job["privateKey"])
        config.set_hashing_config(hashing_of(job)).sign(model, signature)
        return
    config = model_signing.verifying.Config()
    if "publicKey" in job:
        config.use_elliptic_key_verifier(public_key=job["publicKey"])
    else:
        config.use_certificate_verifier(certificate_chain=[job["certificateChain"]])
    # What it can read in the signature, it is not told.
    if not {"hash", "all", "links"}.isdisjoint(job):
        config.set_hashing_config(hashing_of(job))
    config.verify(model, signature)


results = []
for job in json.load(sys.stdin):
    try:
        run(job)
        results.append(None)
    except Exception as error:
        results.append(f"{type(error).__name__}: {error}")
json.dump(results, sys.stdout)
