import { type RegistryPlace, registryPlace } from '../../../client/index.ts';
import { AssayError, isAssayError } from '../../../core/index.ts';
import { keySigner } from '../../../integrity/sign/index.ts';
import { filesNamedIn, readTrustFile } from '../../../integrity/trust-file/index.ts';
import { isRegistryError, loadRegistryRules, openRegistry, type Registry } from '../../../registry/index.ts';
import { printOf } from '../../../registry/rules/index.ts';
import {
  digestOfTrust,
  type Omission,
  type WriteOptions,
  type WrittenSnapshot,
  watchSnapshot,
  writeSnapshot,
} from '../../../registry/snapshot/index.ts';
import { count, terminalText } from '../../../report/index.ts';
import { isSnapshotError } from '../../../snapshot/index.ts';
import { type OpenedKey, openKey } from '../../signing/index.ts';
import { printError, type Shell } from '../../terminal/index.ts';
import type { SnapshotRequest } from './request.ts';

/** Between two looks at the registry: far below the minute within which a revocation has to reach every webhook. */
export const POLL_MS = 5_000;
/** A registry that cannot be read is told of again after so many looks. */
const TELL_AGAIN = 12;

/** Writes a snapshot, or goes on writing them until Ctrl-C. */
export async function runSnapshot(request: SnapshotRequest, shell: Shell): Promise<void> {
  const place = placeOf(request, shell);
  const { key: file, passphraseFile } = request;
  const privateKey = { file };
  const method = { kind: 'key', privateKey } as const;
  const key = await openKey(privateKey, { method, ...(passphraseFile === undefined ? {} : { passphraseFile }) }, shell);
  try {
    if (!request.quiet) await warnOfKey(place.trust, key, shell);
    await (request.watch ? watch(place, key, request, shell) : once(place, key, request, shell));
  } catch (error) {
    throw explained(error, place);
  } finally {
    key.close();
  }
}

type TrustedPlace = RegistryPlace & { readonly trust: string };

function placeOf({ registry, trust, rules }: SnapshotRequest, { env }: Shell): TrustedPlace {
  const flags = { ...(trust === undefined ? {} : { trust }), ...(rules === undefined ? {} : { rules }) };
  const place = registryPlace(registry, flags, env);
  if (place.isNew) {
    const hint = 'check the path: assay approve makes a registry';
    throw new AssayError('not-found', 'the registry does not exist', { subject: `--registry ${place.name}`, hint });
  }
  if (place.trust !== null) return { ...place, trust: place.trust };
  throw new AssayError('usage', 'no trust file is given', {
    subject: 'assay snapshot',
    hint: 'give --trust; assay attestation --help shows one',
  });
}

/** One stolen key must not be enough for both purposes. */
async function warnOfKey(trust: string, { publicKey, name }: OpenedKey, shell: Shell): Promise<void> {
  const { rules } = await readTrustFile(trust);
  const own = publicKey.export({ type: 'spki', format: 'der' });
  const other = rules.find(({ trust: who, may }) => {
    const others = [...may].filter((role) => role !== 'snapshot');
    return who.kind === 'key' && others.length > 0 && who.key.export({ type: 'spki', format: 'der' }).equals(own);
  });
  if (other === undefined) return;
  const warning = `is also the key of "${other.name}", who can sign other things in the trust file; create a key for snapshots only`;
  shell.stderr.write(`assay: warning: ${terminalText(`${name}: ${warning}`)}\n`);
}

async function once(place: TrustedPlace, key: OpenedKey, request: SnapshotRequest, shell: Shell): Promise<void> {
  const inputs = await readInputs(place, key, request);
  const registry = await openRegistry({ database: place.database, rules: inputs.rules, trust: inputs.trust });
  try {
    report(await writeSnapshot({ ...inputs, registry }), request, shell);
  } finally {
    await registry.close();
  }
}

