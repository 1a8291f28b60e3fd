import { execFileSync, spawnSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { isAssayError } from '../../../src/core/errors.ts';
import { IN_TOTO_PAYLOAD, pae } from '../../../src/integrity/envelope/dsse.ts';
import { readPrivateKey, signBytes } from '../../../src/integrity/envelope/keys.ts';
import { readAnchors } from '../../../src/integrity/x509/anchors.ts';
import { verifyCertificate } from '../../../src/integrity/x509/verify-certificate.ts';
import { requirePart } from '../../support/parts.ts';
import { tempFolder } from '../../support/temp.ts';
import { basicConstraints, keyPair, keyUsage, makeCertificate } from './make-certificate.ts';

const extensions = [basicConstraints(true), keyUsage(5)];
const root = { subject: 'root', key: keyPair('P-256') };
const rootPem = makeCertificate({ ...root, extensions }).toString();
const intermediatePem = makeCertificate({ subject: 'ca', key: keyPair('P-256'), issuer: root, extensions }).toString();

function usageOf(pem: string): string {
  try {
    readAnchors(pem, 'roots.pem');
  } catch (error) {
    if (isAssayError(error) && error.code === 'usage' && error.subject === 'roots.pem') return error.message;
    throw error;
  }
  throw new Error('nothing was refused');
}

describe('readAnchors', () => {
  test('parses roots and intermediates, with text around them', () => {
    const text = `# ours\nSubject: CN = root\n${rootPem}\n${intermediatePem.replaceAll('\n', '\r\n')}trailing`;
    expect(readAnchors(text, 'roots.pem').map(({ subject }) => subject)).toEqual(['CN=root', 'CN=ca']);
  });

  test.each([
    ['', 'does not contain a certificate'],
    ['-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----', 'does not contain a certificate'],
    [intermediatePem, 'does not contain a root: none of its certificates is self-signed'],
    [`${rootPem}-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----`, 'certificate 2 cannot be read'],
    [makeCertificate({ ...root, version: 0 }).toString(), 'certificate 1 cannot be read'],
    [rootPem.repeat(1001), 'contains more than 1000 certificates'],
  ])('refuses %#', (pem, why) => {
    expect(usageOf(pem)).toBe(why);
  });
});

const SYSTEM = '/etc/ssl/certs/ca-certificates.crt';
requirePart(
  'the roots of the system',
  existsSync(SYSTEM),
  'apt-get install ca-certificates',
  'readAnchors on this system',
  () => {
    test('parses every root that the system trusts', () => {
      const pem = readFileSync(SYSTEM, 'utf8');
      const count = pem.split('-----BEGIN CERTIFICATE-----').length - 1;
      expect(count).toBeGreaterThan(100);
      expect(readAnchors(pem, SYSTEM)).toHaveLength(count);
    });
  },
);

const hasOpenSsl = spawnSync('openssl', ['version'], { stdio: 'ignore' }).status === 0;
requirePart('openssl', hasOpenSsl, 'apt-get install openssl', 'a chain made by openssl', () => {
  const folder = tempFolder();
  beforeAll(() => {
    const run = (...args: string[]) => execFileSync('openssl', args, { cwd: folder, stdio: 'pipe' });
    const file = (name: string, text: string) => writeFileSync(join(folder, name), text);
    file('ca.ext', 'basicConstraints=critical,CA:TRUE,pathlen:0\nkeyUsage=critical,keyCertSign,cRLSign\n');
    file(
      'leaf.ext',
      'keyUsage=critical,digitalSignature\nextendedKeyUsage=codeSigning\nsubjectAltName=email:ann@acme.example\n',
    );
    run(
      'req',
      '-x509',
      '-newkey',
      'rsa:2048',
      '-nodes',
      '-keyout',
      'root.key',
      '-out',
      'root.pem',
      '-subj',
      '/CN=Acme Root',
    );
    run('req', '-newkey', 'rsa:2048', '-nodes', '-keyout', 'ca.key', '-out', 'ca.csr', '-subj', '/O=Acme/CN=Acme CA');
    run(
      'x509',
      '-req',
      '-in',
      'ca.csr',
      '-CA',
      'root.pem',
      '-CAkey',
      'root.key',
      '-CAcreateserial',
      '-extfile',
      'ca.ext',
      '-out',
      'ca.pem',
    );
    run('ecparam', '-name', 'secp384r1', '-genkey', '-noout', '-out', 'leaf.key');
    run('req', '-new', '-key', 'leaf.key', '-out', 'leaf.csr', '-subj', '/C=DE/O=Acme/CN=Release');
    run(
      'x509',
      '-req',
      '-in',
      'leaf.csr',
      '-CA',
      'ca.pem',
      '-CAkey',
      'ca.key',
      '-CAcreateserial',
      '-extfile',
      'leaf.ext',
      '-out',
      'leaf.pem',
    );
    run('verify', '-CAfile', 'root.pem', '-untrusted', 'ca.pem', 'leaf.pem');
  });

  test('verifies', () => {
    const read = (name: string) => readFileSync(join(folder, name), 'utf8');
    const payload = Buffer.from('{}');
    const key = readPrivateKey(read('leaf.key'), 'leaf.key');
    const signature = signBytes(key, pae(IN_TOTO_PAYLOAD, payload));
    const chain = ['leaf.pem', 'ca.pem'].map((name) => new X509Certificate(read(name)).raw);
    const bundle = {
      mediaType: 'application/vnd.dev.sigstore.bundle.v0.3+json',
      material: { kind: 'certificate', chain },
      envelope: { payloadType: IN_TOTO_PAYLOAD, payload, signature },
      json: {},
    } as const;
    const anchors = readAnchors(read('root.pem'), 'root.pem');
    const trust = { kind: 'certificate', anchors, validity: 'now', identity: 'ann@acme.example' } as const;
    expect(verifyCertificate(bundle, trust, { now: new Date(Date.now() + 1000) })).toMatchObject({
      subject: 'C=DE, O=Acme, CN=Release',
      issuer: 'O=Acme, CN=Acme CA',
      names: ['ann@acme.example'],
    });
  });
});
