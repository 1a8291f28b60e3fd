import { execFileSync } from 'node:child_process';
import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { type OpenBreakGlass, openBreakGlass } from '../../../admission-webhook/src/snapshot-feed/break-glass.ts';
import type { BreakGlassQuery } from '../../../admission-webhook/src/waivers.ts';
import { signStatement } from '../../../src/integrity/attestations/sign-statement.ts';
import { isSignatureError } from '../../../src/integrity/envelope/signature-error.ts';
import { keySigner } from '../../../src/integrity/sign/key-signer.ts';
import { createStatement, type StatementInputs } from '../../../src/integrity/statements/create.ts';
import { sample } from '../../integrity/attestations/samples.ts';
import { digestOf } from '../../support/oci-registry.ts';
import { tempFolder } from '../../support/temp.ts';
import { until } from '../../support/until.ts';

const root = tempFolder();
const NOW = new Date('2026-11-25T12:00:00Z');
const END = '2026-11-25T18:00:00Z';
const REF = `hf://acme/model@${'a'.repeat(40)}`;
const responder = generateKeyPairSync('ed25519');
const approver = generateKeyPairSync('ed25519');
const stranger = generateKeyPairSync('ed25519');
const opened: OpenBreakGlass[] = [];
let folders = 0;

afterEach(async () => {
  await Promise.all(opened.splice(0).map((one) => one.close()));
});

type Input = StatementInputs['break-glass'];

async function waiver(more: Partial<Input> = {}, key: KeyObject = responder.privateKey): Promise<Buffer> {
  const statement = createStatement('break-glass', {
    namespaces: ['payments'],
    reference: REF,
    outcomes: ['unlisted'],
    reason: 'incident 42',
    owner: 'sre',
    at: NOW,
    expires: new Date(END),
    ...more,
  });
  return Buffer.from(JSON.stringify(await signStatement(statement, keySigner(key))));
}

function pem(key: KeyObject): string {
  return key.export({ type: 'spki', format: 'pem' }).toString();
}

function newFolder(): { readonly folder: string; readonly trust: string } {
  const base = join(root, `${++folders}`);
  const folder = join(base, 'waivers');
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(base, 'responder.pub'), pem(responder.publicKey));
  writeFileSync(join(base, 'approver.pub'), pem(approver.publicKey));
  const trust = join(base, 'trust.yaml');
  writeFileSync(
    trust,
    'version: 1\nsigners:\n  - {name: on call, key: responder.pub, may: [break-glass]}\n' +
      '  - {name: approver, key: approver.pub, may: [approval, waiver]}\n',
  );
  return { folder, trust };
}

async function open(place: { readonly folder: string; readonly trust: string }, now = NOW): Promise<OpenBreakGlass> {
  const source = await openBreakGlass({ ...place, pollMs: 200, now: () => now });
  opened.push(source);
  return source;
}

const query: BreakGlassQuery = { outcome: 'unlisted', namespace: 'payments', reference: REF, now: NOW };

