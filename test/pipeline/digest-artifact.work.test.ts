import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { SHA256_PLAN } from '../../src/integrity/hash/plan.ts';
import { digestArtifact } from '../../src/pipeline/digest-artifact.ts';
import { artifactOf, folderFiles } from '../support/artifacts.ts';
import { growth } from '../support/growth.ts';
import { noise, tempFolder } from '../support/temp.ts';

it('the work to hash many small files grows linearly with their number', async () => {
  const folder = tempFolder();
  for (let i = 0; i < 2_000; i++) writeFileSync(join(folder, `f${i}`), noise(100, i));
  const files = folderFiles(folder);
  const grown = await growth(500, async (count) => {
    const digested = await digestArtifact(artifactOf(files.slice(0, count)), [SHA256_PLAN]);
    expect(digested).toHaveLength(count);
  });
  expect(grown).toBeLessThan(5);
});
