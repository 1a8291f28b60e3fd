import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { AssayError, codeOrText, isAssayError } from '../../core/index.ts';
import { readPublicKey, spkiOf } from '../envelope/index.ts';
import { parseTime } from '../statements/index.ts';
import type { Trust } from '../trust/index.ts';
import { parseTrustDocument, type SignerEntry, type SignerRole, trustFileError } from './document.ts';

/** One signer of a trust file: the identity, and the statements that it may sign. */
export interface TrustRule {
  readonly name: string;
  readonly trust: Trust;
  readonly may: ReadonlySet<SignerRole>;
  /** Stages that the signer may approve; any, when absent. */
  readonly stages?: readonly string[];
  /** Roles of the registry in which the signer may approve; any, when absent. */
  readonly roles?: readonly string[];
  /** The signer is not trusted after that. */
  readonly notAfter?: Date;
}

export interface TrustFile {
  /** As it was given. */
  readonly path: string;
  readonly rules: readonly TrustRule[];
  /** Warnings for the author of the file, as sentences. */
  readonly warnings: readonly string[];
}

/** Larger than any key, chain or root. */
const MAX_BYTES = 4 * 1024 * 1024;

/** The signer of scans, conversions, tests, checks of data, training runs or decisions should not also sign approvals or waivers. */
const MACHINE_ROLES: readonly SignerRole[] = ['scan', 'conversion', 'tests', 'data', 'training', 'decision'];
const HUMAN_ROLES: readonly SignerRole[] = ['approval', 'waiver', 'break-glass', 'baseline', 'image'];

const PLURALS: Readonly<Record<SignerRole, string>> = {
  'model-signature': 'models',
  scan: 'scans',
  approval: 'approvals',
  waiver: 'waivers',
  'break-glass': 'waivers for emergencies',
  baseline: 'baselines of clusters',
  image: 'approvals of images',
  conversion: 'conversions',
  tests: 'tests',
  data: 'checks of data',
  training: 'training runs',
  decision: 'decisions',
  snapshot: 'snapshots',
  rules: 'rules',
};

/**
 * Reads a trust file (YAML), which states the trusted signers and what each may sign. Paths in it are relative to it.
 *
 *     version: 1
 *     signers:
 *       - name: scanner
 *         key: keys/scanner.pub
 *         may: [scan]
 *       - name: release workflow
 *         keyless: {identity: "https://github.com/acme/models/...@refs/tags/*", issuer: "https://...", trustedRoot: root.json}
 *         may: [model-signature]
 *       - name: security team
 *         certificate: {chain: ca.pem, identity: security@acme.example, validity: now}
 *         may: [approval, waiver]
 *         stages: [production]
 *         roles: [security-approver]
 *         notAfter: 2027-01-31T00:00:00Z
 *
 * @throws AssayError `usage` with the line of what is wrong, or with the name of the file that it names; `not-found`,
 *   `unreadable` for the trust file itself.
 */
export async function readTrustFile(path: string): Promise<TrustFile> {
  const entries = parseTrustDocument(await readTrustBytes(path), path);
  const rules: TrustRule[] = [];
  for (const entry of entries) rules.push(await ruleOf(entry, path));
  return { path, rules, warnings: warningsOf(rules) };
}

/** The files that a trust file names: keys, chains, roots. @throws AssayError as `readTrustFile` */
export async function filesNamedIn(path: string): Promise<string[]> {
  const entries = parseTrustDocument(await readTrustBytes(path), path);
  const named = entries.flatMap(({ key, certificate, keyless }) => [key, certificate?.chain, keyless?.trustedRoot]);
  return named.filter((file) => file !== undefined).map((file) => resolve(dirname(path), file));
}

async function readTrustBytes(path: string): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch (cause) {
    const missing = codeOrText(cause) === 'ENOENT';
    const message = missing ? 'no such file' : `cannot be read (${codeOrText(cause)})`;
    throw new AssayError(missing ? 'not-found' : 'unreadable', message, {
      subject: path,
      hint: 'check the path of the trust file',
      cause,
    });
  }
}

async function ruleOf(entry: SignerEntry, path: string): Promise<TrustRule> {
  const notAfter = entry.notAfter === undefined ? undefined : parseTime(entry.notAfter);
  return {
    name: entry.name,
    trust: await trustOf(entry, path),
    may: new Set(entry.may),
    ...(entry.stages === undefined ? {} : { stages: entry.stages }),
    ...(entry.roles === undefined ? {} : { roles: entry.roles }),
    ...(notAfter === undefined ? {} : { notAfter: new Date(notAfter) }),
  };
}

async function trustOf(entry: SignerEntry, path: string): Promise<Trust> {
  const { key, certificate, keyless } = entry;
  if (key !== undefined) {
    return withNamed(entry, path, key, (bytes) => ({ kind: 'key', key: readPublicKey(bytes.toString('utf8'), key) }));
  }
  if (certificate !== undefined) return certificateTrust(entry, path, certificate);
  if (keyless !== undefined) return keylessTrust(entry, path, keyless);
  throw new AssayError('internal', 'a signer of a trust file has neither a key, an identity nor a certificate');
}

