import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { isAssayError } from '../../../src/core/errors.ts';
import { IN_TOTO_PAYLOAD } from '../../../src/integrity/envelope/dsse.ts';
import { certificateSigner, readCertificates } from '../../../src/integrity/sign/certificate-signer.ts';
import { tempFolder } from '../../support/temp.ts';
import { CA, type Issued, type IssueOptions, issue, SIGNING } from './pki.ts';

const folder = tempFolder();
const names = new Map<string, Issued>();

const pem = (name: string) => readFileSync(names.get(name)?.certificate ?? '', 'utf8');
const certificate = (name: string) => new X509Certificate(pem(name));
const privateKey = (name: string) => createPrivateKey(readFileSync(names.get(name)?.privateKey ?? '', 'utf8'));

function make(name: string, options: Omit<IssueOptions, 'issuer'>, issuer?: string): void {
  const by = issuer === undefined ? undefined : names.get(issuer);
  names.set(name, issue(folder, name, { ...options, ...(by === undefined ? {} : { issuer: by }) }));
}

beforeAll(() => {
  make('root', { kind: 'RSA', extensions: CA });
  make('middle', { kind: 'P-384', extensions: CA }, 'root');
  make('low', { kind: 'P-256', extensions: CA }, 'middle');
  make('leaf', { kind: 'P-256', extensions: SIGNING }, 'low');
  make('other', { kind: 'P-256', extensions: CA });
  make('authority', { kind: 'P-256', extensions: [...CA] }, 'low');
  make('server', { kind: 'P-256', extensions: [...SIGNING, 'extendedKeyUsage=serverAuth'] }, 'low');
  make('agreement', { kind: 'P-256', extensions: ['basicConstraints=CA:FALSE', 'keyUsage=keyAgreement'] }, 'low');
  make('bare', { kind: 'P-256', extensions: ['basicConstraints=CA:FALSE'] }, 'low');
  make('expired', { kind: 'P-256', extensions: SIGNING, to: '20210101000000Z' }, 'low');
  make('early', { kind: 'P-256', extensions: SIGNING, from: '20980101000000Z' }, 'low');
  make('rsa', { kind: 'RSA', extensions: SIGNING }, 'low');
});

async function chainOf(leaf: string, chain: readonly string[], key = leaf): Promise<readonly string[]> {
  const signer = certificateSigner({
    privateKey: privateKey(key),
    leaf: certificate(leaf),
    chain: chain.map(certificate),
    subjects: { certificate: 'leaf.pem', chain: 'chain.pem' },
  });
  const bundle = Object(await signer.sign(IN_TOTO_PAYLOAD, Buffer.from('{}')));
  const material = bundle.verificationMaterial;
  expect(Object.keys(material).sort()).toEqual(['tlogEntries', 'x509CertificateChain']);
  const subjects = material.x509CertificateChain.certificates.map(({ rawBytes }: { rawBytes: string }) =>
    new X509Certificate(Buffer.from(rawBytes, 'base64')).subject.split('\n').find((part) => part.startsWith('CN=')),
  );
  return subjects.map((subject: string) => subject.slice(3));
}

function problem(act: () => unknown): string {
  try {
    act();
  } catch (error) {
    if (isAssayError(error) && error.code === 'usage') return `${error.subject}: ${error.message}`;
    throw error;
  }
  throw new Error('was accepted');
}

describe('a signature with a certificate', () => {
  it('contains the chain, leaf first, in any input order', async () => {
    expect(await chainOf('leaf', ['low', 'middle', 'root'])).toEqual(['leaf', 'low', 'middle', 'root']);
    expect(await chainOf('leaf', ['root', 'leaf', 'middle', 'low', 'low'])).toEqual(['leaf', 'low', 'middle', 'root']);
    expect(await chainOf('leaf', ['low', 'middle'])).toEqual(['leaf', 'low', 'middle']);
    expect(await chainOf('leaf', [])).toEqual(['leaf']);
  });

  it('can be made with an RSA key', async () => {
    expect(await chainOf('rsa', ['low'])).toEqual(['rsa', 'low']);
  });

  it.each<[string, string, readonly string[], string, RegExp]>([
    ['a certificate of another key', 'leaf', ['low'], 'root', /^leaf\.pem: the certificate belongs to another key$/],
    [
      'a certificate of an authority',
      'authority',
      [],
      'authority',
      /^leaf\.pem: .*"authority" belongs to an authority/,
    ],
    ['a server certificate', 'server', [], 'server', /^leaf\.pem: .*"server" is not meant for signing code/],
    ['a certificate for key agreement', 'agreement', [], 'agreement', /^leaf\.pem: .*is not meant for signatures/],
    ['a certificate without usages', 'bare', [], 'bare', /^leaf\.pem: .*does not permit its key to sign/],
    ['an expired certificate', 'expired', [], 'expired', /^leaf\.pem: .*"expired" expired on 2021-01-01T00:00:00Z/],
    ['a certificate that is not valid yet', 'early', [], 'early', /^leaf\.pem: .*is valid from 2098-01-01T00:00:00Z/],
    [
      'an unrelated certificate in the chain',
      'leaf',
      ['low', 'other'],
      'leaf',
      /^chain\.pem: "CN=other, O=Acme" issued neither/,
    ],
    ['a gap in the chain', 'leaf', ['middle'], 'leaf', /^chain\.pem: "CN=middle, O=Acme" issued neither/],
  ])('refuses %s', (_, leaf, chain, key, message) => {
    const sign = () =>
      certificateSigner({
        privateKey: privateKey(key),
        leaf: certificate(leaf),
        chain: chain.map(certificate),
        subjects: { certificate: 'leaf.pem', chain: 'chain.pem' },
      });
    expect(problem(sign)).toMatch(message);
  });
});

describe('certificates in PEM', () => {
  it('are read in their order, with any text between them', () => {
    const read = readCertificates(`subject: x\n${pem('leaf')}\r\n\n${pem('root')}tail`, 'c.pem');
    expect(read.map(({ subject }) => subject.split('\n')[0])).toEqual(['CN=leaf', 'CN=root']);
  });

  it.each<[string, () => string, RegExp]>([
    ['an empty file', () => '', /^c\.pem: does not contain a certificate$/],
    ['a key file', () => readFileSync(names.get('leaf')?.privateKey ?? '', 'utf8'), /does not contain a certificate/],
    ['too many certificates', () => pem('leaf').repeat(17), /holds 17 certificates/],
    [
      'an invalid certificate',
      () => pem('leaf').replace(/^MII.{8}/m, 'MIIBAAAAAAA'),
      /contains an unreadable certificate/,
    ],
  ])('refuses %s', (_, text, message) => {
    expect(problem(() => readCertificates(text(), 'c.pem'))).toMatch(message);
  });
});
