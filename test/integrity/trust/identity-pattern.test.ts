import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isAssayError } from '../../../src/core/errors.ts';
import {
  checkIdentityPattern,
  checkNamePattern,
  identityMatches,
} from '../../../src/integrity/trust/identity-pattern.ts';

const WORKFLOW = 'https://github.com/acme/models/.github/workflows/release.yml@refs/heads/main';

describe('identityMatches', () => {
  test.each([
    [WORKFLOW, WORKFLOW],
    ['https://github.com/acme/*/.github/workflows/release.yml@refs/heads/main', WORKFLOW],
    ['https://github.com/acme/**', WORKFLOW],
    ['https://github.com/acme/**@refs/heads/main', WORKFLOW],
    ['https://github.com/acme/**/release.yml@refs/heads/*', WORKFLOW],
    ['*@acme.example', 'ann@acme.example'],
    ['ann+*@acme.example', 'ann+models@acme.example'],
    ['a**', 'a'],
    ['a*b*c', 'abc'],
    ['a***c', 'a/b/c'],
    ['[x]?{1}(y)|$^', '[x]?{1}(y)|$^'],
  ])('%s matches %s', (pattern, name) => {
    expect(identityMatches(pattern, name)).toBe(true);
  });

  test.each([
    ['a dot is literal', 'https://github.com/acme/models', 'https://githubxcom/acme/models'],
    ['a prefix does not match', 'https://github.com/acme/models', 'https://github.com/acme/models-evil'],
    ['a suffix does not match', 'https://github.com/acme/models', 'xhttps://github.com/acme/models'],
    ['a glob is anchored at its end', 'https://github.com/acme/*', 'https://github.com/acme/models/evil'],
    ['a glob is anchored at its start', '*/acme/models', 'https://evil.example/https://github.com/acme/models'],
    ['a star does not cross a slash', 'https://github.com/*/models', 'https://github.com/evil/acme/models'],
    ['a longer organisation does not match', 'https://github.com/acme/**', 'https://github.com/acme-evil/models'],
    ['letter case matters', 'https://github.com/Acme/models', 'https://github.com/acme/models'],
    ['a newline does not end the name', 'ann@acme.example', 'ann@acme.example\n'],
    ['a newline does not start the name', 'ann@acme.example', 'evil@evil.example\nann@acme.example'],
    ['a glob does not cross lines', '*@acme.example', 'ann@acme.example\nevil'],
    ['a regular expression is literal', '.*', WORKFLOW],
    ['an alternation is literal', 'a|b', 'a'],
    ['a question mark is literal', 'ab?', 'a'],
    ['an empty pattern matches nothing', '', ''],
    ['a star requires the text after it', 'a*b', 'ac'],
  ])('%s: %s does not match %j', (_, pattern, name) => {
    expect(identityMatches(pattern, name)).toBe(false);
  });

  test('a pattern of many stars matches only its own text', () => {
    expect(identityMatches(`${'*a'.repeat(900)}b`, 'a'.repeat(2000))).toBe(false);
    expect(identityMatches(`${'**a*'.repeat(500)}b`, 'a'.repeat(2000))).toBe(false);
    expect(identityMatches(`a${'*'.repeat(4000)}`, 'a')).toBe(false);
  });

  test('equals an anchored regular expression', () => {
    const piece = fc.constantFrom('a', 'b', '/', '.', '*', '**', '@');
    const pattern = fc.array(piece, { maxLength: 8 }).map((pieces) => pieces.join(''));
    const name = fc.array(fc.constantFrom('a', 'b', '/', '.', '@'), { maxLength: 8 }).map((parts) => parts.join(''));
    fc.assert(
      fc.property(pattern, name, (glob, text) => {
        fc.pre(glob !== '');
        const source = glob.replace(/\*\*|[\s\S]/g, (token) =>
          token === '**' ? '[\\s\\S]*' : token === '*' ? '[^/]*' : `\\u{${(token.codePointAt(0) ?? 0).toString(16)}}`,
        );
        expect(identityMatches(glob, text)).toBe(new RegExp(`^(?:${source})$`, 'u').test(text));
      }),
      { numRuns: 2000 },
    );
  });
});

describe('checkIdentityPattern', () => {
  const issuer = 'https://token.actions.githubusercontent.com';

  test.each([WORKFLOW, 'https://github.com/acme/**', '*@acme.example', 'https://gitlab.acme.example/**'])(
    'accepts %s',
    (identity) => {
      expect(checkIdentityPattern({ identity, issuer })).toBeUndefined();
    },
  );

  test.each([
    ['', 'empty'],
    ['   ', 'empty'],
    ['*', 'everybody'],
    ['**', 'everybody'],
    ['***', 'everybody'],
    ['*@*', 'everybody'],
    ['https://**', 'everybody'],
    ['https://*/**', 'everybody'],
    ['https://github.com/**', 'public host'],
    ['https://github.com/*/models', 'public host'],
    ['https://GITLAB.com/**', 'public host'],
    ['ann@acme.example\n', 'characters'],
    ['ann@acme.example\u200b', 'characters'],
    [`a${'*'.repeat(3000)}`, 'more than 2048'],
  ])('refuses the identity %j', (identity, why) => {
    expect(usageOf(() => checkIdentityPattern({ identity, issuer }))).toContain(why);
  });

  test('refuses an issuer pattern that matches anybody', () => {
    expect(usageOf(() => checkIdentityPattern({ identity: WORKFLOW, issuer: '**' }))).toContain('everybody');
    expect(usageOf(() => checkNamePattern('', '--identity'))).toContain('empty');
  });
});

function usageOf(run: () => void): string {
  try {
    run();
  } catch (error) {
    if (isAssayError(error) && error.code === 'usage') return error.message;
    throw error;
  }
  throw new Error('nothing was refused');
}
