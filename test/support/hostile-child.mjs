// Stands where the sandbox's own child would: does what its request names, without mercy.
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { Worker } from 'node:worker_threads';
import { Channel } from '../../dist/src/sandbox/channel.js';
import { FRAME } from '../../dist/src/sandbox/frames.js';

const channel = new Channel();
channel.json(FRAME.hello, { bounds: process.argv.at(-1) === 'ulimit' ? 'ulimit+watchdog' : 'watchdog' });
const { args } = channel.request();

const tried = (act) => {
  try {
    act();
    return 'done';
  } catch (error) {
    return error.code ?? error.name;
  }
};

const acts = {
  hog: () => {
    const held = [];
    for (;;) held.push(Buffer.alloc(8 * 1024 * 1024, 1));
  },
  spin: () => {
    for (;;);
  },
  sleep: () => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0),
  flood: () => {
    for (;;) channel.write(Buffer.alloc(65536));
  },
  die: () => process.exit(3),
  babble: () => channel.send(99, Buffer.alloc(10)),
  greed: () => {
    const ask = Buffer.alloc(12);
    ask.writeDoubleLE(0, 0);
    ask.writeUInt32LE(2 ** 31, 8);
    channel.send(FRAME.read, ask);
    for (;;);
  },
  trespass: () => {
    channel.message({
      environment: Object.keys(process.env),
      write: tried(() => writeFileSync('/tmp/assay-trespass', 'x')),
      read: tried(() => readFileSync('/etc/passwd')),
      spawn: tried(() => {
        const { error } = spawnSync('/bin/true');
        if (error) throw error;
      }),
      worker: tried(() => new Worker('0', { eval: true })),
    });
    channel.send(FRAME.done, new Uint8Array(0));
  },
  echo: () => {
    for (let at = 0; at < channel.inputSize; ) {
      const bytes = channel.read(at, 1_000_000);
      channel.write(bytes);
      at += bytes.length;
    }
    channel.send(FRAME.done, new Uint8Array(0));
  },
};
acts[args.act]();
