import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

export type KeyKind = 'P-256' | 'P-384' | 'P-521' | 'RSA' | 'Ed25519';

/** Files of a certificate and its key. */
export interface Issued {
  readonly certificate: string;
  readonly privateKey: string;
}

export interface IssueOptions {
  readonly kind: KeyKind;
  readonly issuer?: Issued;
  /** Lines of an OpenSSL extension section. */
  readonly extensions: readonly string[];
  /** `YYYYMMDDHHMMSSZ` */
  readonly from?: string;
  readonly to?: string;
}

export const CA = ['basicConstraints=critical,CA:TRUE', 'keyUsage=critical,keyCertSign'];
export const SIGNING = ['basicConstraints=critical,CA:FALSE', 'keyUsage=critical,digitalSignature'];

const KEYS: Readonly<Record<KeyKind, readonly string[]>> = {
  'P-256': ['-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-256'],
  'P-384': ['-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-384'],
  'P-521': ['-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-521'],
  RSA: ['-algorithm', 'RSA', '-pkeyopt', 'rsa_keygen_bits:2048'],
  Ed25519: ['-algorithm', 'Ed25519'],
};

export function openssl(...args: readonly string[]): void {
  execFileSync('openssl', args, { stdio: 'pipe' });
}

export function makeKey(path: string, kind: KeyKind): string {
  openssl('genpkey', ...KEYS[kind], '-out', path);
  return path;
}

/** A certificate made by OpenSSL, signed by its issuer or by itself. */
export function issue(folder: string, name: string, options: IssueOptions): Issued {
  const { kind, issuer, extensions, from = '20200101000000Z', to = '20990101000000Z' } = options;
  const path = (end: string) => join(folder, `${name}.${end}`);
  const privateKey = makeKey(path('key'), kind);
  openssl('req', '-new', '-key', privateKey, '-subj', `/CN=${name}/O=Acme`, '-out', path('csr'));
  const config = `[ca]\ndefault_ca=c\n[c]\ndatabase=${path('index')}\nrand_serial=yes\nnew_certs_dir=${folder}\npolicy=p\nunique_subject=no\n[p]\ncommonName=supplied\norganizationName=optional\n[x]\n${extensions.join('\n')}\n`;
  writeFileSync(path('cnf'), config);
  writeFileSync(path('index'), '');
  const by =
    issuer === undefined
      ? ['-selfsign', '-keyfile', privateKey]
      : ['-cert', issuer.certificate, '-keyfile', issuer.privateKey];
  const dates = ['-startdate', from, '-enddate', to];
  const hash = kind === 'Ed25519' && issuer === undefined ? 'default' : 'sha256';
  openssl(
    'ca',
    '-batch',
    '-notext',
    '-config',
    path('cnf'),
    '-extensions',
    'x',
    '-md',
    hash,
    ...by,
    ...dates,
    '-in',
    path('csr'),
    '-out',
    path('pem'),
  );
  return { certificate: path('pem'), privateKey };
}
