import { generateKeyPairSync, type KeyPairKeyObjectResult } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { signStatement } from '../../../src/integrity/attestations/sign-statement.ts';
import { keySigner } from '../../../src/integrity/sign/key-signer.ts';
import { createStatement } from '../../../src/integrity/statements/create.ts';
import type { ServiceApprover } from '../../../src/integrity/statements/statement.ts';
import { subjectsOf } from '../../../src/integrity/statements/subject.ts';
import { readTrustFile, type TrustFile } from '../../../src/integrity/trust-file/trust-file.ts';
import {
  loadRegistryRules,
  openRegistry,
  type Principal,
  type Registry,
  type RegistryRules,
  type Role,
  type Stage,
  type Version,
  type WaiverRequest,
} from '../../../src/registry/index.ts';
import { digestOfTrust, type WriteOptions, writeSnapshot } from '../../../src/registry/snapshot/index.ts';
import { assessmentOf, type Sample } from '../assessments.ts';
import { rita, sam, selma } from '../people.ts';

/** A registry with people, keys and a trust file; its clock advances by a minute with each step. */
export class Workshop {
  readonly keys = {
    rita: generateKeyPairSync('ed25519'),
    selma: generateKeyPairSync('ed25519'),
    service: generateKeyPairSync('ed25519'),
    writer: generateKeyPairSync('ed25519'),
    stranger: generateKeyPairSync('ed25519'),
  };
  readonly folder: string;
  readonly output: string;
  readonly trustPath: string;
  #now = new Date('2026-11-25T12:00:00Z').getTime();
  registry!: Registry;
  rules!: RegistryRules;
  trust!: TrustFile;

  constructor(folder: string) {
    this.folder = folder;
    this.output = join(folder, 'snapshot.json');
    this.trustPath = join(folder, 'trust.yaml');
  }

  static async open(folder: string, database: string, methods = '[]'): Promise<Workshop> {
    const shop = new Workshop(folder);
    shop.writeTrust();
    const methodsLine = methods === '[]' ? '' : `, methods: ${methods}`;
    const rules = join(folder, 'rules.yaml');
    writeFileSync(
      rules,
      `version: 1\nstages:\n  staging: {policy: baseline}\n  production: {policy: strict${methodsLine}}\n`,
    );
    shop.rules = await loadRegistryRules(rules);
    shop.trust = await readTrustFile(shop.trustPath);
    await shop.reopen(database);
    return shop;
  }

  async reopen(database: string, rules = this.rules): Promise<void> {
    const approvalSigner = keySigner(this.keys.service.privateKey);
    this.registry = await openRegistry({ database, rules, trust: this.trust, approvalSigner, now: this.now });
  }

  writeTrust(): void {
    for (const [name, { publicKey }] of Object.entries(this.keys)) {
      writeFileSync(join(this.folder, `${name}.pub`), publicKey.export({ type: 'spki', format: 'pem' }));
    }
    writeFileSync(
      this.trustPath,
      `version: 1
signers:
  - {name: rita, key: rita.pub, may: [approval], roles: [reviewer]}
  - {name: selma, key: selma.pub, may: [approval, waiver], roles: [security-approver]}
  - {name: service, key: service.pub, may: [approval, waiver, decision]}
`,
    );
  }

  readonly now = (): Date => new Date(this.#now);

  pass(ms = 60_000): void {
    this.#now += ms;
  }

  async register(sample: Sample = {}, model = 'acme/model'): Promise<Version> {
    this.pass();
    return (await this.registry.register(sam, { model, assessment: assessmentOf(sample) })).version;
  }

  /** An approval as its approver signs it on another machine. */
  async attest(
    key: KeyPairKeyObjectResult,
    version: Version,
    stage: 'staging' | 'production',
    until?: Date,
  ): Promise<string> {
    const [newest] = await this.registry.assessments(sam, version.id);
    const { name, digest } = this.rules[stage].policy;
    const statement = createStatement('approval', {
      subjects: subjectsOf({ pinned: version.ref, tree: version.digest }),
      stage,
      at: this.now(),
      policy: { name, digest },
      ...(newest === undefined ? {} : { ruleset: newest.assessment.ruleset }),
      ...(until === undefined ? {} : { until }),
    });
    return JSON.stringify(await signStatement(statement, keySigner(key.privateKey)));
  }

  /** A waiver as its grantor signs it on another machine; with an approver, as a service signs it for that person. */
  async waive(key: KeyPairKeyObjectResult, request: WaiverRequest, approver?: ServiceApprover): Promise<string> {
    const { digest, expires, ...rest } = request;
    const statement = createStatement('waiver', {
      ...rest,
      subjects: subjectsOf({ tree: digest }),
      at: this.now(),
      expires: new Date(expires),
      ...(approver === undefined ? {} : { approver }),
    });
    return JSON.stringify(await signStatement(statement, keySigner(key.privateKey)));
  }

  /** Votes signed with personal keys, or votes from sessions. */
  async bring(
    version: Version,
    to: 'staging' | 'production',
    by: 'key' | 'service' = 'key',
    until?: Date,
  ): Promise<void> {
    this.pass();
    const asked = await this.registry.requestTransition(sam, version.id, to, 'please');
    const voters: [Principal, KeyPairKeyObjectResult, Role][] = [
      [rita, this.keys.rita, 'reviewer'],
      [selma, this.keys.selma, 'security-approver'],
    ];
    for (const [who, key, role] of voters) {
      if (!this.rules[to].approvals.some((wanted) => wanted.role === role)) continue;
      this.pass();
      const own = by === 'key' ? { attestation: await this.attest(key, version, to, until) } : {};
      const end = until === undefined ? {} : { until };
      await this.registry.vote(who, asked.id, { vote: 'approve', role, comment: 'ok', ...own, ...end });
    }
  }

  async approved(sample: Sample = {}, by: 'key' | 'service' = 'key', model = 'acme/model'): Promise<Version> {
    const version = await this.register(sample, model);
    await this.bring(version, 'staging', by);
    await this.bring(version, 'production', by);
    return version;
  }

  async options(more: Partial<WriteOptions> = {}): Promise<WriteOptions> {
    return {
      registry: this.registry,
      rules: this.rules,
      trust: this.trust,
      trustDigest: await digestOfTrust(this.trustPath),
      signer: keySigner(this.keys.writer.privateKey),
      key: this.keys.writer.publicKey,
      tenant: 'acme',
      output: this.output,
      now: this.now,
      ...more,
    };
  }

  async write(more: Partial<WriteOptions> = {}) {
    this.pass();
    return writeSnapshot(await this.options(more));
  }
}

/** The abilities of an attacker with the database: any statement, but no signature. */
export function steal(database: string, ...statements: string[]): void {
  const db = new Database(database.replace(/^sqlite:/, ''));
  try {
    for (const statement of statements) db.exec(statement);
  } finally {
    db.close();
  }
}

export type { Stage };
