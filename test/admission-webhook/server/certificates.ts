import { execFileSync } from 'node:child_process';
import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const CURVE = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];

export interface Pair {
  readonly cert: string;
  readonly key: string;
}

/** An authority made by OpenSSL, and the certificates that it issues. */
export class Authority {
  /** PEM. */
  readonly cert: string;
  readonly file: string;
  readonly #folder: string;
  readonly #name: string;
  #count = 0;

  constructor(folder: string, name: string) {
    this.#folder = folder;
    this.#name = name;
    this.file = this.#in('crt');
    openssl(
      'req',
      '-x509',
      ...CURVE,
      '-days',
      '2',
      '-subj',
      `/CN=${name}`,
      '-keyout',
      this.#in('key'),
      '-out',
      this.file,
    );
    this.cert = readFileSync(this.file, 'utf8');
  }

  server(commonName = 'gate'): Pair {
    return this.#issue(commonName, 'subjectAltName=IP:127.0.0.1,DNS:localhost\nextendedKeyUsage=serverAuth\n');
  }

  client(commonName: string): Pair {
    return this.#issue(commonName, 'extendedKeyUsage=clientAuth\n');
  }

  #issue(commonName: string, extensions: string): Pair {
    const [key, request, extensionFile, cert] = ['pair.key', 'csr', 'ext', 'pair.crt'].map((end) => this.#in(end));
    if (key === undefined || request === undefined || extensionFile === undefined || cert === undefined)
      throw new Error('names');
    writeFileSync(extensionFile, extensions);
    openssl('req', ...CURVE, '-subj', `/CN=${commonName}`, '-keyout', key, '-out', request);
    const signer = ['-CA', this.file, '-CAkey', this.#in('key'), '-set_serial', `${++this.#count}`, '-days', '1'];
    openssl('x509', '-req', '-in', request, ...signer, '-extfile', extensionFile, '-out', cert);
    return { cert: readFileSync(cert, 'utf8'), key: readFileSync(key, 'utf8') };
  }

  #in(end: string): string {
    return join(this.#folder, `${this.#name}.${end}`);
  }
}

/** Writes both files, each atomically. */
export function place(folder: string, { cert, key }: Pair): { cert: string; key: string } {
  const files = { cert: join(folder, 'tls.crt'), key: join(folder, 'tls.key') };
  for (const [file, text] of [
    [files.key, key],
    [files.cert, cert],
  ] as const) {
    rmSync(`${file}.new`, { force: true });
    writeFileSync(`${file}.new`, text);
    renameSync(`${file}.new`, file);
  }
  return files;
}

function openssl(...args: readonly string[]): void {
  execFileSync('openssl', args, { stdio: ['ignore', 'ignore', 'pipe'] });
}
