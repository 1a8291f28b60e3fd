"""Composes SavedModels, and loads and calls them, each in a process of its own, telling what files they open.

Reads requests from standard input, one JSON object a line: {"compose": seed} answers with the files of a model that was made from the
seed, {"load": {path: base64}} with what happened: {"events": [...], "end": "..."}. Runs in a jail, with TensorFlow.
"""

import base64
import ctypes
import json
import os
import random
import shutil
import struct
import sys

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["CUDA_VISIBLE_DEVICES"] = ""

import tensorflow as tf  # noqa: E402

raw = tf.raw_ops
WORK = "/tmp/work"
CANARY = "/tmp/canary"
SECRET = CANARY + "/secret"
HERE = "/tmp/here"
MODEL = WORK + "/model"
VOCABULARY = "/tmp/vocabulary.txt"
LIBC = ctypes.CDLL(None, use_errno=True)
ACCESS, MODIFY, OPEN, CREATE = 0x1, 0x2, 0x20, 0x100
NONBLOCK = 0o4000
SECONDS = 60


class Watch:
    """What is opened in folders (inotify): in those of the model, only what is written."""

    def __init__(self):
        self.descriptor = LIBC.inotify_init1(NONBLOCK)
        self.folders = {}
        for folder in (CANARY, HERE):
            self.add(folder, OPEN | ACCESS | MODIFY | CREATE)
        for folder, _, _ in os.walk(MODEL):
            self.add(folder, MODIFY | CREATE)

    def add(self, folder, mask):
        number = LIBC.inotify_add_watch(self.descriptor, folder.encode(), mask)
        assert number >= 0, folder
        self.folders[number] = folder

    def events(self):
        found = set()
        while True:
            try:
                data = os.read(self.descriptor, 1 << 16)
            except BlockingIOError:
                return sorted(found)
            at = 0
            while at < len(data):
                number, mask, _, length = struct.unpack_from("iIII", data, at)
                name = data[at + 16 : at + 16 + length].rstrip(b"\0").decode()
                at += 16 + length
                if name or mask & (MODIFY | CREATE):
                    found.add(f"{self.folders[number]}/{name}")


def path_of(rng, target):
    """A path, in one of the ways that a graph can hold it."""
    way = rng.randrange(7)
    if way == 0:
        return tf.strings.join([target[:8], tf.identity(target[8:])])
    if way == 1:
        return tf.where(tf.constant(True), target, "model")
    if way == 2:
        return tf.reshape(tf.stack([target, target])[0:1], [])
    if way == 3:
        return tf.io.decode_base64(base64.urlsafe_b64encode(target.encode()).decode().rstrip("="))
    if way == 4:
        return tf.function(lambda: tf.identity(target))()
    if way == 5:
        return tf.strings.regex_replace(target + "#", "#", "")
    return tf.constant(target)


def effects(rng):
    """Operators that reach files, with a path of the canary."""
    out = f"{CANARY}/out{rng.randrange(10)}"
    path, place = path_of(rng, SECRET), path_of(rng, out)
    element = lambda dataset: tf.strings.length(next(iter([tf.data.experimental.get_single_element(dataset.take(1))])))  # noqa: E731
    return {
        "read": lambda: tf.strings.length(tf.io.read_file(path)),
        "write": lambda: [tf.io.write_file(place, "x"), 1][1],
        "list": lambda: tf.size(tf.io.matching_files(path_of(rng, CANARY + "/*"))),
        "print": lambda: [tf.print("x", output_stream="file://" + out), 1][1],
        "save": lambda: [raw.SaveV2(prefix=place, tensor_names=["a"], shape_and_slices=[""], tensors=[tf.ones([2])]), 1][1],
        "restore": lambda: raw.RestoreV2(prefix=path, tensor_names=["a"], shape_and_slices=[""], dtypes=[tf.float32])[0],
        "merge": lambda: [raw.MergeV2Checkpoints(checkpoint_prefixes=[place], destination_prefix=place), 1][1],
        "lines": lambda: element(tf.data.TextLineDataset(path)),
        "records": lambda: element(tf.data.TFRecordDataset(path)),
        "fixed": lambda: element(tf.data.FixedLengthRecordDataset(path, 1)),
        "remap": lambda: raw.GenerateVocabRemapping(
            new_vocab_file=path, old_vocab_file=path, new_vocab_offset=0, num_new_vocab=1, old_vocab_size=-1
        )[1],
        "sampler": lambda: tf.size(
            raw.FixedUnigramCandidateSampler(
                true_classes=tf.zeros([1, 1], tf.int64), num_true=1, num_sampled=1, unique=False, range_max=2, vocab_file=SECRET
            )[0]
        ),
        "debug": lambda: [raw.DebugIdentityV2(input=1.0, debug_urls=["file://" + out]), 1][1],
        "summary": lambda: [
            raw.CreateSummaryFileWriter(
                writer=raw.SummaryWriter(), logdir=place, max_queue=1, flush_millis=1, filename_suffix=".x"
            ),
            1,
        ][1],
        "none": lambda: tf.strings.length(path),
        "words": lambda: tf.strings.length(tf.strings.lower(place)),
    }


