import { generateKeyPairSync } from 'node:crypto';
import { cpSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import { runProgram } from '../../../support/run-program.ts';
import { tempFolder } from '../../../support/temp.ts';
import { ROOT, runCli } from '../../run-cli.ts';

const MARK = 'signatures verified: ';

/** Counts the signature verifications of the process, and prints the count at its end. */
const COUNTER = `
import crypto from 'node:crypto';
import { syncBuiltinESMExports } from 'node:module';
let count = 0;
const { verify } = crypto;
crypto.verify = (...args) => { count++; return verify(...args); };
syncBuiltinESMExports();
process.on('exit', () => process.stderr.write(${JSON.stringify(MARK)} + count));
`;

const root = tempFolder();
const model = join(root, 'model');
const changed = join(root, 'changed');
const key = join(root, 'key.pem');
const publicKey = join(root, 'key.pub');
const other = join(root, 'other.pub');

beforeAll(async () => {
  mkdirSync(model);
  writeFileSync(join(model, 'model.pkl'), Buffer.from('\x80\x02]q\x00.', 'latin1'));
  const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  writeFileSync(key, pair.privateKey.export({ type: 'pkcs8', format: 'pem' }));
  writeFileSync(publicKey, pair.publicKey.export({ type: 'spki', format: 'pem' }));
  const stranger = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  writeFileSync(other, stranger.publicKey.export({ type: 'spki', format: 'pem' }));
  expect(await runCli(['sign', model, '--private-key', key])).toMatchObject({ code: 0 });
  cpSync(model, changed, { recursive: true });
  writeFileSync(join(changed, 'model.pkl'), Buffer.from('\x80\x02}q\x00.', 'latin1'));
});

async function counted(...args: string[]): Promise<{ status: number | null; count: number }> {
  const hook = `data:text/javascript,${encodeURIComponent(COUNTER)}`;
  const cli = join(ROOT, 'dist/src/cli/main.js');
  const { status, stderr } = await runProgram(process.execPath, ['--import', hook, cli, ...args], { cwd: root });
  const told = new RegExp(`${MARK}(\\d+)$`).exec(stderr)?.[1];
  if (told === undefined) throw new Error(`nothing was told: ${stderr}`);
  return { status, count: Number(told) };
}

it('assay verify and assay scan verify a signature once', async () => {
  expect(await counted('verify', model, '--public-key', publicKey)).toEqual({ status: 0, count: 1 });
  expect(await counted('scan', model, '--public-key', publicKey)).toEqual({ status: 0, count: 1 });
});

it('assay verify verifies an invalid signature at most once', async () => {
  expect(await counted('verify', changed, '--public-key', publicKey)).toEqual({ status: 1, count: 1 });
  // The key hint already shows that another key signed.
  expect(await counted('verify', changed, '--public-key', other)).toEqual({ status: 1, count: 0 });
});
