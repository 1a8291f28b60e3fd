import { describe, expect, it } from 'vitest';
import { sevenZipScanner } from '../../../src/scan/containers/sevenzip.ts';
import { fixture, memory, scanWith } from '../../support/containers.ts';

async function scan(name: string, limits = {}) {
  const source = fixture(`containers/${name}`);
  const context = await scanWith(sevenZipScanner, source, { limits });
  return { context, verdict: context.verdict(source.size), members: context.members.map((m) => [m.name, m.size]) };
}

describe('7z archives', () => {
  it.each(['solid.7z', 'copied.7z'])('extracts %s whole', async (name) => {
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

  it('calls a name that climbs out malicious', async () => {
    const { context, verdict, members } = await scan('climbing.7z');
    expect(context.ruleIds()).toEqual(['sevenzip.path-traversal']);
    expect(verdict).toBe('malicious');
    expect(members.length).toBe(2);
  });

  it('does not know what is encrypted', async () => {
    const { context, verdict } = await scan('encrypted.7z');
    expect(context.reasons.join()).toContain('encrypted');
    expect(verdict).toBe('unknown');
  });

  it('finds the pickle in one that is named as a model', async () => {
    const context = await scanWith(sevenZipScanner, fixture('pickle-probes/7z-as-pt/m.pt'));
    expect(context.members.map((m) => m.name)).toEqual(['archive/data.pkl']);
    expect(Buffer.from(context.members[0]?.bytes ?? []).toString('latin1')).toContain('system');
  });

  it('stops at the count of members and at the bytes they may have', async () => {
    const few = await scan('solid.7z', { maxMembers: 2 });
    expect(few.context.reasons.join()).toContain('maxMembers');
    const small = await scan('solid.7z', { maxExpandedBytes: 50_000 });
    expect(small.context.reasons.join()).toContain('maxExpandedBytes');
    expect([few.verdict, small.verdict]).toEqual(['unknown', 'unknown']);
  });

  it('is unknown when it is cut off or changed, suspicious when something follows', async () => {
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
