import { spawnSync } from 'node:child_process';
import { createPrivateKey } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { keySigner } from '../../src/integrity/sign/key-signer.ts';
import { RULES_PAYLOAD } from '../../src/scan/lists/rule-bundle.ts';
import { tempFolder } from '../support/temp.ts';
import { type CliResult, runCli } from './run-cli.ts';

export const ACME = {
  tier: 'organisation',
  library: 'acme',
  script: '',
  versions: ['1.0'],
  globals: [['acme.tokens', 'Table', 'import call new build', '1.0']],
};

/** The default content of a bundle. */
export const PAYLOAD = {
  version: '2027.6.1',
  issued: '2026-11-25T00:00:00Z',
  minimumProgram: '0.1.0',
  allowlists: { acme: ACME },
  dangerous: { modules: {}, globals: {} },
  severities: {},
  advisories: [],
};

/** A folder with keys, bundles of rules, a model that the rules judge, and a home folder in which rules are installed. */
export class RulesWorkshop {
  readonly root = tempFolder();
  home = '';
  #homes = 0;

  constructor() {
    this.key('ours');
    this.key('stranger');
    mkdirSync(this.at('model'));
    writeFileSync(this.at('model/tokens.pkl'), 'cacme.tokens\nTable\n.');
    this.moveHome();
  }

  at(name: string): string {
    return join(this.root, name);
  }

  /** Removes the installed rules. */
  moveHome(): void {
    this.home = this.at(`home-${this.#homes++}/below`);
  }

  run(args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<CliResult> {
    return runCli(args, { cwd: this.root, env: { ASSAY_HOME: this.home, ...env } });
  }

  update(from: string, ...args: string[]): Promise<CliResult> {
    return this.run(['rules', 'update', '--from', from, '--public-key', 'ours.pub', ...args]);
  }

  build(folder: string, version: string, output: string, ...args: string[]): Promise<CliResult> {
    return this.run([
      ...['rules', 'build', '--from-lists', folder, '--rules-version', version, '--private-key', 'ours.pem', '-q'],
      ...['-o', output, ...args],
    ]);
  }

  /** Signs any content with the key, without the checks of this program. */
  async sign(payload: object, output: string): Promise<string> {
    const key = createPrivateKey(readFileSync(this.at('ours.pem')));
    const signed = await keySigner(key).sign(RULES_PAYLOAD, Buffer.from(JSON.stringify({ ...PAYLOAD, ...payload })));
    writeFileSync(this.at(output), JSON.stringify(signed));
    return output;
  }

  async verdict(...args: string[]) {
    const { stdout } = await this.run(['scan', 'model', '--format', 'json', ...args]);
    const { files, ruleset, decision, notes } = JSON.parse(stdout);
    return { verdict: files[0].verdict, ruleset, action: decision.action, notes };
  }

  lists(folder: string, files: Record<string, unknown>): string {
    mkdirSync(this.at(folder), { recursive: true });
    for (const [name, content] of Object.entries(files)) {
      writeFileSync(this.at(join(folder, name)), JSON.stringify(content));
    }
    return folder;
  }

  key(name: string): void {
    this.openssl('genpkey', '-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-256', '-out', `${name}.pem`);
    this.openssl('pkey', '-in', `${name}.pem`, '-pubout', '-out', `${name}.pub`);
  }

  openssl(...args: string[]): void {
    const { status, stderr } = spawnSync('openssl', args, { encoding: 'utf8', cwd: this.root });
    expect(status, stderr).toBe(0);
  }
}
