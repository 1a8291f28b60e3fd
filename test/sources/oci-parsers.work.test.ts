import { expect, it } from 'vitest';
import { parseChallenge } from '../../src/oci/challenge.ts';
import { parseManifest } from '../../src/oci/manifest.ts';
import { filesOf } from '../../src/sources/oci/layers.ts';
import { growth } from '../support/growth.ts';

it.each(['a', 'a ', 'a=', 'a="\\"",', ', ', 'Bearer realm=x,', 'é', '"', '\\'])(
  'the work to parse a challenge of %j grows linearly with its length',
  async (unit) => {
    const grown = await growth(1_000, (length) => parseChallenge(unit.repeat(length / 4)));
    expect(grown).toBeLessThan(5);
  },
);

it.each([
  ['many layers with one long name', (_: number) => `${'a.'.repeat(500)}b`],
  ['many layers with different names', (i: number) => `${'a.'.repeat(500)}${i}`],
])('the work for %s grows linearly with their number', async (_, title) => {
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