def placed(rng, effect):
    """The effect in one of the places where a graph can hold it."""
    number = lambda: tf.reshape(tf.cast(effect(), tf.float32), [-1])[0]  # noqa: E731
    way = rng.randrange(6)
    if way == 0:
        return lambda x: x + number()
    if way == 1:
        inner = tf.function(lambda: number())
        return lambda x: x + inner()
    if way == 2:
        return lambda x: x + tf.cond(tf.constant(True) | (tf.reduce_sum(x) > 0), number, lambda: 0.0)
    if way == 3:
        return lambda x: x + tf.while_loop(lambda i, a: i < 1, lambda i, a: (i + 1, a + number()), (0, 0.0))[1]
    if way == 4:
        return lambda x: x + tf.map_fn(lambda one: one + number(), tf.zeros([1]))

    def depending(x):
        with tf.control_dependencies([number()]):
            return tf.identity(x)

    return depending


def compose(seed):
    rng = random.Random(seed)
    shutil.rmtree(MODEL, ignore_errors=True)

    class Model(tf.Module):
        def __init__(self):
            self.weight = tf.Variable([1.0, 2.0])
            if rng.random() < 0.5:
                lines = tf.lookup.TextFileIndex
                self.table = tf.lookup.StaticVocabularyTable(
                    tf.lookup.TextFileInitializer(VOCABULARY, tf.string, lines.WHOLE_LINE, tf.int64, lines.LINE_NUMBER), 1
                )

        @tf.function(input_signature=[tf.TensorSpec([2], tf.float32)])
        def call(self, x):
            given = effects(rng)
            harmless = ["none", "words"]
            name = rng.choice(harmless if seed % 2 == 0 else sorted(set(given) - set(harmless)))
            return {"y": placed(rng, given[name])(x) * self.weight[0]}

    model = Model()
    tf.saved_model.save(model, MODEL, signatures=model.call)
    return {"files": files_of(MODEL)}


def files_of(folder):
    found = {}
    for parent, _, names in os.walk(folder):
        for name in names:
            path = os.path.join(parent, name)
            with open(path, "rb") as file:
                found[os.path.relpath(path, folder)] = base64.b64encode(file.read()).decode()
    return found


def load(files):
    for folder in (MODEL, HERE):
        shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(HERE)
    for name, content in files.items():
        path = os.path.join(MODEL, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as file:
            file.write(base64.b64decode(content))
    os.chdir(HERE)
    watch = Watch()
    # Those that the program talks through to the tests.
    before = sockets()
    ends = []
    for loader in (load_2, load_1):
        try:
            ends.append(loader())
        except Exception as error:  # noqa: BLE001
            ends.append(type(error).__name__)
    children = open(f"/proc/self/task/{os.getpid()}/children").read().split()
    events = watch.events() + [f"child {one}" for one in children]
    return {"events": events + sorted(sockets() - before), "end": " ".join(ends)}


def sockets():
    found = set()
    for number in os.listdir("/proc/self/fd"):
        try:
            found.add(os.readlink(f"/proc/self/fd/{number}"))
        except FileNotFoundError:
            continue
    return {one for one in found if one.startswith("socket:")}


def zeros(spec):
    shape = [1 if size is None else size for size in spec.shape.as_list()] if spec.shape.rank is not None else []
    # Texts are a path, which a model that only computes does not open.
    return tf.fill(shape, SECRET) if spec.dtype == tf.string else tf.zeros(shape, spec.dtype)


def load_2():
    loaded = tf.saved_model.load(MODEL)
    for signature in loaded.signatures.values():
        signature(**{name: zeros(spec) for name, spec in signature.structured_input_signature[1].items()})
    return "called"


def load_1():
    v1 = tf.compat.v1
    with tf.Graph().as_default(), v1.Session() as session:
        meta = v1.saved_model.load(session, ["serve"], MODEL)
        for signature in meta.signature_def.values():
            if not signature.outputs:
                continue
            feeds = {info.name: session.graph.get_tensor_by_name(info.name) for info in signature.inputs.values()}
            given = {name: [0.0] * 2 if tensor.dtype != tf.string else SECRET for name, tensor in feeds.items()}
            names = [info.name for info in signature.outputs.values()]
            session.run([name if ":" in name else session.graph.get_operation_by_name(name) for name in names], given)
    return "ran"


def apart(work):
    """Does the work in a process of its own, which ends with it."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reader)
        import signal

        signal.alarm(SECONDS)
        os.makedirs(CANARY, exist_ok=True)
        with open(SECRET, "w") as file:
            file.write("a 1\nb 2\n")
        try:
            answer = work()
        except BaseException as error:  # noqa: BLE001
            answer = {"error": f"{type(error).__name__}: {error}"}
        with os.fdopen(writer, "w") as file:
            json.dump(answer, file)
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader) as file:
        text = file.read()
    _, status = os.waitpid(child, 0)
    return json.loads(text) if text else {"events": [f"ended with {status}"], "end": "died", "died": True}


if __name__ == "__main__":
    answers = os.dup(1)
    os.dup2(2, 1)
    with open(VOCABULARY, "w") as file:
        file.write("a\nb\n")
    for line in sys.stdin:
        request = json.loads(line)
        answer = apart(lambda: compose(request["compose"]) if "compose" in request else load(request["load"]))
        os.write(answers, (json.dumps(answer) + "\n").encode())
