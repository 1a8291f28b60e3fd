// What a test cannot count costs little, too: regular expressions, inflation, copies. Against what is built, in milliseconds.
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { deflateRawSync, gzipSync } from 'node:zlib';
import { Coverage } from '../../../dist/src/core/assessment/coverage.js';
import { MemorySource } from '../../../dist/src/core/bytes/byte-source.js';
import { isAssayError } from '../../../dist/src/core/errors.js';
import { DEFAULT_LIMITS } from '../../../dist/src/core/limits.js';
import { identifyFormat, probeNow } from '../../../dist/src/formats/identify.js';
import { readModelCard } from '../../../dist/src/formats/model-card/model-card.js';
import { SHA256_PLAN } from '../../../dist/src/integrity/hash/plan.js';
import { readChecksums } from '../../../dist/src/integrity/manifests/checksums.js';
import { readDvcFile } from '../../../dist/src/integrity/manifests/dvc.js';
import { identityMatches } from '../../../dist/src/integrity/trust/identity-pattern.js';
import { parseChallenge } from '../../../dist/src/oci/challenge.js';
import { digestArtifact } from '../../../dist/src/pipeline/digest-artifact.js';
import { scanSource } from '../../../dist/src/pipeline/file-scan.js';
import { createGlobalPolicy } from '../../../dist/src/scan/lists/globals.js';
import { openArtifact } from '../../../dist/src/sources/open-artifact.js';
import { extractReferences } from '../../../dist/src/workload/index.js';

const MiB = 1024 * 1024;
const latin1 = (text) => Buffer.from(text, 'latin1');
const times = (count, make) => Array.from({ length: count }, (_, index) => make(index));

/** Input is refused, and by an error of ours. */
async function refused(work) {
  try {
    await work();
  } catch (error) {
    if (!isAssayError(error)) throw error;
  }
}

const scan = (bytes, limits = {}, path = 'file.bin') =>
  scanSource(new MemorySource(bytes, path), {
    path,
    limits: { ...DEFAULT_LIMITS, ...limits },
    signal: new AbortController().signal,
    globals: createGlobalPolicy({ allowances: [], provided: new Set() }),
    distance: 'near',
    onNames: () => undefined,
  });

/** A zip of members `{ name, stored, size, compressed?, offset?, localCompressed? }` that are deflated. */
function zipOf(members, { comment = '', after = Buffer.alloc(0), method = 8 } = {}) {
  const [parts, directory] = [[], []];
  let at = 0;
  for (const {
    name,
    stored,
    size,
    compressed = stored.length,
    offset = at,
    localCompressed = stored.length,
  } of members) {
    const fields = (length) => {
      const bytes = Buffer.alloc(26);
      bytes.writeUInt16LE(20, 0);
      bytes.writeUInt16LE(method, 4);
      bytes.writeUInt32LE(length, 14);
      bytes.writeUInt32LE(size, 18);
      bytes.writeUInt16LE(name.length, 22);
      return bytes;
    };
    const local = Buffer.concat([latin1('PK\x03\x04'), fields(localCompressed), Buffer.from(name), stored]);
    const rest = Buffer.alloc(14);
    rest.writeUInt32LE(offset, 10);
    directory.push(Buffer.concat([latin1('PK\x01\x02\x14\x00'), fields(compressed), rest, Buffer.from(name)]));
    parts.push(local);
    at += local.length;
  }
  parts.push(after);
  at += after.length;
  const listed = Buffer.concat(directory);
  const end = Buffer.alloc(22);
  end.write('PK\x05\x06', 'latin1');
  end.writeUInt16LE(members.length & 0xffff, 8);
  end.writeUInt16LE(members.length & 0xffff, 10);
  end.writeUInt32LE(listed.length, 12);
  end.writeUInt32LE(at, 16);
  end.writeUInt16LE(comment.length, 20);
  return Buffer.concat([...parts, listed, end, latin1(comment)]);
}

