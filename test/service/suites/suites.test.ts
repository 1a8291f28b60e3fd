import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { suiteFile, suiteNames } from '../../../src/service/suites/index.ts';
import { tempFolder } from '../../support/temp.ts';

const folder = tempFolder();
for (const tenant of ['acme', 'other']) mkdirSync(join(folder, tenant));
for (const name of ['digits.yaml', 'shared.yaml', 'acme/digits.yaml', 'acme/own.yaml', 'other/theirs.yaml', 'plain'])
  writeFileSync(join(folder, name), '');

it('lists the suites of all tenants and those of one, each name once', async () => {
  expect(await suiteNames(folder, 'acme')).toEqual(['digits', 'own', 'shared']);
  expect(await suiteNames(folder, 'other')).toEqual(['digits', 'shared', 'theirs']);
  for (const tenant of ['new', 'plain', 'digits.yaml'])
    expect(await suiteNames(folder, tenant)).toEqual(['digits', 'shared']);
  expect(await suiteNames(null, 'acme')).toEqual([]);
});

it("gives a tenant its own suite before that of all tenants, and never another tenant's", async () => {
  expect(await suiteFile(folder, 'acme', 'digits')).toBe(join(folder, 'acme/digits.yaml'));
  expect(await suiteFile(folder, 'other', 'digits')).toBe(join(folder, 'digits.yaml'));
  expect(await suiteFile(folder, 'plain', 'shared')).toBe(join(folder, 'shared.yaml'));
  for (const name of ['theirs', 'other/theirs', '../other/theirs', '.', '']) {
    await expect(suiteFile(folder, 'acme', name)).rejects.toMatchObject({ code: 'no-such-suite' });
  }
});
