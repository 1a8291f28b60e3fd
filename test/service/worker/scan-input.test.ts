import { expect, it } from 'vitest';
import type { Artifact, ArtifactFile } from '../../../src/core/index.ts';
import { chosenLists } from '../../../src/pipeline/index.ts';
import { mayBeKnown, scanInput } from '../../../src/service/worker/scan-input.ts';
import { testConfig } from '../../support/service.ts';
import { tempFolder } from '../../support/temp.ts';

const settings = await testConfig(tempFolder());
const rules = await chosenLists('builtin', {});
const COMMIT = '0123456789012345678901234567890123456789';

function file(more: Partial<ArtifactFile> = {}): ArtifactFile {
  return { path: 'a.bin', size: 3, distance: 'near', open: () => Promise.reject(new Error('not opened')), ...more };
}

function artifact(ref: string, files: readonly ArtifactFile[] = [file()]): Artifact {
  return { ref, pinned: ref, files, notes: [], close: async () => {} };
}

function keyOf(
  target: string,
  ref = target,
  more: { readonly settings?: object; readonly notes?: readonly string[] } = {},
): string {
  const order = { target, tenant: 'acme', env: {} };
  const lists = { ...rules, notes: more.notes ?? rules.notes };
  return scanInput(order, artifact(ref), lists, { ...settings, ...more.settings }).key;
}

it('the key is the same for all uploads, and for all commits of a repository', () => {
  expect(keyOf('upload:1')).toBe(keyOf('upload:2'));
  expect(keyOf('hf://acme/model')).toBe(keyOf(`hf://acme/model@${COMMIT}`));
});

it('the key is another one for another source, repository, Hub, limit or ruleset', () => {
  const keys = [
    keyOf('upload:1'),
    keyOf('hf://acme/model'),
    keyOf('hf://acme/other'),
    keyOf('https://example.org/a.bin'),
    keyOf('https://example.org/b.bin'),
    keyOf('s3://bucket/a'),
    keyOf('upload:1', 'upload:1', { settings: { hubEndpoint: 'https://hub.example' } }),
    keyOf('upload:1', 'upload:1', { settings: { limits: { ...settings.limits, maxUploadBytes: 1 } } }),
    keyOf('upload:1', 'upload:1', { notes: ['the installed rules are older'] }),
  ];
  expect(new Set(keys).size).toBe(keys.length);
});

it('the input lists what the source announces', () => {
  const claimed = { algorithm: 'sha256', hex: 'a'.repeat(64) } as const;
  const listed = artifact('upload:1', [
    file({ claimed }),
    file({ path: 'b', claimed: { algorithm: 'git-sha1', hex: 'b'.repeat(40) } }),
  ]);
  expect(scanInput({ target: 'upload:1', tenant: 'acme', env: {} }, listed, rules, settings).files).toEqual([
    { path: 'a.bin', size: 3, sha256: claimed.hex },
    { path: 'b', size: 3, sha256: null },
  ]);
});

it('nothing is known of what a source says something against, of links, and of nothing', () => {
  expect(mayBeKnown(artifact('upload:1'))).toBe(true);
  expect(mayBeKnown(artifact('upload:1', [file(), file({ reported: { status: 'unsafe', by: [] } })]))).toBe(false);
  expect(mayBeKnown(artifact('upload:1', [file({ link: 'within' })]))).toBe(false);
  expect(mayBeKnown(artifact('upload:1', []))).toBe(false);
});