async function watch(place: TrustedPlace, key: OpenedKey, request: SnapshotRequest, shell: Shell): Promise<void> {
  const open = new Connection(place, key, request);
  let failures = 0;
  try {
    await watchSnapshot({
      signal: shell.signal,
      pollMs: POLL_MS,
      options: () => open.options(),
      onWritten: (written) => {
        failures = 0;
        report(written, request, shell);
      },
      onFailure: (error) => {
        if (failures++ % TELL_AGAIN === 0) printError(shell, explained(error, place));
      },
    });
  } finally {
    await open.close();
  }
}

/** The registry with its rules and its trust file, opened once more when one of them is another. */
class Connection {
  readonly #place: TrustedPlace;
  readonly #key: OpenedKey;
  readonly #request: SnapshotRequest;
  #open: { readonly options: WriteOptions; readonly registry: Registry; readonly print: string } | undefined;

  constructor(place: TrustedPlace, key: OpenedKey, request: SnapshotRequest) {
    this.#place = place;
    this.#key = key;
    this.#request = request;
  }

  async options(): Promise<WriteOptions> {
    // Before what it is of: one that is older than that is found out the next time, one that is newer never.
    const trusted = await trustPrint(this.#place.trust);
    const inputs = await readInputs(this.#place, this.#key, this.#request);
    const { rules, trust } = inputs;
    const print = JSON.stringify([printOf(rules), trusted]);
    if (this.#open?.print === print) return this.#open.options;
    await this.close();
    const registry = await openRegistry({ database: this.#place.database, rules, trust });
    this.#open = { options: { ...inputs, registry }, registry, print };
    return this.#open.options;
  }

  async close(): Promise<void> {
    await this.#open?.registry.close();
    this.#open = undefined;
  }
}

/** The bytes of a trust file, and of all that it names: a changed key in such a file changes the trusted signers. */
async function trustPrint(path: string): Promise<string[]> {
  const files = [path, ...(await filesNamedIn(path))];
  // The reader reports a missing file.
  return Promise.all(files.map((file) => digestOfTrust(file).catch(() => 'unreadable')));
}

async function readInputs(place: TrustedPlace, key: OpenedKey, request: SnapshotRequest) {
  const { output, tenant, expiresInMs, endpoints, images, publicUrl } = request;
  const trust = await readTrustFile(place.trust);
  return {
    rules: await loadRegistryRules(place.rules),
    trust,
    trustDigest: await digestOfTrust(place.trust),
    signer: keySigner(key, key.name),
    key: key.publicKey,
    output,
    tenant,
    expiresInMs,
    endpoints,
    images,
    ...(publicUrl === undefined ? {} : { publicUrl }),
  };
}

function report({ document, omitted }: WrittenSnapshot, request: SnapshotRequest, shell: Shell): void {
  if (request.explain) for (const one of omitted) shell.stdout.write(`${omissionText(one)}\n`);
  if (request.quiet) return;
  const approved = document.entries.filter(({ status }) => status === 'approved').length;
  const counts = `${count(document.entries.length, 'version')}, ${approved} approved`;
  const left = omitted.length === 0 || request.explain ? '' : `; ${omitted.length} left out (--explain says why)`;
  const where = terminalText(request.output);
  shell.stderr.write(`Signed: snapshot ${document.version}, ${counts}, until ${document.expires}: ${where}${left}\n`);
}

function omissionText({ version, what, why }: Omission): string {
  return terminalText(`${version}: left out ${what}: ${why}`);
}

/** What other parts say, with what the reader knows it by. */
function explained(error: unknown, { name }: RegistryPlace): unknown {
  if (isSnapshotError(error)) return new AssayError('usage', error.message, { subject: name, cause: error });
  if (isRegistryError(error)) {
    const hint = error.hint === undefined ? {} : { hint: error.hint };
    return new AssayError('unreadable', error.message, { subject: `--registry ${name}`, ...hint, cause: error });
  }
  if (!isAssayError(error) || error.subject !== undefined || error.code !== 'mismatch') return error;
  const hint = error.hint === undefined ? {} : { hint: error.hint };
  return new AssayError(error.code, error.message, { subject: name, ...hint, cause: error });
}
