// The programs that the bench measures against, and how to get each.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';

const ROOT = new URL('../..', import.meta.url).pathname;
const OWN_PYTHON = join(ROOT, '.venv/bin/python');

export const PYTHON = existsSync(OWN_PYTHON) ? OWN_PYTHON : 'python3';

const works = (command, ...args) => spawnSync(command, args, { stdio: 'ignore' }).status === 0;

/** Each: a name for people, how to get it, and whether this machine has it. Looked up once, when it is asked for. */
export const PARTS = {
  time: { title: 'GNU time', how: 'apt-get install time', find: () => works('/usr/bin/time', '--version') },
  python: { title: 'Python 3', how: 'apt-get install python3', find: () => works(PYTHON, '-c', 'import pickletools') },
  torch: {
    title: 'PyTorch',
    how: 'apt-get install python3-torch',
    find: () => works('/usr/bin/python3', '-c', 'import torch'),
  },
  sha256sum: { title: 'sha256sum', how: 'apt-get install coreutils', find: () => works('sha256sum', '--version') },
  openssl: { title: 'openssl', how: 'apt-get install openssl', find: () => works('openssl', 'version') },
  onnxruntime: {
    title: 'onnxruntime-node',
    how: 'npm ci, on Linux, macOS or Windows',
    find: () => existsSync(join(ROOT, 'node_modules/onnxruntime-node/bin/napi-v6', process.platform, process.arch)),
  },
  sklearn: {
    title: 'scikit-learn',
    how: 'python3 -m venv .venv && .venv/bin/pip install -r fixtures/python/requirements-ci.txt',
    find: () => works(PYTHON, '-c', 'import sklearn, joblib'),
  },
  skl2onnx: {
    title: 'skl2onnx',
    how: 'python3 -m venv .venv && .venv/bin/pip install skl2onnx==1.20.0',
    find: () => works(PYTHON, '-c', 'import skl2onnx'),
  },
  modelSigning: {
    title: 'model_signing',
    how: 'python3 -m venv .venv && .venv/bin/pip install model-signing==1.1.1',
    find: () => works(PYTHON, '-c', 'import model_signing'),
  },
};

const found = new Map();

/** @param {keyof typeof PARTS} name */
export function hasPart(name) {
  if (!found.has(name)) found.set(name, PARTS[name].find());
  return found.get(name);
}
