import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { listedGlobal, listedGlobals } from '../../../src/scan/lists/allowlists.ts';
import { tempFolder } from '../../support/temp.ts';

const ROOT = new URL('../../../', import.meta.url);

it('the packages of the lists match their names; otherwise run node scripts/list-packages.mjs', () => {
  const written = join(tempFolder(), 'packages.json');
  execFileSync(process.execPath, [new URL('scripts/list-packages.mjs', ROOT).pathname, written]);
  expect(readFileSync(new URL('src/scan/pickle/list-packages.json', ROOT), 'utf8')).toBe(readFileSync(written, 'utf8'));
});

it('an entry is the same when its package or all lists are read', () => {
  for (const entry of listedGlobals().values())
    if (JSON.stringify(shown(listedGlobal(entry.module, entry.name))) !== JSON.stringify(shown(entry)))
      expect(listedGlobal(entry.module, entry.name)).toEqual(entry);
  expect(listedGlobals().size).toBeGreaterThan(9_000);
});

it.each(['', 'constructor', '__proto__', 'torch.', 'os'])('nothing is listed of the module %j', (module) => {
  expect(listedGlobal(module, 'x')).toBeUndefined();
});

/** Compares sets by their size, which suffices where both objects have the same origin. */
function shown(value: unknown): unknown {
  return JSON.stringify(value, (_, one) => (one instanceof Set || one instanceof Map ? [...one.keys()].sort() : one));
}