const bombs = [
  {
    name: 'scan: a gzip of 512 MiB of zeros',
    limitMs: 20_000,
    run: () => scan(gzipSync(Buffer.alloc(512 * MiB), { level: 1 }), { maxExpandedBytes: 256 * MiB }),
  },
  {
    name: 'scan: 40 gzips of 64 MiB in a zip',
    limitMs: 30_000,
    run: () => {
      const inner = gzipSync(Buffer.alloc(64 * MiB));
      const stored = deflateRawSync(inner);
      const members = times(40, (i) => ({ name: `z${i}`, stored, size: inner.length }));
      return scan(zipOf(members), { maxExpandedBytes: 512 * MiB });
    },
  },
  {
    name: 'scan: 30,000 members of a zip that overlap',
    limitMs: 30_000,
    run: () => {
      const stored = deflateRawSync(Buffer.alloc(20_000_000));
      const more = times(30_000, (i) => {
        const compressed = stored.length + i;
        return { name: `b${i}`, stored: Buffer.alloc(0), size: 2e7, compressed, offset: 0 };
      });
      return scan(zipOf([{ name: 'a', stored, size: 2e7 }, ...more]));
    },
  },
  {
    name: 'scan: a comment of a zip full of end records',
    limitMs: 5_000,
    run: () =>
      scan(zipOf([{ name: 'a', stored: latin1('x'), size: 1 }], { comment: 'PK\x05\x06'.repeat(16_000), method: 0 })),
  },
  {
    name: 'scan: a gap in a zip full of local headers',
    limitMs: 10_000,
    run: () => {
      const after = zipOf([{ name: 'x', stored: Buffer.alloc(0), size: 0 }]).subarray(0, 31);
      return scan(
        zipOf([{ name: 'a', stored: latin1('x'), size: 1 }], {
          after: Buffer.concat(times(20_000, () => after)),
          method: 0,
        }),
      );
    },
  },
  {
    name: 'scan: 3,000 members of a zip that each reach to its end',
    limitMs: 10_000,
    run: () => {
      const stored = Buffer.alloc(100, 65);
      const members = times(3_000, (i) => ({ name: `m${i}`, stored, size: 100, localCompressed: 2 ** 31 }));
      return scan(zipOf(members, { method: 0 }));
    },
  },
];

const wrap = (body) => Buffer.concat([latin1('\x80\x04'), body, latin1('N.')]);
/** Two megabytes of one thing each. */
const pickles = [
  ['integers', 150, () => wrap(latin1('K\x010'.repeat(700_000)))],
  ['marks', 150, () => wrap(Buffer.alloc(2_000_000, '('))],
  ['nested tuples', 150, () => wrap(Buffer.concat([latin1(')'), Buffer.alloc(2_000_000, 0x85)]))],
  ['memo entries', 150, () => wrap(Buffer.concat([latin1('N'), Buffer.alloc(2_000_000, 0x94)]))],
  ['one long line', 150, () => wrap(Buffer.concat([Buffer.alloc(2_000_000, 'V'), latin1('\n')]))],
  ['listed calls', 150, () => wrap(latin1('ccollections\nOrderedDict\n)R0'.repeat(70_000)))],
  ['dictionaries', 150, () => wrap(latin1('}K\x01K\x02s0'.repeat(250_000)))],
  ['byte strings that begin as pickles', 150, () => wrap(latin1('C\x04\x80\x04N.0'.repeat(250_000)))],
  ['unlisted globals', 1_000, () => wrap(latin1(times(60_000, (i) => `cm${i}\nname\n0`).join('')))],
  ['duplicates', 2_000, () => wrap(Buffer.concat([latin1('N'), Buffer.alloc(2_000_000, '2')]))],
  ['streams', 5_000, () => latin1('\x80\x02N.'.repeat(250_000))],
  [
    'marks of pickles behind the end',
    10_000,
    () => Buffer.concat([latin1('\x80\x02N.!'), latin1('\x80\x04'.repeat(1e6))]),
  ],
].map(([name, ms, make]) => ({
  name: `pickle: ${name}`,
  limitMs: ms + 400,
  run: () => scan(make(), {}, 'model.pkl'),
}));

const probes = ['dos-binbytes8', 'dos-dup-laughs', 'dos-many-streams', 'dos-memo-index'].map((name) => ({
  name: `pickle: the probe ${name}`,
  limitMs: 2_000,
  run: async () => {
    const folder = new URL(`../../../fixtures/pickle-probes/${name}/`, import.meta.url);
    for (const file of readdirSync(folder)) await scan(readFileSync(new URL(file, folder)), {}, 'model.pkl');
  },
}));

