import fc from 'fast-check';
import { expect, it } from 'vitest';
import { dvcListing } from '../../../src/integrity/manifests/dvc-listing.ts';
import { findPython, requirePart } from '../../support/parts.ts';
import { runProgram } from '../../support/run-program.ts';

/** Serializes as DVC does: sorted by relpath, keys sorted, Python's separators and escapes. */
const PYTHON = `
import json, sys
for files in json.load(sys.stdin):
    print(json.dumps(sorted(files, key=lambda file: file["relpath"]), sort_keys=True))
`;

const python = findPython();
requirePart('Python', python !== undefined, 'install python3', 'the listing of a folder', () => {
  it("equals the output of Python's json, byte for byte", async () => {
    const path = fc.oneof(
      fc.string({ unit: 'grapheme', minLength: 1 }),
      fc.string({ unit: 'binary', minLength: 1 }),
      fc.constantFrom('\u007f', '\ufb01', '\u{1f600}', 'a/b', 'a.b', '"', '\\', '\n'),
    );
    const files = fc
      .uniqueArray(path, { maxLength: 6 })
      .map((paths) => paths.map((one, i) => ({ path: one, md5: String(i) })));
    const samples = fc.sample(files, 300);
    const input = JSON.stringify(samples.map((one) => one.map(({ path: relpath, md5 }) => ({ relpath, md5 }))));
    const { stdout } = await runProgram(python ?? '', ['-c', PYTHON], { input });
    expect(samples.map((one) => dvcListing(one))).toEqual(stdout.trimEnd().split('\n'));
  });
});
