import { execFileSync } from 'node:child_process';
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const CURVE = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];

/** An authority in a folder, and the certificates that it issues to a server on this machine. */
export class Authority {
  /** PEM. */
  readonly certificate: string;
  readonly #folder: string;
  readonly #name: string;
  #serial = 0;

  constructor(folder: string, name: string) {
    this.#folder = folder;
    this.#name = name;
    const out = ['-keyout', this.#in('key'), '-out', this.#in('crt'), '-subj', `/CN=${name}`];
    openssl(['req', '-x509', ...CURVE, '-days', '2', ...out]);
    this.certificate = readFileSync(this.#in('crt'), 'utf8');
  }

  /**
   * Writes a certificate of 127.0.0.1 and its key, each whole or not at all, over the ones that were there.
   * @returns its serial number, as OpenSSL and Node say it
   */
  issue(certificate: string, key: string): string {
    return this.#issue(certificate, key, 'gate', 'subjectAltName=IP:127.0.0.1\nextendedKeyUsage=serverAuth\n');
  }

  /** Writes a client certificate and its key. */
  issueClient(certificate: string, key: string, name: string): void {
    this.#issue(certificate, key, name, 'extendedKeyUsage=clientAuth\n');
  }

  #issue(certificate: string, key: string, name: string, usage: string): string {
    this.#serial++;
    const serial = (0x1000 + this.#serial).toString(16).toUpperCase();
    const [request, extensions] = [this.#in('csr'), this.#in('ext')];
    writeFileSync(extensions, usage);
    openssl(['req', ...CURVE, '-keyout', `${key}.new`, '-out', request, '-subj', `/CN=${name}`]);
    const signing = ['-CA', this.#in('crt'), '-CAkey', this.#in('key'), '-set_serial', `0x${serial}`, '-days', '1'];
    openssl(['x509', '-req', '-in', request, ...signing, '-extfile', extensions, '-out', `${certificate}.new`]);
    renameSync(`${key}.new`, key);
    renameSync(`${certificate}.new`, certificate);
    return serial;
  }

  #in(suffix: string): string {
    return join(this.#folder, `${this.#name}.${suffix}`);
  }
}

function openssl(args: readonly string[]): void {
  execFileSync('openssl', args, { stdio: 'ignore' });
}
