// Signing and verifying a folder of 2 GiB in 400 files, beside sha256sum and the reference implementation.

import { spawnSync } from 'node:child_process';
import { createPublicKey, randomFillSync } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { claim, measure } from './measure.mjs';

const FILES = 400;
const FILE_BYTES = 5_368_709;
const RSS_LIMIT = 200;

/** @param {{ data: string, dist: string, python: string }} where a folder to work in, the built program, and its Python */
export async function benchSignatures({ data, dist, python }) {
  const main = join(dist, 'cli/main.js');
  const folder = makeFolder(data);
  const { key, publicKey } = makeKey(data);
  const paths = readdirSync(folder).map((name) => join(folder, name));
  const model = (...args) => [python, ['-m', 'model_signing', ...args]];
  const ours = join(data, 'ours.sig');
  const theirs = join(data, 'theirs.sig');

  const sum = measure('sha256sum', paths, { runs: 3 });
  const signing = {
    assay: measure(process.execPath, [main, 'sign', folder, '--private-key', key, '--signature', ours], {
      runs: 3,
    }),
    model_signing: measure(...model('sign', 'key', '--private_key', key, '--signature', theirs, folder), { runs: 1 }),
  };
  const verifying = {
    assay: measure(process.execPath, [main, 'verify', folder, '--public-key', publicKey, '--signature', theirs], {
      runs: 3,
    }),
    model_signing: measure(...model('verify', 'key', '--public_key', publicKey, '--signature', ours, folder), {
      runs: 1,
    }),
  };
  for (const [what, run] of Object.entries({ signing, verifying })) {
    const detail = `(assay ${ms(run.assay)}, sha256sum ${ms(sum)}, model_signing ${ms(run.model_signing)})`;
    claim(
      `${what} 2 GiB in 400 files, of the time of sha256sum`,
      run.assay.wallMs / sum.wallMs,
      { atMost: 1.1 },
      detail,
    );
    claim(`${what}, times as fast as model_signing`, run.model_signing.wallMs / run.assay.wallMs, { atLeast: 1 }, '');
    claim(
      `${what}, MiB`,
      run.assay.rssMiB,
      { atMost: RSS_LIMIT },
      `(model_signing ${run.model_signing.rssMiB.toFixed(0)})`,
    );
  }
  claim('P-256 verification of a loaded bundle, ms', await verifyLoaded(dist, ours, publicKey), { atMost: 1 }, '');
}

function ms(run) {
  return `${run.wallMs.toFixed(0)} ms`;
}

function makeFolder(data) {
  const folder = join(data, 'folder');
  if (existsSync(folder)) return folder;
  mkdirSync(folder);
  const bytes = Buffer.alloc(FILE_BYTES);
  for (let i = 0; i < FILES; i++)
    writeFileSync(join(folder, `part-${String(i).padStart(3, '0')}.bin`), randomFillSync(bytes));
  return folder;
}

function makeKey(data) {
  const key = join(data, 'key.pem');
  const publicKey = join(data, 'key.pub');
  spawnSync('openssl', ['ecparam', '-name', 'prime256v1', '-genkey', '-noout', '-out', key]);
  spawnSync('openssl', ['ec', '-in', key, '-pubout', '-out', publicKey]);
  return { key, publicKey };
}

/** Milliseconds each, over many: the signature and the manifest of 400 files. */
async function verifyLoaded(dist, path, publicKey) {
  const { readBundle } = await import(join(dist, 'integrity/bundle.js'));
  const { verifyBundle } = await import(join(dist, 'integrity/oms/verify.js'));
  const bundle = readBundle(readFileSync(path), path);
  const trust = { kind: 'key', key: createPublicKey(readFileSync(publicKey)) };
  const runs = 300;
  for (let i = 0; i < 30; i++) await verifyBundle(bundle, trust);
  const started = performance.now();
  for (let i = 0; i < runs; i++) await verifyBundle(bundle, trust);
  return (performance.now() - started) / runs;
}
