import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

export interface Authority {
  /** PEM of the root. */
  readonly root: string;
  /** Files of a certificate and its key, issued for an e-mail address. */
  issue(mail: string): { readonly certificate: string; readonly privateKey: string };
}

/** A private certificate authority (OpenSSL), in a folder. */
export function makeAuthority(folder: string, name: string): Authority {
  const path = (file: string) => join(folder, `${name}-${file}`);
  const openssl = (...args: string[]) => execFileSync('openssl', args, { stdio: 'pipe' });
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '3650'];
  openssl('req', '-x509', ...key, '-subj', `/CN=${name}`, '-keyout', path('ca.key'), '-out', path('ca.pem'));
  return {
    root: readFileSync(path('ca.pem'), 'utf8'),
    issue(mail) {
      const [certificate, privateKey] = [path(`${mail}.pem`), path(`${mail}.key`)];
      const issuer = ['-CA', path('ca.pem'), '-CAkey', path('ca.key'), '-subj', `/CN=${mail}`];
      const usage = [
        'basicConstraints=critical,CA:FALSE',
        'keyUsage=critical,digitalSignature',
        `subjectAltName=email:${mail}`,
      ];
      const extensions = usage.flatMap((extension) => ['-addext', extension]);
      openssl('req', '-x509', ...key, ...issuer, ...extensions, '-keyout', privateKey, '-out', certificate);
      return { certificate, privateKey };
    },
  };
}
