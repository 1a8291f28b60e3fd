import type { KeyObject } from 'node:crypto';
import { type ClientContext, type RegistryClient, type RegistryFlags, registryPlace } from '../../client/index.ts';
import { AssayError, type ErrorCode } from '../../core/index.ts';
import { isRegistryError, type RegistryError, type RegistryErrorCode } from '../../registry/index.ts';
import { terminalText } from '../../report/index.ts';
import { printError, type Shell } from '../terminal/index.ts';

/**
 * Refusals by the rules of a registry: exit code 1, as for a policy that denies. All other errors mean that the request could
 * not be completed.
 */
const REFUSALS: ReadonlySet<RegistryErrorCode> = new Set<RegistryErrorCode>([
  'forbidden',
  'stage-skipped',
  'denied',
  'own-request',
  'already-voted',
  'role-not-asked',
  'method-not-accepted',
  'bad-attestation',
  'not-waivable',
]);

const CODES: Partial<Readonly<Record<RegistryErrorCode, ErrorCode>>> = {
  'not-found': 'not-found',
  'too-large': 'limit',
  unavailable: 'network',
  internal: 'internal',
};

/** Where the command line has an answer of its own. */
const HINTS: Partial<Readonly<Record<RegistryErrorCode, string>>> = {
  'no-trust': 'give --trust, or put a trust file beside the registry: FILE.d/trust.yaml; of a service, ASSAY_TRUST',
  'not-found': 'assay models lists the known models',
  'own-request': 'let somebody else approve or reject it',
  'no-approval-key': 'give --key',
  'bad-attestation': 'add the signer to the trust file: FILE.d/trust.yaml, or ASSAY_TRUST of the service',
};

/** Something that the rules do not allow, said by a verb itself. */
export class Refusal extends Error {
  readonly hint: string | undefined;
  readonly subject: string | undefined;

  constructor(message: string, options: { readonly subject?: string; readonly hint?: string } = {}) {
    super(message);
    this.name = 'Refusal';
    this.subject = options.subject;
    this.hint = options.hint;
  }
}

export interface OpenRegistryOptions {
  /** Names the command, for messages. */
  readonly verb: string;
  /** What the verb is about, for messages. */
  readonly subject?: string;
  /** Make a registry of this machine when it is not there. */
  readonly make?: boolean;
  /** Of the approver. */
  readonly key?: KeyObject | undefined;
}

/**
 * Opens the registry that the flags and the environment name, works with it, and closes it. What the registry does not allow is
 * said in a line and ends with exit code 1.
 * @throws AssayError for what could not be done
 */
export async function withRegistry(
  flags: RegistryFlags,
  shell: Shell,
  options: OpenRegistryOptions,
  work: (registry: RegistryClient) => Promise<void>,
): Promise<void> {
  try {
    const registry = await open(flags, shell, options);
    try {
      await work(registry);
    } finally {
      await registry.close();
    }
  } catch (error) {
    if (!isRegistryError(error) && !(error instanceof Refusal)) throw error;
    const told = isRegistryError(error) ? asAssayError(error, options.subject) : refused(error);
    if (isRegistryError(error) && !REFUSALS.has(error.code)) throw told;
    printError(shell, told);
    shell.exit(1);
  }
}

async function open(flags: RegistryFlags, shell: Shell, options: OpenRegistryOptions): Promise<RegistryClient> {
  const { registry, url } = flags;
  if (registry !== undefined && url !== undefined) {
    throw usage('--registry', 'and --url were both given', 'leave out one of them');
  }
  if (registry !== undefined) {
    if (flags.tokenFile !== undefined) throw usage('--token-file', 'needs a service', 'leave it out');
    const { openLocal } = await import('../../client/index.ts');
    const { make = false, key } = options;
    const asked = { as: flags.as, make, ...(key === undefined ? {} : { key }) };
    return openLocal(registryPlace(registry, flags, shell.env), asked, contextOf(shell));
  }
  const address = url ?? shell.env.ASSAY_URL ?? '';
  if (address === '') {
    throw usage(
      options.verb,
      'needs a registry',
      'give --registry FILE, or set ASSAY_URL and ASSAY_TOKEN for a service',
    );
  }
  for (const name of ['rules', 'trust', 'as'] as const) {
    if (flags[name] !== undefined) {
      throw usage(`--${name}`, 'needs a registry on this machine', 'leave it out');
    }
  }
  const { connectService } = await import('../../client/index.ts');
  const { serviceRegistry } = await import('../../client/index.ts');
  return serviceRegistry(await connectService(address, flags, contextOf(shell)));
}

function contextOf({ env, signal, stderr }: Shell): ClientContext {
  return { env, signal, warn: (message) => void stderr.write(`assay: warning: ${terminalText(message)}\n`) };
}

function asAssayError(error: RegistryError, subject: string | undefined): AssayError {
  const hint = HINTS[error.code] ?? error.hint;
  const about = subject === undefined ? {} : { subject };
  const options = { ...(hint === undefined ? {} : { hint }), ...about, cause: error };
  return new AssayError(CODES[error.code] ?? 'usage', error.message, options);
}

function refused({ message, hint, subject }: Refusal): AssayError {
  return new AssayError('refused', message, {
    ...(hint === undefined ? {} : { hint }),
    ...(subject === undefined ? {} : { subject }),
  });
}

function usage(subject: string, message: string, hint: string): AssayError {
  return new AssayError('usage', message, { subject, hint });
}