const pod = (container) => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'p' },
  spec: { containers: [{ name: 'c', ...container }] },
});
const workloads = [
  ['a long model', { args: ['--model', 'a'.repeat(3_000_000)] }],
  ['quotes for a shell', { command: ['sh', '-c', `"'`.repeat(1_000_000)] }],
  ['a configuration of brackets', { args: ['--speculative-config', '['.repeat(1_000_000)], image: 'vllm' }],
  ['variables without end', { args: times(50_000, () => '$('.repeat(10)) }],
  ['folders above', { args: [`--model=${'../'.repeat(500_000)}`] }],
  ['question marks', { args: [`--model=s3://${'?'.repeat(1_000_000)}`] }],
].map(([name, container]) => ({
  name: `workload: ${name}`,
  limitMs: 3_000,
  run: async () => void extractReferences(pod(container)),
}));

/** Texts that a regular expression may try in many ways. */
const texts = [
  {
    name: 'identify: texts that are made to confuse it',
    limitMs: 2_000,
    run: async () => {
      const hostile = ['\n'.repeat(4096), '<!---->'.repeat(600), '<?a?>'.repeat(800), '# \n'.repeat(1300)];
      hostile.push('"""'.repeat(1300), '{{'.repeat(2048), `<${' a'.repeat(2000)}`);
      for (const text of hostile) identifyFormat(probeNow(new MemorySource(Buffer.from(text), 'x')));
    },
  },
  {
    name: 'oci: challenges',
    limitMs: 2_000,
    run: async () => {
      for (const unit of ['a', 'a ', '"', '\\', 'a="', ', ', '==', ' '])
        parseChallenge(`a${unit.repeat(16_000 / unit.length - 1)}`);
    },
  },
  {
    name: 'identity: patterns of stars',
    limitMs: 2_000,
    run: async () => {
      identityMatches(`${'*a'.repeat(900)}b`, 'a'.repeat(2000));
      identityMatches(`${'**a*'.repeat(500)}b`, 'a'.repeat(2000));
    },
  },
  {
    name: 'manifest: lines of checksums',
    limitMs: 5_000,
    run: async () => {
      for (const unit of [') = ', '(', '\\n', 'a', '(a) = ', `${'a'.repeat(64)} `]) {
        const line = `SHA256 (${unit.repeat(Math.floor(16_000 / unit.length))}\n`;
        await refused(() => readChecksums(Buffer.from(line.repeat(200)), 'x.sha256'));
      }
    },
  },
  ...['"', '? ', 'a: 1\n', 'a: b: c\n'].map((unit) => ({
    name: `manifest: a file of DVC full of ${JSON.stringify(unit)}`,
    limitMs: 10_000,
    run: () => refused(() => readDvcFile(Buffer.from(unit.repeat((128 * 1024 - 100) / unit.length)), 'x.dvc')),
  })),
  {
    name: 'model card: front matter that is made to cost',
    limitMs: 5_000,
    run: async () => {
      const hostile = [`tags: "${'\\u0041'.repeat(5000)}"`, '\n'.repeat(250_000), 'a:\n'.repeat(80_000)];
      hostile.push(`tags:\n${'- &a x\n'.repeat(4000)}`, ' '.repeat(256 * 1024));
      for (const text of hostile) await refused(() => readModelCard(Buffer.from(`---\n${text}\n---\n`), 'README.md'));
    },
  },
];

const others = [
  {
    name: 'coverage: 100,000 marks in any order',
    limitMs: 5_000,
    run: async () => {
      const coverage = new Coverage();
      for (let i = 0; i < 100_000; i++)
        coverage.mark(10 * ((i * 77_777) % 100_000), 10 * ((i * 77_777) % 100_000) + 6, 'parsed');
      coverage.gaps(1_000_000);
    },
  },
  {
    name: 'digest: 10,000 small files',
    limitMs: 4_000,
    run: async () => {
      const folder = mkdtempSync(join(tmpdir(), 'assay-bench-'));
      try {
        for (let i = 0; i < 10_000; i++) writeFileSync(join(folder, `f${i}`), String(i).repeat(20));
        const artifact = await openArtifact(folder);
        await digestArtifact(artifact, [SHA256_PLAN]);
        await artifact.close();
      } finally {
        rmSync(folder, { recursive: true });
      }
    },
  },
];

export const cases = [...bombs, ...pickles, ...probes, ...workloads, ...texts, ...others];
