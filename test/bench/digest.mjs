// Hashing a folder of 2 GiB in 400 files beside sha256sum, and 10,000 small files. Runs alone, too: npm run build, then
// node test/bench/digest.mjs

import { randomFillSync } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { claim, finish, measure } from './measure.mjs';

const RSS_LIMIT = 200;

/** @param {{ data: string, dist: string }} where a folder to work in, and the built program */
export function benchDigest({ data, dist }) {
  const folder = makeFolder(join(data, 'folder'), 400, 5_368_709);
  const small = makeFolder(join(data, 'small-files'), 10_000, 100);
  const digest = (path, ...more) => [process.execPath, [join(dist, 'cli/main.js'), 'digest', path, '-q', ...more]];
  const paths = readdirSync(folder).sort();

  const sum = measure('sha256sum', paths, { runs: 3, cwd: folder });
  const ours = measure(...digest(folder), { runs: 3 });
  if (ours.stdout !== sum.stdout) throw new Error('other digests than sha256sum has');
  const times = `(sha256sum ${sum.wallMs.toFixed(0)} ms, assay ${ours.wallMs.toFixed(0)} ms, the same lines)`;
  claim('digest of 2 GiB in 400 files, of the time of sha256sum', ours.wallMs / sum.wallMs, { atMost: 1.1 }, times);
  claim('digest of 2 GiB in 400 files, MiB', ours.rssMiB, { atMost: RSS_LIMIT }, '');
  for (const [algorithm, program] of [['blake2b', 'b2sum'], ['blake3']]) {
    const other = measure(...digest(folder, '-a', algorithm), { runs: 2 });
    const peer =
      program === undefined
        ? ''
        : `, ${program} ${measure(program, paths, { runs: 1, cwd: folder }).wallMs.toFixed(0)} ms`;
    console.log(
      `        for comparison: ${algorithm} and sha256 in one pass ${other.wallMs.toFixed(0)} ms, ${other.rssMiB.toFixed(0)} MiB${peer}`,
    );
  }

  const many = measure(...digest(small), { runs: 3 });
  claim('digest of 10,000 files of 100 bytes, ms', many.wallMs, { atMost: 2_000 }, '');
  claim('digest of 10,000 files of 100 bytes, MiB', many.rssMiB, { atMost: RSS_LIMIT }, '');
}

function makeFolder(folder, files, size) {
  if (existsSync(folder)) return folder;
  mkdirSync(folder);
  const bytes = Buffer.alloc(size);
  for (let i = 0; i < files; i++)
    writeFileSync(join(folder, `part-${String(i).padStart(5, '0')}.bin`), randomFillSync(bytes));
  return folder;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const data = mkdtempSync(join(tmpdir(), 'assay-bench-'));
  try {
    benchDigest({ data, dist: new URL('../../dist/src', import.meta.url).pathname });
  } finally {
    rmSync(data, { recursive: true, force: true });
  }
  finish();
}
