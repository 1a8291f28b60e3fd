import { expect, it } from 'vitest';
import { MAX_YAML_BYTES } from '../../../src/integrity/manifests/bounded-yaml.ts';
import { readChecksums } from '../../../src/integrity/manifests/checksums.ts';
import { readDvcFile } from '../../../src/integrity/manifests/dvc.ts';
import { growth } from '../../support/growth.ts';

const HEX = 'a'.repeat(64);

it('a manifest of checksums costs as much as it is long', async () => {
  const grown = await growth(5_000, (count) => {
    const lines = Array.from({ length: count }, (_, i) => `${HEX}  folder/file-${i}\n`);
    expect(readChecksums(Buffer.from(lines.join('')), 'x.sha256', 'sha256')).toHaveLength(count);
  });
  expect(grown).toBeLessThan(4.5);
});

it.each([') = ', '(', '\\n', 'a', '(a) = ', `${HEX} `])(
  'a line of checksums that is full of %j is refused at once',
  async (unit) => {
    const grown = await growth(4_000, (length) => {
      const line = `SHA256 (${unit.repeat(Math.floor(length / unit.length))}\n`;
      expect(() => readChecksums(Buffer.from(line.repeat(200)), 'x.sha256', 'sha256')).toThrow();
    });
    expect(grown).toBeLessThan(4.5);
  },
);

it.each(['"', '? ', 'a: 1\n', 'a: b: c\n'])(
  'a file of DVC that is full of %j costs as much as it is long',
  async (unit) => {
    // What nests stays far from the end of the stack.
    const size = unit === '? ' ? 400 : (MAX_YAML_BYTES - 100) / 4;
    const grown = await growth(Math.floor(size / unit.length), (count) =>
      expect(readDvcFile(Buffer.from(unit.repeat(count)), 'x.dvc')).rejects.toThrow(),
    );
    expect(grown).toBeLessThan(5);
  },
);
