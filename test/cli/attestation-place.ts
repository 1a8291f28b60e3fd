import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect } from 'vitest';
import { tempFolder } from '../support/temp.ts';
import { ROOT, runCli } from './run-cli.ts';

const MODEL = join(ROOT, 'fixtures/benign/stdlib/3.13.0/none-types.p3.pkl');
const P256 = ['EC', '-pkeyopt', 'ec_paramgen_curve:P-256'];

export const OTHER = `sha256:${'ab'.repeat(32)}`;
export const byScanner = ['--private-key', 'scanner.pem', '-q'];
export const byApprover = ['--private-key', 'approver.pem', '-q'];
export const WAIVER = ['--type', 'waiver', '--reason', 'ours', '--owner', 'ml', '--expires', '2999-01-31T00:00:00Z'];

interface Report {
  artifact: object;
  decision: object;
  files: object[];
}

/** A folder with a model, its report, keys of a scanner, an approver and an untrusted signer, and a trust file that lists the first two. */
export function attestationPlace() {
  const root = tempFolder();
  const at = (name: string) => join(root, name);
  const run = (...args: string[]) => runCli(args, { cwd: root });
  let digest = '';

  function makeKey(name: string, ...algorithm: string[]): void {
    const openssl = (...args: string[]) => expect(spawnSync('openssl', args).status).toBe(0);
    openssl('genpkey', '-algorithm', ...algorithm, '-out', at(`${name}.pem`));
    openssl('pkey', '-in', at(`${name}.pem`), '-pubout', '-out', at(`${name}.pub`));
  }

  beforeAll(async () => {
    makeKey('scanner', ...P256);
    makeKey('approver', 'ed25519');
    makeKey('stranger', ...P256);
    mkdirSync(at('model'));
    cpSync(MODEL, at('model/model.pkl'));
    writeFileSync(at('model/config.json'), '{"a": 1}\n');
    const { code } = await run('scan', 'model', '--format', 'json', '-o', 'report.json', '-q');
    expect(code).toBe(0);
    digest = JSON.parse(readFileSync(at('report.json'), 'utf8')).artifact.digest;
    writeFileSync(
      at('trust.yaml'),
      `version: 1
signers:
  - {name: scanner, key: scanner.pub, may: [scan, decision]}
  - {name: approver, key: approver.pub, may: [approval, waiver], stages: [production]}
`,
    );
    for (const name of ['scanner.pem', 'approver.pem', 'stranger.pem']) spawnSync('chmod', ['600', at(name)]);
  });

  return {
    root,
    at,
    run,
    /** The digest of the model. */
    digest: () => digest,
    create: (...args: string[]) => run('attestation', 'create', ...args),
    verify: (file: string, ...args: string[]) => run('attestation', 'verify', file, '--trust', 'trust.yaml', ...args),
    statementOf(file: string) {
      const { dsseEnvelope } = JSON.parse(readFileSync(at(file), 'utf8'));
      return JSON.parse(Buffer.from(dsseEnvelope.payload, 'base64').toString());
    },
    /** The report with a change. */
    writeReport(name: string, change: (report: Report) => void): void {
      const report = JSON.parse(readFileSync(at('report.json'), 'utf8'));
      change(report);
      writeFileSync(at(name), JSON.stringify(report));
    },
  };
}
