import { expect, it } from 'vitest';
import { MAX_YAML_BYTES } from '../../../src/core/yaml/bounded-yaml.ts';
import { readChecksums } from '../../../src/integrity/manifests/checksums.ts';
import { readDvcFile } from '../../../src/integrity/manifests/dvc.ts';
import { growth } from '../../support/growth.ts';

const HEX = 'a'.repeat(64);

it('the work to parse a checksum manifest grows linearly with its length', async () => {
  const grown = await growth(5_000, (count) => {
    const lines = Array.from({ length: count }, (_, i) => `${HEX}  folder/file-${i}\n`);
    expect(readChecksums(Buffer.from(lines.join('')), 'x.sha256', 'sha256')).toHaveLength(count);
  });
  expect(grown).toBeLessThan(4.5);
});

it.each([') = ', '(', '\\n', 'a', '(a) = ', `${HEX} `])(
  'a checksum line full of %j is refused without backtracking',
  async (unit) => {
    const grown = await growth(4_000, (length) => {
      const line = `SHA256 (${unit.repeat(Math.floor(length / unit.length))}\n`;
      expect(() => readChecksums(Buffer.from(line.repeat(200)), 'x.sha256', 'sha256')).toThrow();
    });
    expect(grown).toBeLessThan(4.5);
  },
);

it.each(['"', '? ', 'a: 1\n', 'a: b: c\n'])(
  'the work to parse a DVC file full of %j grows linearly with its length',
  async (unit) => {
    // The nesting stays far below the stack limit.
    const size = unit === '? ' ? 400 : (MAX_YAML_BYTES - 100) / 4;
    const grown = await growth(Math.floor(size / unit.length), (count) =>
      expect(readDvcFile(Buffer.from(unit.repeat(count)), 'x.dvc')).rejects.toThrow(),
    );
    expect(grown).toBeLessThan(5);
  },
);
