import type { PayloadSigner } from '../../integrity/sign/index.ts';
import type { TrustFile } from '../../integrity/trust-file/index.ts';
import { type SnapshotDocument, signSnapshot } from '../../snapshot/index.ts';
import type { Principal } from '../records.ts';
import type { Registry, RegistryRules } from '../registry.ts';
import { isRegistryError } from '../registry-error.ts';
import { labelOf } from '../rows/index.ts';
import { Believer } from './believe.ts';
import { followChain, type Head, lost, START } from './chain.ts';
import { allVersions, questionOf } from './collect.ts';
import { documentOf, type Endpoints } from './document-of.ts';
import type { FormerPolicy } from './former.ts';
import { History } from './history.ts';
import { heldImages, mergedImages } from './images.ts';
import { type JudgedVersion, judgeVersion, type Omission } from './judge.ts';

export interface SnapshotWriterOptions {
  /** Only read. */
  readonly registry: Registry;
  readonly rules: RegistryRules;
  /** Policies that those of the rules have replaced a moment ago. */
  readonly former?: readonly FormerPolicy[];
  /** The trusted approvers, from a file that users with write access to the database cannot change. */
  readonly trust: TrustFile;
  /** `sha256:<hex>` of that file. */
  readonly trustDigest: string;
  /** Signs with the writer's own key: never that of the service. */
  readonly signer: PayloadSigner;
  readonly tenant: string;
  /** How long a snapshot may be used; 7 days when absent. */
  readonly expiresInMs?: number;
  /** Servers that references were resolved at, by scheme, where it is not the well-known one: `{hf: 'https://hub.example'}`. */
  readonly endpoints?: Endpoints;
  readonly images?: SnapshotDocument['images'];
  /** Address of the service, for links to reports. */
  readonly publicUrl?: string;
  readonly now?: () => Date;
}

/** What was written before: a snapshot may only follow it. */
export interface Previous {
  readonly version: number;
  readonly auditHead: Head;
}

export interface WrittenSnapshot {
  /** The file to publish. */
  readonly bytes: Buffer;
  readonly document: SnapshotDocument;
  /** Statements of the registry that the snapshot leaves out. */
  readonly omitted: readonly Omission[];
}

const WEEK = 7 * 24 * 60 * 60 * 1000;
const READER = { subject: 'snapshot-writer', issuer: null, roles: ['viewer'], via: 'local' } as const;

/**
 * Writes snapshots of one tenant, one after the other. The first snapshot reads and judges everything; later ones only the
 * changes in the audit log, and expiries.
 */
export class SnapshotWriter {
  readonly #options: SnapshotWriterOptions;
  readonly #by: Principal;
  readonly #believer: Believer;
  readonly #history = new History();
  readonly #known = new Map<string, JudgedVersion>();
  #head: Head = START;
  #isWhole = false;

  constructor(options: SnapshotWriterOptions) {
    this.#options = options;
    this.#by = { ...READER, tenant: options.tenant };
    this.#believer = new Believer(options.trust);
  }

  /**
   * A snapshot of what is decided now.
   * @throws AssayError `mismatch` when the audit log is broken, or no longer holds what was signed before; RegistryError
   */
  async write(previous: Previous | undefined): Promise<WrittenSnapshot> {
    const now = this.#options.now?.() ?? new Date();
    const touched = await this.#read(previous?.auditHead ?? START);
    await this.#judge(touched, now);
    const judged = [...this.#known.values()];
    const listed = judged.filter(({ omitted }) => omitted.every(({ what }) => what !== 'version'));
    const held = await heldImages(this.#options.registry, this.#by, {
      believer: this.#believer,
      history: this.#history,
      now,
    });
    const images = mergedImages(held.images, this.#options.images ?? []);
    const { signer, expiresInMs = WEEK, ...options } = this.#options;
    const version = (previous?.version ?? 0) + 1;
    const document = documentOf({ ...options, images, judged: listed, head: this.#head, now, version, expiresInMs });
    const omitted = [...judged.flatMap((one) => one.omitted), ...held.omitted];
    return { bytes: await signSnapshot(document, signer), document, omitted };
  }

  /** Whether the next snapshot would differ from the last: after a new log entry or an expiry. */
  async hasChanged(): Promise<boolean> {
    const now = this.#options.now?.() ?? new Date();
    if (!this.#isWhole || [...this.#known.values()].some((one) => hasEnded(one, now))) return true;
    const [known, next] = await this.#options.registry.auditSince(this.#by, Math.max(0, this.#head.seq - 1), 2);
    if (this.#head.seq === 0) return known !== undefined;
    if (known?.seq !== this.#head.seq || known.hash !== this.#head.hash) throw lost(this.#head);
    return next !== undefined;
  }

  /** Reads on in the audit log. @returns names of versions, and digests, that something was done to */
  async #read(signed: Head): Promise<ReadonlySet<string>> {
    const touched = new Set<string>();
    let isThere = signed.seq === 0 || (signed.seq === this.#head.seq && signed.hash === this.#head.hash);
    for await (const entry of followChain(this.#options.registry, this.#by, this.#head)) {
      this.#history.add(entry);
      this.#head = { seq: entry.seq, hash: entry.hash };
      touched.add(entry.subject);
      if (entry.seq === signed.seq && entry.hash === signed.hash) isThere = true;
    }
    // Within one process, what was signed is what was read.
    if (!isThere && !this.#isWhole) throw lost(signed);
    return touched;
  }

  async #judge(touched: ReadonlySet<string>, now: Date): Promise<void> {
    const { registry, rules, former = [] } = this.#options;
    const bench = { rules, former, believer: this.#believer, history: this.#history, now };
    if (!this.#isWhole) {
      for await (const version of allVersions(registry, this.#by)) {
        this.#known.set(
          labelOf(version),
          await judgeVersion(await questionOf(registry, this.#by, version, this.#history), bench),
        );
      }
      this.#isWhole = true;
      return;
    }
    for (const label of this.#labelsOf(touched, now)) {
      const version = await this.#versionOf(label);
      if (version === undefined) this.#known.delete(label);
      else
        this.#known.set(label, await judgeVersion(await questionOf(registry, this.#by, version, this.#history), bench));
    }
  }

  #labelsOf(touched: ReadonlySet<string>, now: Date): Set<string> {
    const labels = new Set([...touched].filter((subject) => /@\d+$/.test(subject)));
    for (const [label, one] of this.#known) {
      if (touched.has(one.version.digest) || hasEnded(one, now)) labels.add(label);
    }
    return labels;
  }

  /** `undefined` when it is not there: its entry told of something else of that name. */
  async #versionOf(label: string) {
    const at = label.lastIndexOf('@');
    try {
      const name = { model: label.slice(0, at), number: Number(label.slice(at + 1)) };
      return await this.#options.registry.version(this.#by, name);
    } catch (error) {
      if (isRegistryError(error) && (error.code === 'not-found' || error.code === 'invalid')) return undefined;
      throw error;
    }
  }
}

function hasEnded({ stages }: JudgedVersion, now: Date): boolean {
  return stages.some(({ notAfter }) => notAfter !== null && Date.parse(notAfter) <= now.getTime());
}