async function certificateTrust(
  entry: SignerEntry,
  path: string,
  { chain, identity, validity = 'issued' }: NonNullable<SignerEntry['certificate']>,
): Promise<Trust> {
  const { checkNamePattern } = await import('../trust/index.ts');
  const { readAnchors } = await import('../x509/index.ts');
  if (identity !== undefined) explained(entry, path, () => checkNamePattern(identity, 'identity'));
  return withNamed(entry, path, chain, (bytes) => ({
    kind: 'certificate',
    anchors: readAnchors(bytes.toString('utf8'), chain),
    validity,
    ...(identity === undefined ? {} : { identity }),
  }));
}

async function keylessTrust(
  entry: SignerEntry,
  path: string,
  { identity, issuer, trustedRoot }: NonNullable<SignerEntry['keyless']>,
): Promise<Trust> {
  const { checkIdentityPattern } = await import('../trust/index.ts');
  const { bundledRoot, readTrustedRoot } = await import('../sigstore/index.ts');
  const pattern = { identity, issuer };
  explained(entry, path, () => checkIdentityPattern(pattern));
  if (trustedRoot === undefined) return { kind: 'keyless', root: await bundledRoot(), identity: pattern };
  return withNamed(entry, path, trustedRoot, (bytes) => {
    return { kind: 'keyless', root: readTrustedRoot(bytes, trustedRoot), identity: pattern };
  });
}

/** Reads a file that an entry names; its errors name both files. */
async function withNamed(
  entry: SignerEntry,
  path: string,
  file: string,
  use: (bytes: Buffer) => Trust,
): Promise<Trust> {
  const wrong = (message: string, cause?: unknown) =>
    trustFileError(path, `line ${entry.line}: ${file}, the file of "${entry.name}", ${message}`, cause);
  let bytes: Buffer;
  try {
    bytes = await readFile(resolve(dirname(path), file));
  } catch (cause) {
    const code = codeOrText(cause);
    throw wrong(code === 'ENOENT' ? 'does not exist' : `cannot be read (${code})`, cause);
  }
  if (bytes.length > MAX_BYTES) throw wrong(`has more than ${MAX_BYTES} bytes`);
  try {
    return use(bytes);
  } catch (cause) {
    if (!isAssayError(cause)) throw cause;
    throw wrong(cause.message, cause);
  }
}

function explained(entry: SignerEntry, path: string, check: () => void): void {
  try {
    check();
  } catch (cause) {
    if (!isAssayError(cause)) throw cause;
    throw trustFileError(
      path,
      `line ${entry.line}: the ${cause.subject ?? 'identity'} of "${entry.name}": ${cause.message}`,
      cause,
    );
  }
}

/** One signer, under any names, who signs both scans and approvals or waivers. */
function warningsOf(rules: readonly TrustRule[]): string[] {
  const bySigner = new Map<string, TrustRule[]>();
  for (const rule of rules) {
    const identity = signerIdentity(rule.trust);
    bySigner.set(identity, [...(bySigner.get(identity) ?? []), rule]);
  }
  return [...bySigner.values()].flatMap((same) => {
    const roles = (of: readonly SignerRole[]) => of.filter((role) => same.some(({ may }) => may.has(role)));
    const [machine, human] = [roles(MACHINE_ROLES), roles(HUMAN_ROLES)];
    if (machine.length === 0 || human.length === 0) return [];
    const names = same.map(({ name }) => `"${name}"`).join(' and ');
    const signed = [...machine, ...human].map((role) => PLURALS[role]).join(' and ');
    return [`the same ${SIGNERS[same[0]?.trust.kind ?? 'key']} signs ${signed} (${names})`];
  });
}

const SIGNERS: Readonly<Record<Trust['kind'], string>> = {
  key: 'key',
  certificate: 'certificate',
  keyless: 'identity',
};

function signerIdentity(trust: Trust): string {
  switch (trust.kind) {
    case 'key':
      return `key ${spkiOf(trust.key).toString('hex')}`;
    case 'certificate':
      return `certificate ${trust.anchors.map(({ fingerprint256 }) => fingerprint256).join()} ${trust.identity ?? ''}`;
    case 'keyless':
      return `keyless ${trust.identity.issuer} ${trust.identity.identity}`;
  }
}

/** The permission that a signer needs. */
export interface WantedSigner {
  readonly role: SignerRole;
  /** Of an approval. */
  readonly stage?: string;
}

/** Why a signer is not trusted for this, as a sentence; `undefined` when the signer is. */
export function refusalOf(rule: TrustRule, wanted: WantedSigner, now: Date): string | undefined {
  const { name, may, stages, notAfter } = rule;
  if (!may.has(wanted.role)) {
    return `"${name}" may not sign ${PLURALS[wanted.role]}, only ${[...may].map((role) => PLURALS[role]).join(', ')}`;
  }
  if (wanted.stage !== undefined && stages !== undefined && !stages.includes(wanted.stage)) {
    return `"${name}" may not approve for ${wanted.stage}, only for ${stages.join(', ')}`;
  }
  if (notAfter !== undefined && now > notAfter) return `"${name}" has not been trusted since ${notAfter.toISOString()}`;
  return undefined;
}

/** The signers that may sign models. */
export function modelTrusts(trustFile: TrustFile, now = new Date()): Trust[] {
  const signers = trustFile.rules.filter((rule) => refusalOf(rule, { role: 'model-signature' }, now) === undefined);
  return signers.map(({ trust }) => trust);
}
