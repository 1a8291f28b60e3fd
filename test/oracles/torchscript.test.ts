import { readdirSync, readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { requirePart } from '../support/parts.ts';
import { scanPickleBytes } from '../support/scan-pickle-bytes.ts';
import { SEED } from '../support/seed.ts';
import { canJail, findTorch } from './jail.ts';
import { composedScripts, holdAgainstTorch } from './torch-compositions.ts';
import { HARMLESS, runScripts, scriptCases } from './torch-scripts.ts';

const FIXTURES = new URL('../../fixtures/torchscript/', import.meta.url);
/** More of them run in test/full. */
const COMPOSED = 40;
const torch = findTorch();

requirePart(
  'jail and PyTorch',
  canJail() && torch !== undefined,
  'apt-get install bubblewrap python3-torch',
  'soundness: what TorchScript does beyond computing is not clean',
  () => {
    it('holds for relatives of a model that writes a file', { timeout: 600_000 }, async () => {
      const cases = await scriptCases();
      const runs = runScripts(torch ?? { program: '' }, cases);
      for (const [i, { title, name, bytes, acts }] of cases.entries()) {
        const run = runs[i] ?? { end: '', made: [] };
        expect([title, run.made.length > 0, acts ? run.end : ''], run.end).toEqual([title, acts, acts ? 'ran' : '']);
        const { verdict } = await scanPickleBytes(Buffer.from(bytes), name);
        if (acts) expect([title, verdict]).toEqual([title, 'malicious']);
        else expect([title, verdict === 'clean']).toEqual([title, HARMLESS.has(title)]);
      }
    });

    it(`holds for ${COMPOSED} compositions (seed ${SEED})`, { timeout: 600_000 }, async () => {
      const found = await holdAgainstTorch(torch ?? { program: '' }, await composedScripts(SEED, COMPOSED));
      expect(found.acted).toBeGreaterThan(0);
    });

    it('holds models that compute to be clean, and they run', { timeout: 600_000 }, async () => {
      const names = readdirSync(FIXTURES).filter((name) => name.startsWith('ok-'));
      const models = names.map((name) => ({ title: name, name, bytes: readFileSync(new URL(name, FIXTURES)) }));
      const runs = runScripts(torch ?? { program: '' }, models);
      expect(runs.map(({ end, made }, i) => [names[i], end, made])).toEqual(names.map((name) => [name, 'ran', []]));
      for (const { name, bytes } of models)
        expect([name, (await scanPickleBytes(bytes, name)).verdict]).toEqual([name, 'clean']);
    });
  },
);
