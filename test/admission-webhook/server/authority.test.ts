import { execFileSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  AUTHORITY_RULES,
  type KeptAuthority,
  keptData,
  readKept,
  renewed,
} from '../../../admission-webhook/src/server/certificate/kept-authority.ts';
import { servingPair } from '../../../admission-webhook/src/server/certificate/serving.ts';
import { readCertificate } from '../../../src/integrity/x509/certificate.ts';
import { CA, issue, type KeyKind } from '../../integrity/sign/pki.ts';
import { tempFolder } from '../../support/temp.ts';

const NAMES = ['gate.assay.svc', 'gate.assay.svc.cluster.local'] as const;
const START = new Date('2026-11-25T12:00:00Z');
const folder = tempFolder();
const day = (days: number) => new Date(START.getTime() + days * 86_400_000);
const at = (kept: KeptAuthority | undefined, days: number, names: readonly [string, ...string[]] = NAMES) =>
  renewed(kept, { names, now: day(days), rules: AUTHORITY_RULES });

/** Whether OpenSSL accepts it in strict mode, for a name at a date. */
function verifies(
  { server }: KeptAuthority,
  bundle: readonly string[],
  days: number,
  host: string = NAMES[0],
): boolean {
  const [ca, leaf] = [join(folder, 'ca.pem'), join(folder, 'leaf.pem')];
  writeFileSync(ca, bundle.join(''));
  writeFileSync(leaf, server.cert);
  const time = ['-attime', String(Math.floor(day(days).getTime() / 1000))];
  const how = ['-x509_strict', '-purpose', 'sslserver', '-verify_hostname', host, ...time, '-CAfile', ca, leaf];
  try {
    execFileSync('openssl', ['verify', ...how], { stdio: 'pipe' });
    return true;
  } catch {
    return false;
  }
}

describe("the webhook's own certificate authority", async () => {
  const first = await at(undefined, 0);

  it('issues certificates that OpenSSL and our own parser accept, for its names alone', async () => {
    for (const name of NAMES) expect(verifies(first, first.authorities, 1, name)).toBe(true);
    expect(verifies(first, first.authorities, 1, 'other.assay.svc')).toBe(false);
    expect(verifies(first, (await at(undefined, 0)).authorities, 1)).toBe(false);
    expect(verifies(first, first.authorities, 91)).toBe(false);
    const authority = readCertificate(new X509Certificate(first.authorities[0] ?? '').raw, 'the authority');
    expect(authority).toMatchObject({ authority: true, pathLength: 0, stronglySigned: true, notUnderstood: [] });
    const leaf = readCertificate(new X509Certificate(first.server.cert).raw, 'the server');
    expect(leaf).toMatchObject({ authority: false, keyUsage: { digitalSignature: true, keyCertSign: false } });
    expect(servingPair(first.server.cert, first.server.key, 'x').notAfter).toEqual(day(90));
  });

  it('is restored unchanged from a Secret', async () => {
    const data = new Map(Object.entries(keptData(first)).map(([name, text]) => [name, Buffer.from(text)]));
    expect(readKept(data)).toEqual(first);
    expect(await at(readKept(data), 1)).toEqual(first);
    for (const lost of ['ca.crt', 'ca.key', 'tls.crt', 'tls.key']) {
      const less = new Map([...data].filter(([name]) => name !== lost));
      const hinted = await at(readKept(less), 1);
      expect(hinted).not.toEqual(first);
      expect(verifies(hinted, hinted.authorities, 1)).toBe(true);
    }
    expect(readKept(new Map())).toBeUndefined();
    expect(readKept(new Map([['ca.crt', Buffer.alloc(100_000, 0x41)]]))).toBeUndefined();
  });

  it('renews the certificate after two thirds of its lifetime, and itself likewise, with the old authority beside it', async () => {
    expect(await at(first, 59)).toBe(first);
    const second = await at(first, 61);
    expect(second.authorities).toEqual(first.authorities);
    expect(second.server).not.toEqual(first.server);
    const third = await at(second, 488);
    expect(third.authorities).toHaveLength(2);
    expect(third.authorities[1]).toBe(first.authorities[0]);
    expect(verifies(third, third.authorities, 489)).toBe(true);
    // A client that trusts both authorities accepts certificates of the old one.
    expect(verifies(second, third.authorities, 100)).toBe(true);
    const fourth = await at(third, 1_000);
    expect(fourth.authorities).toHaveLength(2);
    expect(fourth.authorities[1]).toBe(third.authorities[0]);
  });

  it('issues a new certificate for another name, and never with a longer lifetime than its own', async () => {
    const moved = await at(first, 1, ['other.assay.svc']);
    expect(moved.authorities).toEqual(first.authorities);
    expect(verifies(moved, moved.authorities, 2, 'other.assay.svc')).toBe(true);
    const late = await renewed(first, {
      names: NAMES,
      now: day(480),
      rules: { ...AUTHORITY_RULES, serverDays: 3_650 },
    });
    expect(Date.parse(new X509Certificate(late.server.cert).validTo)).toBe(day(730).getTime());
  });

  it('does not accept a certificate of another authority from the Secret', async () => {
    const other = await at(undefined, 0);
    const mixed = await at({ ...first, server: other.server }, 1);
    expect(mixed.server).not.toEqual(other.server);
    expect(verifies(mixed, first.authorities, 1)).toBe(true);
    const stolen = await at({ ...first, authorityKey: other.authorityKey }, 1);
    expect(stolen.authorities[0]).not.toBe(first.authorities[0]);
  });

  it('issues certificates when it states a key identifier of its own', async () => {
    const authority = made('P-256', 'DE:AD:BE:EF');
    const kept = await at({ ...authority, server: first.server }, 0);
    expect(kept.authorities).toEqual(authority.authorities);
    expect(verifies(kept, kept.authorities, 1)).toBe(true);
  });

  it('is replaced when its key is not on P-256', async () => {
    for (const kind of ['RSA', 'P-384'] as const) {
      const authority = made(kind, 'hash');
      const kept = await at({ ...authority, server: first.server }, 0);
      expect(kept.authorities[0]).not.toBe(authority.authorities[0]);
      expect(verifies(kept, kept.authorities, 1)).toBe(true);
    }
  });
});

/** An authority made by OpenSSL, valid for two years from `START`. */
function made(kind: KeyKind, keyIdentifier: string): Omit<KeptAuthority, 'server'> {
  const extensions = [...CA, `subjectKeyIdentifier=${keyIdentifier}`];
  const { certificate, privateKey } = issue(folder, `other-${kind}`, {
    kind,
    extensions,
    from: '20261125120000Z',
    to: '20281125120000Z',
  });
  return { authorities: [readFileSync(certificate, 'utf8')], authorityKey: readFileSync(privateKey, 'utf8') };
}
