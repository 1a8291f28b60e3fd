import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { SCAN_FORMATS } from '../../../../src/cli/commands/scan/request.ts';
import { writeInstalled } from '../../../../src/pipeline/rules/installed.ts';
import { RULESET_VERSION } from '../../../../src/scan/lists/ruleset-version.ts';
import { ACME, RulesWorkshop } from '../../rules-workshop.ts';

const shop = new RulesWorkshop();

beforeAll(async () => {
  shop.lists('lists', { 'acme.json': ACME });
  for (const [version, output] of [
    ['2027.1.1', 'one.bundle'],
    ['2027.2.0', 'two.bundle'],
  ] as const) {
    expect(await shop.build('lists', version, output)).toMatchObject({ code: 0, stderr: '' });
  }
});

beforeEach(() => shop.moveHome());

describe('assay rules update', () => {
  it('installs a file without a network, and scans use it until it is removed', async () => {
    const before = await shop.verdict();
    expect(before).toMatchObject({ verdict: 'suspicious', action: 'deny' });
    const updated = await shop.update('one.bundle');
    expect(updated.stderr).toBe('');
    expect(updated).toMatchObject({ code: 0, stdout: expect.stringMatching(/^Installed: rules 2027\.1\.1 \(sha256:/) });
    const after = await shop.verdict('--offline');
    expect(after).toMatchObject({ verdict: 'clean', action: 'allow', ruleset: { version: '2027.1.1' } });
    expect(updated.stdout).toContain(after.ruleset.digest);
    expect(after.ruleset.digest).not.toBe(before.ruleset.digest);
    expect(await shop.verdict('--ruleset', 'builtin')).toEqual(before);
    expect((await shop.run(['rules', 'remove'])).stdout).toContain('Removed');
    expect(await shop.verdict()).toEqual(before);
    expect((await shop.run(['rules', 'remove'])).stdout).toContain('No rules are installed');
    expect(readdirSync(shop.home)).toEqual([]);
  });

  it('prints the installed rules', async () => {
    const builtIn = JSON.parse((await shop.run(['rules', '--format', 'json'])).stdout);
    expect(builtIn).toMatchObject({ source: 'program', installed: null });
    await shop.update('one.bundle', '-q');
    const facts = JSON.parse((await shop.run(['rules', 'show', '--format', 'json'])).stdout);
    expect(facts).toMatchObject({
      version: '2027.1.1',
      source: 'installed',
      names: builtIn.names + 1,
      rules: builtIn.rules,
      installed: { version: '2027.1.1', lists: ['acme'], from: 'one.bundle', path: join(shop.home, 'rules.json') },
    });
    expect(facts.digest).toBe((await shop.verdict()).ruleset.digest);
    const { stdout } = await shop.run(['rules']);
    expect(stdout).toContain('2027.1.1');
    expect(stdout).toContain(facts.digest);
    expect(statSync(join(shop.home, 'rules.json')).mode & 0o777).toBe(0o600);
  });

  it('adds the version and digest of the rules to every report', async () => {
    await shop.update('one.bundle', '-q');
    const { version, digest } = (await shop.verdict()).ruleset;
    expect(version).toBe('2027.1.1');
    for (const format of SCAN_FORMATS) {
      const { stdout } = await shop.run(['scan', 'model', '--format', format]);
      expect(stdout, format).toContain(version);
      // Reports for people shorten the digest.
      expect(stdout, format).toContain(digest.slice(0, 'sha256:'.length + 12));
    }
    await shop.run(['review', 'model', '-o', 'review.html', '-q']);
    const review = readFileSync(shop.at('review.html'), 'utf8');
    expect(review).toContain(version);
    expect(review).toContain(digest);
  });

  it('ignores older rules that an older program installed, and reports it', async () => {
    const bundle = await shop.sign({ version: '2026.11.1' }, 'older.bundle');
    expect(await shop.update(bundle)).toMatchObject({ code: 2, stderr: expect.stringContaining('not newer than') });
    const builtIn = await shop.verdict();
    await writeInstalled(join(shop.home, 'rules.json'), {
      bundle: readFileSync(shop.at(bundle)).toString('base64'),
      key: readFileSync(shop.at('ours.pub'), 'utf8'),
      from: bundle,
      installed: '2026-11-01T00:00:00.000Z',
    });
    const { notes, ...judged } = await shop.verdict();
    expect(judged).toEqual({ verdict: builtIn.verdict, ruleset: builtIn.ruleset, action: builtIn.action });
    expect(notes).toContain(
      'the installed rules 2026.11.1 are older than the built-in rules; the built-in rules were used',
    );
    expect((await shop.run(['rules'])).stdout).toContain('not used: older than the built-in rules');
    expect(await shop.update('one.bundle')).toMatchObject({ code: 0, stderr: '' });
  });

  it('refuses a rollback, and a second bundle of the same version', async () => {
    await shop.update('two.bundle', '-q');
    const installed = readFileSync(join(shop.home, 'rules.json'));
    const back = await shop.update('one.bundle');
    expect(back.code).toBe(2);
    expect(back.stderr).toContain('of version 2027.1.1, which is not newer than 2027.2.0, which is installed');
    shop.lists('others', { 'acme.json': ACME, 'severities.json': { 'pickle.global.unlisted': 'critical' } });
    await shop.build('others', '2027.2.0', 'same.bundle');
    expect((await shop.update('same.bundle')).code).toBe(2);
    expect(readFileSync(join(shop.home, 'rules.json'))).toEqual(installed);
    const again = await shop.update('two.bundle');
    expect(again).toMatchObject({ code: 0, stdout: expect.stringContaining('Already installed') });
    const old = await shop.build('lists', '2020.1.1', 'old.bundle');
    expect(old).toMatchObject({ code: 2, stderr: expect.stringContaining('is not newer than') });
  });

  it('installs no rules of an unknown signer, no changed rules, and no other file', async () => {
    const bundle = JSON.parse(readFileSync(shop.at('one.bundle'), 'utf8'));
    const payload = Buffer.from(bundle.dsseEnvelope.payload, 'base64').toString();
    const changed = Buffer.from(payload.replace('acme.tokens', 'evil.tokens')).toString('base64');
    const write = (name: string, envelope: object) =>
      writeFileSync(
        shop.at(name),
        JSON.stringify({ ...bundle, dsseEnvelope: { ...bundle.dsseEnvelope, ...envelope } }),
      );
    write('changed.bundle', { payload: changed });
    write('typed.bundle', { payloadType: 'application/vnd.in-toto+json' });
    write('unsigned.bundle', { signatures: [] });
    const statement = ['--type', 'waiver', '--rule', 'x', '--reason', 'r', '--owner', 'o', '--expires'];
    const digest = `sha256:${'ab'.repeat(32)}`;
    await shop.run([
      ...['attestation', 'create', ...statement, '2999-01-01T00:00:00Z', '--digest', digest],
      ...['--private-key', 'ours.pem', '-o', 'waiver.bundle', '-q'],
    ]);
    for (const [file, publicKey, message] of [
      ['one.bundle', 'stranger.pub', 'which is not trusted for rules'],
      ['changed.bundle', 'ours.pub', 'the signature is not by a key'],
      [
        'typed.bundle',
        'ours.pub',
        'the envelope holds "application/vnd.in-toto+json", not application/vnd.assay.rules',
      ],
      [
        'waiver.bundle',
        'ours.pub',
        'the envelope holds "application/vnd.in-toto+json", not application/vnd.assay.rules',
      ],
      ['unsigned.bundle', 'ours.pub', 'nothing was installed'],
    ] as const) {
      const { code, stderr } = await shop.update(file, '--public-key', publicKey);
      expect(stderr).toContain(message);
      expect(code).toBe(1);
    }
    const { code, stderr } = await shop.update('model/tokens.pkl');
    expect(stderr).toContain('is not a bundle of rules');
    expect(code).toBe(2);
    expect(existsSync(shop.home)).toBe(false);
  });

  it.each([
    [
      'list a dangerous name',
      { allowlists: { acme: { ...ACME, globals: [['os', 'system', 'call', '']] } } },
      'allow os.system for the use call, although it runs programs',
    ],
    ['lower a severity', { severities: { 'pickle.call.computed': 'info' } }, 'lower the severity'],
    ['are for a newer program', { minimumProgram: '99.0.0' }, 'need version 99.0.0 of assay'],
    ['have an unknown field', { prefixes: ['os.'] }, 'is not a valid rule bundle'],
    ['are as old as the program', { version: RULESET_VERSION }, 'is not newer than'],
  ])('installs nothing of a trusted signer when the rules %s', async (_, payload, message) => {
    const bundle = await shop.sign(payload, 'loose.bundle');
    const { code, stdout, stderr } = await shop.update(bundle);
    expect(stderr).toContain(message);
    expect(stderr).toMatch(/^assay: loose\.bundle: [^\n]+\n$/);
    expect(stdout).toBe('');
    expect(code).toBe(2);
    expect(existsSync(shop.home)).toBe(false);
    expect(await shop.update(await shop.sign({}, 'sound.bundle'))).toMatchObject({ code: 0 });
  });

  it('trusts only the signers that the trust file lists for rules', async () => {
    const update = (...args: string[]) => shop.run(['rules', 'update', '--from', 'one.bundle', ...args]);
    const nobody = await update();
    expect(nobody).toMatchObject({ code: 2, stderr: expect.stringContaining('no signer of rules is trusted') });
    const signer = (may: string) => `version: 1\nsigners:\n  - {name: security, key: ours.pub, may: [${may}]}\n`;
    writeFileSync(shop.at('waivers-only.yaml'), signer('waiver'));
    writeFileSync(shop.at('rules.yaml'), signer('rules'));
    writeFileSync(shop.at('ended.yaml'), signer('rules').replace('}', ', notAfter: 2020-01-01T00:00:00Z}'));
    for (const trust of ['waivers-only.yaml', 'ended.yaml']) {
      const refused = await update('--trust', trust);
      expect(refused).toMatchObject({ code: 2, stderr: expect.stringContaining('lets nobody sign rules') });
    }
    expect(await update('--trust', 'rules.yaml')).toMatchObject({ code: 0, stderr: '' });
  });

  it('refuses expired rules, on installation and on use', async () => {
    await shop.build('lists', '2027.3.0', 'long.bundle', '--expires', '2999-01-31T00:00:00Z');
    expect(await shop.update('long.bundle', '-q')).toMatchObject({ code: 0, stdout: '', stderr: '' });
    // Rules of the same version that were installed before they expired.
    const ended = '2026-02-01T00:00:00Z';
    const times = { issued: '2026-01-01T00:00:00Z', expires: ended };
    await shop.sign({ ...times, version: '2027.3.0' }, 'short.bundle');
    const bundle = readFileSync(shop.at('short.bundle'));
    await writeInstalled(join(shop.home, 'rules.json'), {
      bundle: bundle.toString('base64'),
      key: readFileSync(shop.at('ours.pub'), 'utf8'),
      from: 'short.bundle',
      installed: times.issued,
    });
    const scan = await shop.run(['scan', 'model']);
    expect(scan).toMatchObject({ code: 2, stderr: expect.stringContaining(`the rules expired on ${ended}`) });
    expect((await shop.run(['rules'])).stderr).toContain('install newer ones (assay rules update)');
    expect((await shop.run(['scan', 'model', '--ruleset', 'builtin'])).code).toBe(1);
    expect(await shop.update('two.bundle')).toMatchObject({ code: 2, stderr: expect.stringContaining('is not newer') });
    await shop.build('lists', '2027.3.1', 'next.bundle');
    expect(await shop.update('next.bundle')).toMatchObject({ code: 0, stderr: '' });
    expect((await shop.verdict()).ruleset.version).toBe('2027.3.1');
    await shop.run(['rules', 'remove']);
    const late = await shop.update('short.bundle');
    expect(late).toMatchObject({ code: 2, stderr: expect.stringContaining('the rules expired') });
  });

  it('makes a scan refuse installed rules that were changed', async () => {
    await shop.update('one.bundle', '-q');
    const path = join(shop.home, 'rules.json');
    const good = JSON.parse(readFileSync(path, 'utf8'));
    const other = Buffer.from(good.bundle, 'base64')
      .toString()
      .replace(/"sig":"..../, '"sig":"AAAA');
    const swapped = Buffer.from(other).toString('base64');
    const stranger = readFileSync(shop.at('stranger.pub'), 'utf8');
    const sha256 = createHash('sha256').update(other).digest('hex');
    for (const [change, message] of [
      [{ bundle: swapped }, 'the installed rules were changed after their installation'],
      [{ bundle: swapped, sha256 }, 'the signature of the installed rules is not valid'],
      [{ key: stranger }, 'the signature of the installed rules is not valid'],
      [{ bundle: '!' }, 'the installed rules were changed after their installation'],
      [{ more: 1 }, 'holds no installed rules'],
    ] as const) {
      writeFileSync(path, JSON.stringify({ ...good, ...change }));
      const { code, stdout, stderr } = await shop.run(['scan', 'model']);
      expect(stderr).toContain(message);
      expect(stderr).toContain('assay rules remove');
      expect(stdout).toBe('');
      expect(code).toBe(2);
      // Their version is not known any more, so a rollback cannot be detected.
      expect(await shop.update('two.bundle')).toMatchObject({ code: 2, stderr: expect.stringContaining(message) });
    }
    writeFileSync(path, '{');
    expect((await shop.run(['scan', 'model'])).code).toBe(2);
    expect((await shop.run(['scan', 'model', '--ruleset', 'builtin'])).code).toBe(1);
  });

  it('makes a file malicious that an advisory names', async () => {
    const bytes = readFileSync(shop.at('model/tokens.pkl'));
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    const advisories = [{ id: 'ACME-2027-1', title: 'steals keys \u001b[2J', sha256: [sha256] }];
    shop.lists('advised', { 'acme.json': ACME, 'advisories.json': advisories });
    await shop.build('advised', '2027.4.0', 'advised.bundle');
    await shop.update('advised.bundle', '-q');
    const { stdout, code } = await shop.run(['scan', 'model']);
    expect(code).toBe(1);
    expect(stdout).toContain('ACME-2027-1');
    expect(stdout).not.toContain('\u001b');
    expect((await shop.verdict()).verdict).toBe('malicious');
  });
});

describe('assay rules build', () => {
  it.each([
    ['a dangerous name', { 'a.json': { ...ACME, globals: [['os', 'system', 'call', '']] } }, 'os.system'],
    ['a lower severity', { 'severities.json': { 'pickle.call.computed': 'low' } }, 'lower the severity'],
    ['an invalid list', { 'a.json': { globals: [] } }, 'is not a valid rule bundle'],
    ['no list', { 'a.txt': {} }, 'contains no lists'],
  ])('signs nothing for %s', async (_, files, message) => {
    const folder = shop.lists(`wrong-${message}`, files);
    const { code, stderr } = await shop.build(folder, '2027.5.0', 'wrong.bundle');
    expect(stderr).toContain(message);
    expect(code).toBe(2);
    expect(existsSync(shop.at('wrong.bundle'))).toBe(false);
  });
});
