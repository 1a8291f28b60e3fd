// Signing and verifying a folder of 2 GiB in 400 files, beside sha256sum and the reference implementation.

import { spawnSync } from 'node:child_process';
import { createPublicKey, randomFillSync } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { claim, leaveOut, measure } from './measure.mjs';
import { hasPart, PARTS } from './parts.mjs';

const FILES = 400;
const FILE_BYTES = 5_368_709;
const RSS_LIMIT = 200;

/** @param {{ data: string, dist: string, python: string }} where a folder to work in, the built program, and its Python */
export async function benchSignatures({ data, dist, python }) {
  const main = join(dist, 'cli/main.js');
  const folder = makeFolder(data);
  const { key, publicKey } = makeKey(data);
  const paths = readdirSync(folder).map((name) => join(folder, name));
  const ours = join(data, 'ours.sig');
  const assay = (...args) => measure(process.execPath, [main, ...args], { runs: 3 });
  const reference = (...args) => measure(python, ['-m', 'model_signing', ...args], { runs: 1 });

  const sum = measure('sha256sum', paths, { runs: 3 });
  const sign = assay('sign', folder, '--private-key', key, '--signature', ours);
  const hasReference = hasPart('modelSigning');
  const theirs = hasReference ? join(data, 'theirs.sig') : ours;
  const signed = hasReference
    ? reference('sign', 'key', '--private_key', key, '--signature', theirs, folder)
    : undefined;
  tell('signing', { assay: sign, sum, reference: signed });
  const verify = assay('verify', folder, '--public-key', publicKey, '--signature', theirs);
  const verified = hasReference
    ? reference('verify', 'key', '--public_key', publicKey, '--signature', ours, folder)
    : undefined;
  tell('verifying', { assay: verify, sum, reference: verified });
  claim('P-256 verification of a loaded bundle, ms', await verifyLoaded(dist, ours, publicKey), { atMost: 1 }, '');
}

function tell(what, { assay, sum, reference }) {
  const ratio = assay.wallMs / sum.wallMs;
  const detail = `(assay ${ms(assay)}, sha256sum ${ms(sum)})`;
  claim(`${what} 2 GiB in 400 files, of the time of sha256sum`, ratio, { atMost: 1.1 }, detail);
  const line = `${what}, times as fast as model_signing`;
  if (reference === undefined) leaveOut(line, PARTS.modelSigning.title, PARTS.modelSigning.how);
  else {
    const beside = `(model_signing ${ms(reference)}, ${reference.rssMiB.toFixed(0)} MiB)`;
    claim(line, reference.wallMs / assay.wallMs, { atLeast: 1 }, beside);
  }
  claim(`${what}, MiB`, assay.rssMiB, { atMost: RSS_LIMIT }, '');
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
