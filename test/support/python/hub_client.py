"""Runs commands of the Hub's own clients, each a JSON object on a line of standard input; answers each with a line."""

import json
import os
import subprocess
import sys
import threading

import huggingface_hub
from huggingface_hub import HfApi, HfFileSystem

api = HfApi()


def snapshot(repo, revision=None, **options):
    return huggingface_hub.snapshot_download(repo, revision=revision, **options)


def file(repo, path, revision=None):
    return huggingface_hub.hf_hub_download(repo, path, revision=revision)


def both(repo, revision):
    """Two clients with a cache each, at once."""
    folders = [os.path.join(os.environ["HF_HOME"], name) for name in ("one", "two")]
    found = [None, None]

    def run(index):
        found[index] = huggingface_hub.snapshot_download(repo, revision=revision, cache_dir=folders[index])

    threads = [threading.Thread(target=run, args=(index,)) for index in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found


def look(repo, revision=None):
    """What libraries ask before they download: vLLM lists by the file system, transformers by the API."""
    info = api.model_info(repo, revision=revision, files_metadata=True)
    paths = api.get_paths_info(repo, ["config.json", "a", "nothing"], revision=revision)
    return {
        "sha": info.sha,
        "pipeline_tag": info.pipeline_tag,
        "siblings": [[one.rfilename, one.size, one.lfs.sha256 if one.lfs else None] for one in info.siblings],
        "files": api.list_repo_files(repo, revision=revision),
        "ls": HfFileSystem().ls(repo, detail=False, revision=revision),
        "glob": HfFileSystem().glob(f"{repo}/**/*.txt", revision=revision),
        "read": HfFileSystem().read_text(f"{repo}/config.json", revision=revision),
        "paths": [[one.path, getattr(one, "size", None)] for one in paths],
        "refs": [[one.name, one.target_commit] for one in api.list_repo_refs(repo).branches],
        "exists": [api.file_exists(repo, path, revision=revision) for path in ("config.json", "nothing")],
    }


def config(repo):
    """transformers, as its users write it."""
    from transformers import AutoConfig, AutoTokenizer

    loaded = AutoConfig.from_pretrained(repo)
    words = AutoTokenizer.from_pretrained(repo)
    return [loaded.model_type, loaded.hidden_size, words("hello world")["input_ids"]]


def login():
    """What many scripts begin with."""
    huggingface_hub.login(token=os.environ["HF_TOKEN"])
    return api.whoami()["name"]


def hf(args):
    """The command line: what it prints, and how it ends."""
    program = os.path.join(os.path.dirname(sys.executable), "hf")
    run = subprocess.run([program, *args], capture_output=True, text=True)
    return [run.returncode, run.stdout + run.stderr]


COMMANDS = {each.__name__: each for each in (snapshot, file, both, look, config, login, hf)}

for line in sys.stdin:
    command = json.loads(line)
    try:
        answer = {"answer": COMMANDS[command.pop("do")](**command)}
    except Exception as error:  # what a user would see
        answer = {"error": type(error).__name__, "message": str(error)}
    print(json.dumps(answer), flush=True)
