import { describe, expect, it } from 'vitest';
import { SCANNERS } from '../../../src/scan/scanners.ts';
import { fixtureFiles, scanBytes } from '../../support/scan-bytes.ts';

/** Models that TensorFlow 1.15, 2.12 and 2.21 wrote, with those that conversions are tested with. */
const files = [
  ...[...fixtureFiles('fixtures/tensorflow')].map(([path, bytes]) => [path, bytes] as const),
  ...[...fixtureFiles('fixtures/convert/tensorflow')].filter(([path]) => !path.endsWith('.npz')),
];

/** Graphs of TensorFlow 1 that were not exported read the vocabulary where it was while they were trained. */
const TRAINED = /\/trained\/model\.ckpt-7\.meta$/;

describe('a real model of TensorFlow', () => {
  it.each(files)('%s gets its verdict', async (path, bytes) => {
    const { verdict, context } = await scanBytes(bytes, path, SCANNERS, true);
    const found = context.reports.map(({ message }) => message);
    if (TRAINED.test(path)) {
      expect(verdict).toBe('suspicious');
      expect(found).toEqual([
        'InitializeTableFromTextFileV2 in the node "text_file_init/InitializeTableFromTextFileV2" has a path that the graph fixes: "vocabulary.txt".',
      ]);
    } else {
      expect(found).toEqual([]);
      // Values alone are known by their name only: the index beside them places them.
      expect(verdict).toBe(/\.data-\d+-of-\d+$/.test(path) ? 'unknown' : 'clean');
    }
  });

  it('is of every kind of file that TensorFlow writes', async () => {
    const formats = new Set<string>();
    for (const [path, bytes] of files) formats.add((await scanBytes(bytes, path, [], true)).format.id);
    for (const id of [
      'tf-saved-model',
      'tf-graph',
      'tf-meta-graph',
      'tf-fingerprint',
      'tensorbundle',
      'tensorbundle-data',
      'tf-checkpoint-state',
    ])
      expect(formats).toContain(id);
  });
});
