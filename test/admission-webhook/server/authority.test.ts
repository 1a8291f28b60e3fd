import { execFileSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { writeFileSync } from 'node:fs';
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
import { tempFolder } from '../../support/temp.ts';

const NAMES = ['gate.assay.svc', 'gate.assay.svc.cluster.local'] as const;
const START = new Date('2026-11-25T12:00:00Z');
const folder = tempFolder();
const day = (days: number) => new Date(START.getTime() + days * 86_400_000);
const at = (kept: KeptAuthority | undefined, days: number, names: readonly [string, ...string[]] = NAMES) =>
  renewed(kept, { names, now: day(days), rules: AUTHORITY_RULES });

/** Whether OpenSSL believes it, strictly, for a name and at a day. */
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

describe('an authority of our own', () => {
  const first = at(undefined, 0);

  it('issues what OpenSSL and our own reader believe, for its names alone', () => {
    for (const name of NAMES) expect(verifies(first, first.authorities, 1, name)).toBe(true);
    expect(verifies(first, first.authorities, 1, 'other.assay.svc')).toBe(false);
    expect(verifies(first, at(undefined, 0).authorities, 1)).toBe(false);
    expect(verifies(first, first.authorities, 91)).toBe(false);
    const authority = readCertificate(new X509Certificate(first.authorities[0] ?? '').raw, 'the authority');
    expect(authority).toMatchObject({ authority: true, pathLength: 0, stronglySigned: true, notUnderstood: [] });
    const leaf = readCertificate(new X509Certificate(first.server.cert).raw, 'the server');
    expect(leaf).toMatchObject({ authority: false, keyUsage: { digitalSignature: true, keyCertSign: false } });
    expect(servingPair(first.server.cert, first.server.key, 'x').notAfter).toEqual(day(90));
  });

  it('comes out of a Secret as it went in', () => {
    const data = new Map(Object.entries(keptData(first)).map(([name, text]) => [name, Buffer.from(text)]));
    expect(readKept(data)).toEqual(first);
    expect(at(readKept(data), 1)).toEqual(first);
    for (const lost of ['ca.crt', 'ca.key', 'tls.crt', 'tls.key']) {
      const less = new Map([...data].filter(([name]) => name !== lost));
      const hinted = at(readKept(less), 1);
      expect(hinted).not.toEqual(first);
      expect(verifies(hinted, hinted.authorities, 1)).toBe(true);
    }
    expect(readKept(new Map())).toBeUndefined();
    expect(readKept(new Map([['ca.crt', Buffer.alloc(100_000, 0x41)]]))).toBeUndefined();
  });

  it('renews the certificate after two thirds of its time, and itself likewise, with the old one beside it', () => {
    expect(at(first, 59)).toBe(first);
    const second = at(first, 61);
    expect(second.authorities).toEqual(first.authorities);
    expect(second.server).not.toEqual(first.server);
    const third = at(second, 488);
    expect(third.authorities).toHaveLength(2);
    expect(third.authorities[1]).toBe(first.authorities[0]);
    expect(verifies(third, third.authorities, 489)).toBe(true);
    // What the old one issued is believed by who was told both.
    expect(verifies(second, third.authorities, 100)).toBe(true);
    const fourth = at(third, 1_000);
    expect(fourth.authorities).toHaveLength(2);
    expect(fourth.authorities[1]).toBe(third.authorities[0]);
  });

  it('issues anew for another name, and never for longer than itself', () => {
    const moved = at(first, 1, ['other.assay.svc']);
    expect(moved.authorities).toEqual(first.authorities);
    expect(verifies(moved, moved.authorities, 2, 'other.assay.svc')).toBe(true);
    const late = renewed(first, { names: NAMES, now: day(480), rules: { ...AUTHORITY_RULES, serverDays: 3_650 } });
    expect(Date.parse(new X509Certificate(late.server.cert).validTo)).toBe(day(730).getTime());
  });

  it('believes no certificate of another authority, whoever wrote it into the Secret', () => {
    const other = at(undefined, 0);
    const mixed = at({ ...first, server: other.server }, 1);
    expect(mixed.server).not.toEqual(other.server);
    expect(verifies(mixed, first.authorities, 1)).toBe(true);
    const stolen = at({ ...first, authorityKey: other.authorityKey }, 1);
    expect(stolen.authorities[0]).not.toBe(first.authorities[0]);
  });
});
