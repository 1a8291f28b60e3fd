import { describe, expect, it } from 'vitest';
import { sevenZipScanner } from '../../../src/scan/containers/sevenzip.ts';
import { fixture, memory, scanWith } from '../../support/containers.ts';

async function scan(name: string, limits = {}) {
  const source = fixture(`containers/${name}`);
  const context = await scanWith(sevenZipScanner, source, { limits });
  return { context, verdict: context.verdict(source.size), members: context.members.map((m) => [m.name, m.size]) };
}

describe('the 7z scanner', () => {
  it.each(['solid.7z', 'copied.7z'])('extracts %s completely', async (name) => {
    const { context, verdict, members } = await scan(name);
    expect(members).toEqual([
      ['model/notes.txt', 124_000],
      ['model/plain.pkl', 135],
    ]);
    expect(Buffer.from(context.members[0]?.bytes ?? []).toString('latin1')).toBe(
      'Some text that repeats itself. '.repeat(4000),
    );
    expect(context.listed).toEqual(['model', 'model/notes.txt', 'model/plain.pkl']);
    expect(verdict).toBe('clean');
  });

  it('calls a member name with "../" malicious', async () => {
    const { context, verdict, members } = await scan('climbing.7z');
    expect(context.ruleIds()).toEqual(['sevenzip.path-traversal']);
    expect(verdict).toBe('malicious');
    expect(members.length).toBe(2);
  });

  it('gives unknown for encrypted members', async () => {
    const { context, verdict } = await scan('encrypted.7z');
    expect(context.reasons.join()).toContain('encrypted');
    expect(verdict).toBe('unknown');
  });

  it("finds the pickle in an archive with a model's extension", async () => {
    const context = await scanWith(sevenZipScanner, fixture('pickle-probes/7z-as-pt/m.pt'));
    expect(context.members.map((m) => m.name)).toEqual(['archive/data.pkl']);
    expect(Buffer.from(context.members[0]?.bytes ?? []).toString('latin1')).toContain('system');
  });

  it('stops at the limits for members and bytes', async () => {
    const few = await scan('solid.7z', { maxMembers: 2 });
    expect(few.context.reasons.join()).toContain('maxMembers');
    const small = await scan('solid.7z', { maxExpandedBytes: 50_000 });
    expect(small.context.reasons.join()).toContain('maxExpandedBytes');
    expect([few.verdict, small.verdict]).toEqual(['unknown', 'unknown']);
  });

  it('gives unknown for a truncated or changed archive, and suspicious for trailing bytes', async () => {
    const { size } = fixture('containers/copied.7z');
    const whole = Buffer.from(fixture('containers/copied.7z').readNow(0, size));
    const changed = Buffer.from(whole);
    changed[500] = 0;
    const verdictOf = async (bytes: Buffer) => (await scanWith(sevenZipScanner, memory(bytes))).verdict(bytes.length);
    expect(await verdictOf(whole.subarray(0, size - 10))).toBe('unknown');
    expect(await verdictOf(changed)).toBe('unknown');
    expect(await verdictOf(Buffer.concat([whole, Buffer.from('more')]))).toBe('suspicious');
  });
});
