import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { SCANNERS } from '../../../src/scan/scanners.ts';
import { scanBytes } from '../../support/scan-bytes.ts';

const ROOT = 'fixtures/convert/torchscript';
const files = readdirSync(ROOT).flatMap((version) =>
  readdirSync(join(ROOT, version)).map((name) => join(ROOT, version, name)),
);

test.each(files.filter((name) => name.endsWith('.pt')))('%s is clean, so that it is converted', async (path) => {
  const { verdict } = await scanBytes(readFileSync(path), path, SCANNERS);
  expect(verdict).toBe('clean');
});
