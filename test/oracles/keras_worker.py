"""Loads models with Keras, each in a process of its own that begins as a copy of this one, and writes down what loading does
beyond computing: files outside of the model, connections, programs, byte code, modules that are not of Keras.

Reads frames (a length in four bytes, then the bytes): the name of a file, then its content. Answers with a line of JSON for each.
"""
import json
import os
import signal
import struct
import sys

os.environ['TF_CPP_MIN_LOG_LEVEL'] = '3'
os.environ['CUDA_VISIBLE_DEVICES'] = ''
os.environ['KERAS_BACKEND'] = 'tensorflow'
SECONDS = 60
MAX_EVENTS = 50
FOLDER = '/tmp/model'

out = os.fdopen(os.dup(1), 'w')
os.dup2(2, 1)

import h5py
import keras
import tensorflow as tf

#: What loading of a harmless model needs: packages, devices and the folder of the model. None of it is chosen by the model.
OWN = (sys.prefix, sys.base_prefix, '/usr', '/lib', '/proc/self', '/proc/cpuinfo', '/proc/meminfo', '/dev/null', '/dev/urandom', '/sys', '/tmp/')
ACTS = ('socket.', 'subprocess.', 'os.system', 'os.exec', 'os.posix_spawn', 'os.fork', 'os.spawn', 'pty.', 'ctypes.', 'marshal.loads',
        'pickle.find_class', 'code.__new__', 'webbrowser.', 'shutil.', 'os.remove', 'os.rename', 'urllib.')

events = None


def note(kind, detail=''):
    if events is not None and len(events) < MAX_EVENTS:
        events.append([kind, str(detail)[:200]])


def hook(name, args):
    if events is None:
        return
    if name == 'open':
        path = args[0] if args else ''
        path = path.decode('utf-8', 'replace') if isinstance(path, bytes) else path
        if isinstance(path, str) and not os.path.abspath(path).startswith(OWN):
            note('open', path)
    elif name == 'marshal.loads' and sys._getframe(1).f_code.co_filename.startswith('<frozen importlib'):
        return  # The byte code of a module that is installed.
    elif name.startswith(ACTS):
        # What this process itself did to be here, and what removes a folder of weights, is not of the model.
        if not (name.startswith(('shutil.', 'os.remove')) and args and str(args[0]).startswith('/tmp/')):
            note(name, args[:1])
        if name.startswith(('socket.', 'subprocess.', 'os.')) and not name.startswith('os.remove'):
            raise PermissionError(name)


def watched(kind, function):
    def call(path, *args, **more):
        if not os.path.abspath(os.fspath(path) if isinstance(path, (str, bytes, os.PathLike)) else '').startswith('/tmp/'):
            note(kind, path)
        return function(path, *args, **more)
    return call


for name in ('exists', 'isdir', 'listdir', 'glob', 'stat', 'copy'):
    setattr(tf.io.gfile, name, watched('gfile.' + name, getattr(tf.io.gfile, name)))
tf.saved_model.load = watched('saved_model.load', tf.saved_model.load)
keras.utils.get_file.__globals__['urlretrieve'] = watched('urlretrieve', lambda *_: None)
sys.addaudithook(hook)


def load(path, safe):
    global events
    events = []
    try:
        keras.saving.load_model(path, safe_mode=safe, compile=True)
        end = 'loaded'
    except BaseException as error:
        end = f'{type(error).__name__}: {str(error)[:200]}'
    found, events = events, None
    return {'end': end, 'events': found}


def in_child(path, safe):
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reader)
        signal.alarm(SECONDS)
        answer = json.dumps(load(path, safe)).encode()
        os.write(writer, answer[:60_000])
        os._exit(0)
    os.close(writer)
    parts = []
    while part := os.read(reader, 65536):
        parts.append(part)
    os.close(reader)
    _, status = os.waitpid(child, 0)
    return json.loads(b''.join(parts)) if status == 0 else {'end': f'ended with {status}', 'events': [['died', status]]}


def frame():
    head = sys.stdin.buffer.read(4)
    return sys.stdin.buffer.read(struct.unpack('<I', head)[0]) if len(head) == 4 else None


os.makedirs(FOLDER, exist_ok=True)
print(json.dumps({'keras': keras.__version__}), file=out, flush=True)
while (name := frame()) is not None:
    path = f'{FOLDER}/{name.decode()}'
    with open(path, 'wb') as file:
        file.write(frame())
    print(json.dumps({'safe': in_child(path, True), 'unsafe': in_child(path, False)}), file=out, flush=True)
    os.remove(path)
