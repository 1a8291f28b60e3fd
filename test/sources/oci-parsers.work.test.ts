import { expect, it } from 'vitest';
import { parseChallenge } from '../../src/oci/challenge.ts';
import { parseManifest } from '../../src/oci/manifest.ts';
import { filesOf } from '../../src/sources/oci/layers.ts';
import { growth } from '../support/growth.ts';

it.each(['a', 'a ', 'a=', 'a="\\"",', ', ', 'Bearer realm=x,', 'é', '"', '\\'])(
  'a challenge of %j costs as much as it is long',
  async (unit) => {
    const grown = await growth(1_000, (length) => parseChallenge(unit.repeat(length / 4)));
    expect(grown).toBeLessThan(5);
  },
);

it.each([
  ['many layers of one long name', (_: number) => `${'a.'.repeat(500)}b`],
  ['many layers of names of their own', (i: number) => `${'a.'.repeat(500)}${i}`],
])('%s cost as much as there are layers', async (_, title) => {
  const grown = await growth(200, (count) => {
    const layers = Array.from({ length: count }, (_, i) => ({
      mediaType: 'x',
      digest: `sha256:${String(i).padStart(64, '0')}`,
      size: 1,
      annotations: { 'org.opencontainers.image.title': title(i) },
    }));
    const bytes = Buffer.from(JSON.stringify({ schemaVersion: 2, config: layers[0], layers }));
    const parsed = parseManifest({ bytes, digest: 'sha256:x', contentType: '' }, 'test');
    if (parsed.kind !== 'manifest') throw new Error('it is not a manifest');
    expect(filesOf(parsed.config, parsed.layers)).toHaveLength(count + 1);
  });
  expect(grown).toBeLessThan(5);
});
