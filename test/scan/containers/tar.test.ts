import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isContentError } from '../../../src/core/errors.ts';
import { ANY_LOADER } from '../../../src/formats/pickle/loaders.ts';
import { tarScanner } from '../../../src/scan/containers/tar.ts';
import { fixture, memory, PAYLOAD, scanWith } from '../../support/containers.ts';
import { fakeContext } from '../../support/scan-context.ts';
import { buildTar, type TarBuilt, tarBlocks } from '../../support/tar.ts';

async function scan(bytes: Buffer) {
  const context = await scanWith(tarScanner, memory(bytes));
  return {
    context,
    rules: context.ruleIds(),
    verdict: context.verdict(bytes.length),
    names: context.members.map((m) => m.name),
  };
}

const pax = (records: readonly string[]): TarBuilt => ({
  name: 'pax',
  type: 'x',
  data: records
    .map((record) => {
      for (let length = record.length + 2; ; length++)
        if (`${length} ${record}\n`.length === length) return `${length} ${record}\n`;
    })
    .join(''),
});

describe('a tar archive', () => {
  it.each(['ustar', 'gnu', 'pax'])('of kind %s is read completely', async (kind) => {
    const source = fixture(`containers/${kind}.tar`);
    const context = await scanWith(tarScanner, source);
    expect(context.members.map((m) => [m.name, m.size])).toEqual([
      ['plain.pkl', expect.any(Number)],
      [`${'a'.repeat(60)}/${'b'.repeat(60)}/notes.txt`, 124_000],
    ]);
    expect(context.verdict(source.size)).toBe('clean');
  });

  it.each([
    ['a name with "../"', { name: '../x', data: 'x' }, 'tar.path-traversal', 'malicious'],
    ['an absolute name', { name: '/etc/x', data: 'x' }, 'tar.path-traversal', 'malicious'],
    ['a link out of the archive', { name: 'a/l', type: '2', link: '../../x' }, 'tar.path-traversal', 'malicious'],
    ['a link to an absolute path', { name: 'l', type: '2', link: '/etc' }, 'tar.path-traversal', 'malicious'],
    ['a hard link out of the archive', { name: 'a/l', type: '1', link: '../x' }, 'tar.path-traversal', 'malicious'],
    ['a link within the archive', { name: 'a/l', type: '2', link: '../x' }, 'tar.link', 'clean'],
    ['a device', { name: 'd', type: '3' }, 'tar.device', 'suspicious'],
    ['a sparse file', { name: 's', type: 'S', data: 'x' }, '', 'unknown'],
    ['a size beyond the end', { name: 's', data: 'x', size: 1e6 }, '', 'unknown'],
  ] as const)('gets the expected rule and verdict for %s', async (_what, member, rule, verdict) => {
    const result = await scan(buildTar([member]));
    if (rule !== '') expect(result.rules).toContain(rule);
    expect(result.verdict).toBe(verdict);
  });

  it('has pax overrides applied to one member', async () => {
    const members = [
      pax(['path=../evil', 'size=3']),
      { name: 'kind', data: 'abc', size: 3 },
      { name: 'next', data: 'd' },
    ];
    const { names, rules } = await scan(buildTar(members));
    expect(names).toEqual(['../evil', 'next']);
    expect(rules).toEqual(['tar.path-traversal']);
  });

  it('has trailing bytes reported', async () => {
    const { rules, names } = await scan(
      buildTar([{ name: 'a', data: 'x' }], Buffer.concat([Buffer.alloc(512), PAYLOAD])),
    );
    expect(rules).toEqual(['tar.trailing-bytes']);
    expect(names).toEqual(['a']);
    const aligned = buildTar(
      [{ name: 'a', data: 'x' }],
      Buffer.concat([Buffer.alloc(1024), ...tarBlocks({ name: 'b', data: PAYLOAD })]),
    );
    expect((await scan(aligned)).rules).toEqual(['tar.trailing-bytes']);
  });

  it('has a repeated name reported', async () => {
    const { rules, names } = await scan(
      buildTar([
        { name: 'a', data: 'x' },
        { name: 'a', data: 'y' },
      ]),
    );
    expect([rules, names]).toEqual([['tar.duplicate-member'], ['a', 'a']]);
  });

  it('of PyTorch before 0.2 is split into pickles and tensor data', async () => {
    const int = (value: number) => Buffer.from([0x80, 2, 0x4b, value, 0x2e]);
    const count = Buffer.alloc(8);
    count.writeBigUInt64LE(2n);
    const storage = Buffer.concat([
      Buffer.from('\x80\x02K\x01X\x03\0\0\0cpuctorch\nFloatStorage\n\x87.', 'latin1'),
      count,
      Buffer.alloc(8, 9),
    ]);
    const dims = Buffer.alloc(8 + 16 + 8);
    dims.writeUInt32LE(1);
    const tensor = Buffer.concat([Buffer.from('\x80\x02K\x02K\x01ctorch\nFloatTensor\n\x87.', 'latin1'), dims]);
    const members = [
      { name: 'sys_info', data: int(0) },
      { name: 'pickle', data: PAYLOAD },
      { name: 'storages', data: Buffer.concat([int(1), storage]) },
      { name: 'tensors', data: Buffer.concat([int(1), tensor]) },
    ];
    const { context, names, verdict } = await scan(buildTar(members));
    expect(context.format).toBe('torch-tar');
    expect(names).toEqual(['sys_info', 'pickle', 'storages@0', 'storages@5', 'tensors@0', 'tensors@5']);
    expect(context.members.every((m) => m.options?.within === 'torch')).toBe(true);
    expect(verdict).toBe('clean');
    const probe = await scanWith(tarScanner, fixture('pickle-probes/torch-tar/m.pt'));
    expect(probe.members.map((m) => m.name)).toEqual(['sys_info', 'pickle', 'storages@0', 'tensors@0']);
  });

  it('gives only content errors for changed bytes', async () => {
    const seed = buildTar([
      pax(['path=x', 'size=3']),
      { name: 'a', data: 'abc' },
      { name: 'b', type: 'L', data: 'long' },
      { name: 'c', data: 'd' },
    ]);
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.nat(seed.length - 1), fc.integer({ min: 0, max: 255 })), { maxLength: 5 }),
        async (edits) => {
          const bytes = Buffer.from(seed);
          for (const [at, value] of edits) bytes[at] = value;
          // The checksums are fixed, so that the edits are not refused for them.
          for (let at = 0; at + 512 <= bytes.length; at += 512) {
            if (bytes.toString('latin1', at + 257, at + 262) !== 'ustar') continue;
            bytes.write('        ', at + 148);
            const sum = bytes.subarray(at, at + 512).reduce((total, byte) => total + byte, 0);
            bytes.write(`${sum.toString(8).padStart(6, '0')}\0 `, at + 148);
          }
          const format = { id: 'tar', title: 'tar', extensions: [], identify: () => true };
          await tarScanner
            .scanFile(
              { source: memory(bytes), format, file: 'f', depth: 0, loaders: ANY_LOADER, distance: 'near' },
              fakeContext(),
            )
            .catch((error: unknown) => expect(isContentError(error), String(error)).toBe(true));
        },
      ),
      { numRuns: 1000 },
    );
  });
});
