import { generateKeyPairSync } from 'node:crypto';
import { keySigner } from '../../../dist/src/integrity/sign/key-signer.js';
import { readMultipart } from '../../../dist/src/service/console/multipart.js';
import { openSnapshot, signSnapshot } from '../../../dist/src/snapshot/index.js';
import { snapshotDocument } from '../snapshot-document.mjs';

const part = '--BB\r\nContent-Disposition: form-data; name="a"\r\n\r\nx\r\n';
const form = Buffer.from(`${part.repeat(300_000)}--BB--\r\n`);
const { privateKey, publicKey } = generateKeyPairSync('ed25519');
const now = new Date('2026-11-26T00:00:00Z');
const document = snapshotDocument();
const team = { ...document, entries: document.entries.slice(0, 20_000) };
const snapshot = await signSnapshot(team, keySigner(privateKey));

export const cases = [
  {
    name: 'a form of 300,000 parts is refused',
    limitMs: 1_000,
    run: async () => {
      const code = await readMultipart(form, 'multipart/form-data; boundary=BB').catch((error) => error.code);
      if (code !== 'body-too-large') throw new Error(`it ended as ${code}`);
    },
  },
  {
    name: 'a snapshot of 20,000 entries is opened',
    limitMs: 5_000,
    run: async () => void openSnapshot(snapshot, { trust: publicKey, now }),
  },
];
