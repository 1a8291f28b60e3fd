// Scans of models of Keras beside sha256sum: their weights are hashed, and never decoded.
import { closeSync, openSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { claim, measure } from './measure.mjs';

const RSS_LIMIT = 200;
const WEIGHTS = 512 * 1024 * 1024;
const LAYERS = 20_000;

/** @param {{ data: string, dist: string }} where the made files are, and the built program */
export function benchKeras({ data, dist }) {
  const scan = (path) => [
    process.execPath,
    [join(dist, 'cli/main.js'), 'scan', path, '--format', 'json', '--policy', 'research'],
  ];
  const clean = (run) => {
    const { files } = JSON.parse(run.stdout);
    if (files[0].verdict !== 'clean') throw new Error(`wrong report: ${JSON.stringify(files[0])}`);
    return run;
  };
  const weights = join(data, 'model.weights.h5');
  makeWeights(weights);
  const sum = measure('sha256sum', [weights], { runs: 3 });
  const scanned = clean(measure(...scan(weights), { runs: 3 }));
  const speed = (ms) => `${(WEIGHTS / 1e6 / (ms / 1000)).toFixed(0)} MB/s`;
  claim(
    '512 MiB of HDF5 weights, of the time of sha256sum',
    scanned.wallMs / sum.wallMs,
    { atMost: 1.5 },
    `(sha256sum ${speed(sum.wallMs)}, scan ${speed(scanned.wallMs)} with the same digest)`,
  );
  claim('512 MiB of HDF5 weights, MiB', scanned.rssMiB, { atMost: RSS_LIMIT }, '');

  const config = join(data, 'model.json');
  writeFileSync(config, configuration());
  const judged = clean(measure(...scan(config), { runs: 3 }));
  claim(`a configuration of ${LAYERS} layers, ms of CPU`, judged.cpuMs, { atMost: 3000 }, '');
}

function configuration() {
  const zeros = { module: 'keras.initializers', class_name: 'Zeros', config: {}, registered_name: null };
  const layers = Array.from({ length: LAYERS }, (_, i) => ({
    module: 'keras.layers',
    class_name: 'Dense',
    config: {
      name: `dense_${i}`,
      trainable: true,
      dtype: 'float32',
      units: 8,
      activation: 'relu',
      bias_initializer: zeros,
    },
    registered_name: null,
  }));
  return JSON.stringify({
    module: 'keras',
    class_name: 'Sequential',
    config: { name: 's', layers },
    registered_name: null,
  });
}

/** A file of version 0 whose root is one dataset of float32. */
function makeWeights(path) {
  const number = (value) => {
    const bytes = Buffer.alloc(8);
    bytes.writeBigUInt64LE(BigInt(value));
    return bytes;
  };
  const header = 4096;
  const space = Buffer.concat([Buffer.from([1, 1, 0, 0, 0, 0, 0, 0]), number(WEIGHTS / 4)]);
  const float = Buffer.from([0x11, 0x20, 31, 0, 4, 0, 0, 0, 0, 0, 32, 0, 23, 8, 0, 23, 127, 0, 0, 0, 0, 0, 0, 0]);
  const layout = Buffer.concat([Buffer.from([3, 1]), number(header), number(WEIGHTS), Buffer.alloc(6)]);
  const messages = [
    [1, space],
    [3, float],
    [8, layout],
  ].map(([type, body]) => Buffer.concat([Buffer.from([type, 0, body.length, 0, 0, 0, 0, 0]), body]));
  const all = Buffer.concat(messages);
  const none = Buffer.alloc(8, 0xff);
  const signature = [0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 0, 0, 8, 8, 0, 4, 0, 16, 0, 0, 0, 0, 0];
  const superblock = [
    Buffer.from(signature),
    number(0),
    none,
    number(header + WEIGHTS),
    none,
    number(0),
    number(96),
    Buffer.alloc(24),
  ];
  const prefix = Buffer.from([1, 0, 3, 0, 1, 0, 0, 0, all.length, 0, 0, 0, 0, 0, 0, 0]);
  const head = Buffer.concat([...superblock, prefix, all]);
  const file = openSync(path, 'w');
  writeSync(file, Buffer.concat([head, Buffer.alloc(header - head.length)]));
  const block = Buffer.alloc(1024 * 1024, 0x3e);
  for (let written = 0; written < WEIGHTS; written += block.length) writeSync(file, block);
  closeSync(file);
}
