import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { nameFindings } from '../../../src/scan/names/findings.ts';
import { lookAlike } from '../../../src/scan/names/look-alike.ts';

const { owners } = JSON.parse(readFileSync(new URL('../../../src/scan/names/owners.json', import.meta.url), 'utf8'));
const listed: string[] = owners.split(' ');

describe('the name of an owner', () => {
  it.each([
    ['meta-IIama', 'meta-llama'],
    ['metallama', 'meta-llama'],
    ['meta_llama', 'meta-llama'],
    ['meta-1lama', 'meta-llama'],
    ['meta-lama', 'meta-llama'],
    ['mistra1ai', 'mistralai'],
    ['mistral-ai', 'mistralai'],
    ['rnicrosoft', 'microsoft'],
    ['mircosoft', 'microsoft'],
    ['microsoft-official', 'microsoft'],
    ['official-google', 'google'],
    ['g00gle', 'google'],
    ['gооgle', 'google'],
    ['ｇｏｏｇｌｅ', 'google'],
    ['deepseek_ai', 'deepseek-ai'],
    ['facebo0k', 'facebook'],
    ['stabilityal', 'stabilityai'],
  ])('%s looks like %s', (owner, known) => {
    expect(lookAlike(owner)).toBe(known);
  });

  it.each([
    'acme',
    'bert',
    'tech',
    'HuggingFaceH4',
    'EleutherAI',
    'bigscience',
    'models',
    'user',
    'appl',
    'intels',
    'opena',
    'mistral',
    'llama',
    'Meta',
    'microsofts',
    'sentence-transformers',
    'unsloth',
    'TheBloke',
  ])('%s looks like none', (owner) => {
    expect(lookAlike(owner)).toBeUndefined();
  });

  it('of the list is itself, in any case', () => {
    for (const owner of listed)
      for (const form of [owner, owner.toLowerCase(), owner.toUpperCase()]) expect(lookAlike(form)).toBeUndefined();
  });

  it('may be one that the organisation knows', () => {
    expect(lookAlike('acme-mode1s', ['acme-models'])).toBe('acme-models');
    expect(lookAlike('acme-models', ['acme-models'])).toBeUndefined();
  });

  it('can be any text', () => {
    fc.assert(fc.property(fc.string({ unit: 'grapheme' }), (owner) => void lookAlike(owner)));
  });
});

describe('a base model', () => {
  const commit = '0123456789abcdef0123456789abcdef01234567';
  const named = (path: string, name: string) =>
    nameFindings([{ path, name, as: 'base' }]).map(
      ({ ruleId, severity, message }) => `${severity} ${ruleId}: ${message}`,
    );

  it('that an adapter loads without a commit is a finding, which says how to pin it', () => {
    expect(named('adapter_config.json', 'acme/base')).toEqual([
      'low hub.unpinned.base: Names the base model acme/base without a commit; pinned, it is "revision": "<commit>".',
    ]);
    expect(named('adapter_config.json', 'acme/base@main')).toEqual([
      'low hub.unpinned.base: Names the base model acme/base at main, which can move; pinned, it is "revision": "<commit>".',
    ]);
  });

  it('of a card only informs', () => {
    expect(named('README.md', 'acme/base')).toEqual([
      'info hub.unpinned.card: Names the base model acme/base without a commit; pinned, it is acme/base@<commit>.',
    ]);
  });

  it.each([`acme/base@${commit}`, './local/base', '/models/base', 'base'])('%s is none', (name) => {
    expect(named('adapter_config.json', name)).toEqual([]);
  });

  it('of a look-alike is named with its letters', () => {
    expect(named('README.md', `gооgle/gemma@${commit}`)).toEqual([
      'low hub.name.look-alike: Names a repository of gооgle (with U+043E), which looks like google.',
    ]);
  });
});
