import { execFileSync } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export interface CertifiedKey {
  /** PEM. */
  readonly certificate: string;
  readonly key: string;
}

/** Client certificates for the API server: an authority of the tests, in a folder. */
export class ClientAuthority {
  readonly file: string;
  readonly #folder: string;
  #issued = 0;

  constructor(folder: string) {
    this.#folder = folder;
    this.file = join(folder, 'clients.pem');
    const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2'];
    openssl(['req', '-x509', ...curve, '-keyout', this.#in('clients.key'), '-out', this.file, '-subj', '/CN=clients']);
  }

  /** The certificate of a user in groups: the common name and the organisations. */
  issue(user: string, groups: readonly string[] = []): CertifiedKey {
    this.#issued++;
    const [key, request, certificate] = ['key', 'csr', 'crt'].map((end) =>
      this.#in(`client-${this.#issued}.${end}`),
    ) as [string, string, string];
    const subject = `${groups.map((group) => `/O=${group}`).join('')}/CN=${user}`;
    const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
    openssl(['req', ...curve, '-keyout', key, '-out', request, '-subj', subject]);
    const usage = this.#in('usage.conf');
    writeFileSync(usage, 'extendedKeyUsage=clientAuth\n');
    const signing = ['-CA', this.file, '-CAkey', this.#in('clients.key'), '-set_serial', String(this.#issued)];
    openssl(['x509', '-req', '-in', request, ...signing, '-days', '2', '-extfile', usage, '-out', certificate]);
    return { certificate: readFileSync(certificate, 'utf8'), key: readFileSync(key, 'utf8') };
  }

  #in(name: string): string {
    return join(this.#folder, name);
  }
}

/** The key that service account tokens are signed with. */
export function writeServiceAccountKey(folder: string): { readonly key: string; readonly publicKey: string } {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const [key, pub] = [join(folder, 'accounts.key'), join(folder, 'accounts.pub')];
  writeFileSync(key, privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 });
  writeFileSync(pub, publicKey.export({ type: 'spki', format: 'pem' }));
  return { key, publicKey: pub };
}

function openssl(args: readonly string[]): void {
  execFileSync('openssl', args, { stdio: 'ignore' });
}
