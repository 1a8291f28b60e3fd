import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isWrittenForGit } from '../../../src/pipeline/signature/gits-own.ts';

const written = (path: string, text: string | Uint8Array) =>
  isWrittenForGit(path, typeof text === 'string' ? Buffer.from(text) : text);

/** As `git lfs track` and the Hub write them. */
const HUB =
  '*.bin filter=lfs diff=lfs merge=lfs -text\n*.model filter=lfs diff=lfs merge=lfs -text\n\n# own\n"a b" -text\n';

describe('files that only git reads', () => {
  it.each([
    ['.gitattributes', HUB],
    ['.gitattributes', ''],
    ['.gitattributes', HUB.replaceAll('\n', '\r\n')],
    ['.gitattributes', 'data/** filter=lfs !text eol=lf'],
    ['.gitignore', '__pycache__/\n*.pyc\n!keep me\nvenv\n'],
    ['.git', 'gitdir: ../.git/worktrees/a\n'],
  ])('%s: %j', (path, text) => expect(written(path, text)).toBe(true));

  it.each<[string, string | Uint8Array]>([
    ['.gitattributes', 'cos\nsystem\n(S"id"\ntR.'],
    ['.gitattributes', 'cantigravity fly=x\n'],
    ['.gitattributes', '*.bin\n'],
    ['.gitattributes', `${HUB}\u0000`],
    ['.gitattributes', Buffer.concat([Buffer.from(HUB), Buffer.from([0x80, 4])])],
    ['.gitignore', 'cantigravity\nfly\n'],
    ['.gitignore', '(cos\nsystem\n'],
    ['.gitignore', 'PK\u0003\u0004'],
    ['.git', 'gitdir: a\nimport os\n'],
    ['.git', 'ref: x'],
    ['.gitmodules', ''],
    ['sub/.gitignore', ''],
  ])('are not %s: %j', (path, text) => expect(written(path, text)).toBe(false));

  it('are read in time that grows with their length', () => {
    const line = `${'a'.repeat(60_000)}=`;
    expect(written('.gitattributes', line)).toBe(false);
    expect(written('.gitattributes', `*.a ${'b=c '.repeat(15_000)}=`)).toBe(false);
    expect(written('.gitattributes', `"${'\\'.repeat(60_000)}`)).toBe(false);
  });

  it('hold no byte of control, whatever they are', () => {
    const path = fc.constantFrom('.git', '.gitattributes', '.gitignore');
    fc.assert(
      fc.property(path, fc.uint8Array({ maxLength: 40 }), (name, bytes) => {
        const control = bytes.some((byte) => byte < 32 && ![9, 10, 13].includes(byte));
        expect(control && isWrittenForGit(name, bytes)).toBe(false);
      }),
    );
  });
});