describe('a break-glass waiver', () => {
  it('applies to exactly what it names', async () => {
    const place = newFolder();
    const bytes = await waiver();
    writeFileSync(join(place.folder, 'one.json'), bytes);
    const source = await open(place);
    expect(source.health()).toEqual({ loadedAt: NOW, problem: null });
    const found = { by: 'on call', owner: 'sre', reason: 'incident 42', expires: END, digest: digestOf(bytes) };
    expect(source.waivers().find(query)).toEqual(found);
    const others: Partial<BreakGlassQuery>[] = [
      { outcome: 'unpinned' },
      { namespace: 'payment' },
      { namespace: '' },
      { reference: null },
      { reference: `${REF}/file` },
      { now: new Date(END) },
      { now: new Date('2026-11-25T11:54:59Z') },
    ];
    for (const other of others) expect(source.waivers().find({ ...query, ...other })).toBeUndefined();
  });

  it('without a reference applies only to objects that name no model', async () => {
    const place = newFolder();
    writeFileSync(join(place.folder, 'one.json'), await waiver({ reference: null, outcomes: ['none', 'unresolved'] }));
    const { find } = (await open(place)).waivers();
    expect(find({ ...query, outcome: 'none', reference: null })).toBeDefined();
    expect(find({ ...query, outcome: 'none' })).toBeUndefined();
  });

  it('applies when its file is added, and no longer when it is removed', async () => {
    const place = newFolder();
    const source = await open(place);
    expect(source.waivers().find(query)).toBeUndefined();
    const path = join(place.folder, 'one.json');
    writeFileSync(path, await waiver());
    await until('the waiver applies', () => source.waivers().find(query) !== undefined);
    rmSync(path);
    await until('no waiver applies', () => source.waivers().find(query) === undefined);
  });

  it('does not apply once its signer is no longer trusted', async () => {
    const place = newFolder();
    writeFileSync(join(place.folder, 'one.json'), await waiver());
    const source = await open(place);
    expect(source.waivers().find(query)).toBeDefined();
    writeFileSync(place.trust, readFileSync(place.trust, 'utf8').replace('[break-glass]', '[snapshot]'));
    // A partially written trust file lets nobody sign, for another reason.
    await until('a problem', () => source.health().problem?.includes('may not sign') === true);
    expect(source.waivers().find(query)).toBeUndefined();
    writeFileSync(place.trust, 'nonsense');
    await until('a problem', () => source.health().problem?.includes('trust.yaml') === true);
  });

  it('is refused with the reason when any part of it is invalid', async () => {
    const place = newFolder();
    const good = await waiver();
    const flipped = Buffer.from(good);
    const at = good.indexOf('"payload":"') + 60;
    flipped[at] = flipped[at] === 0x41 ? 0x42 : 0x41;
    const files: Readonly<Record<string, Uint8Array>> = {
      'approver.json': await waiver({}, approver.privateKey),
      'flipped.json': flipped,
      'html.json': Buffer.from('<html></html>'),
      'other-kind.json': Buffer.from(
        JSON.stringify(await signStatement(sample('waiver'), keySigner(responder.privateKey))),
      ),
      'stranger.json': await waiver({}, stranger.privateKey),
      'truncated.json': good.subarray(0, good.length / 2),
    };
    for (const [name, bytes] of Object.entries(files)) {
      writeFileSync(join(place.folder, name), bytes);
      const source = await open(place);
      expect(source.waivers().find(query)).toBeUndefined();
      expect(source.health().problem).toContain(`${name}: `);
      rmSync(join(place.folder, name));
    }
    writeFileSync(
      join(place.folder, 'ended.json'),
      await waiver({ at: new Date('2026-11-24T00:00:00Z'), expires: NOW }),
    );
    writeFileSync(join(place.folder, 'huge.json'), Buffer.alloc(2 * 1024 * 1024));
    mkdirSync(join(place.folder, '..data'));
    writeFileSync(join(place.folder, 'good.json'), good);
    const source = await open(place);
    expect(source.health().problem).toMatch(/^huge\.json: has more than \d+ bytes$/);
    expect(source.waivers().find(query)).toBeDefined();
  });

  it('cannot be created for a longer time, for no namespace, or for a denied model', async () => {
    const wrong: readonly [Partial<Input>, RegExp][] = [
      [{ expires: new Date('2026-11-28T12:00:01Z') }, /more than 72 hours/],
      [{ expires: NOW }, /expires before it begins/],
      [{ namespaces: ['*'] }, /not the name of a namespace/],
      [{ namespaces: ['a', 'a'] }, /twice/],
      [{ outcomes: [] }, /is empty/],
      [{ outcomes: ['denied' as 'none'] }, /is not one of/],
    ];
    for (const [more, message] of wrong) await expect(waiver(more)).rejects.toThrow(message);
    await expect(waiver({ namespaces: [] })).rejects.toThrow(/needs a subject/);
    const refused = await waiver({ namespaces: ['*'] }).catch((error: unknown) => error);
    expect(isSignatureError(refused)).toBe(true);
  });

  it('can be created on the command line', async () => {
    const place = newFolder();
    const key = join(root, 'responder.pem');
    writeFileSync(key, responder.privateKey.export({ type: 'pkcs8', format: 'pem' }));
    const expires = new Date(Date.now() + 3_600_000).toISOString().replace(/\.\d+/, '');
    const main = new URL('../../../dist/src/cli/main.js', import.meta.url).pathname;
    const scope = ['--namespace', 'payments', '--namespace', 'fraud', '--outcome', 'unlisted', '--reference', REF];
    const why = ['--reason', 'incident 42', '--owner', 'sre', '--expires', expires];
    const output = join(place.folder, 'made.json');
    const args = ['attestation', 'create', '--type', 'break-glass', ...scope, ...why];
    execFileSync(process.execPath, [main, ...args, '--private-key', key, '-o', output], { stdio: 'pipe' });
    const now = new Date();
    const source = await open(place, now);
    expect(source.health().problem).toBeNull();
    expect(source.waivers().find({ ...query, namespace: 'fraud', now })).toMatchObject({ by: 'on call', expires });
    const long = [...args.slice(0, -1), '2999-01-01T00:00:00Z', '--private-key', key];
    expect(() => execFileSync(process.execPath, [main, ...long], { stdio: 'pipe' })).toThrow(/more than 72 hours away/);
  });
});
