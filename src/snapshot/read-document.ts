import { IMAGE_ROLES, type ImageFacts } from '../core/image/index.ts';
import { parseTime } from '../integrity/statements/index.ts';
import { SNAPSHOT_SCHEMAS, type SnapshotDocument, type SnapshotEntry, type SnapshotImage } from './document.ts';
import { SNAPSHOT_LIMITS } from './limits.ts';
import { SnapshotError } from './snapshot-error.ts';

/** Checked by hand and not by a schema: a webhook loads a hundred thousand entries while it answers. */
type Fields = Readonly<Record<string, unknown>>;

const DIGEST = /^sha256:[0-9a-f]{64}$/;
const HASH = /^[0-9a-f]{64}$/;
const STAGE = /^[a-z][a-z0-9]*(?:-[a-z0-9]+)*$/;
const SECONDS = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z$/;
const IMAGE_NAME = /^oci:\/\/[^\s@]+:[\w.-]+$/;
/** Of the parts that come once. */
const PARTS = { document: 10, head: 2, ruleset: 2, policy: 2, entry: 11, stage: 2 } as const;
/** Of an image, by the schema of its document. */
const IMAGE_PARTS = { '1': 2, '2': 3, '3': 5 } as const;
const FACTS_PARTS = 5;

/**
 * A parsed snapshot: every field has its type and is within its bounds, and there is no other field.
 * @throws SnapshotError `malformed`, `limit`
 */
export function readSnapshotDocument(json: unknown): SnapshotDocument {
  return documentOf(json, new Times());
}

/** Reads entries one by one, each checked as `readDocument` does. */
export function entryReader(): (json: unknown) => SnapshotEntry {
  const times = new Times();
  return (json) => entryOf(json, times);
}

function documentOf(json: unknown, times: Times): SnapshotDocument {
  const fields = objectOf(json, 'the document', PARTS.document);
  const schemaVersion = SNAPSHOT_SCHEMAS.find((known) => known === fields.schemaVersion);
  if (schemaVersion === undefined) {
    throw malformed(`its schemaVersion is none of ${SNAPSHOT_SCHEMAS.join(', ')}, which are known here`);
  }
  const head = objectOf(fields.auditHead, 'auditHead', PARTS.head);
  const ruleset = fields.ruleset === null ? null : objectOf(fields.ruleset, 'ruleset', PARTS.ruleset);
  const document: SnapshotDocument = {
    schemaVersion,
    tenant: textOf(fields.tenant, 'tenant'),
    version: countOf(fields.version, 'version', 1),
    issued: times.of(fields.issued, 'issued'),
    expires: times.of(fields.expires, 'expires'),
    auditHead: { seq: countOf(head.seq, 'auditHead.seq', 0), hash: matching(head.hash, HASH, 'auditHead.hash') },
    trust: digestOf(fields.trust, 'trust'),
    ruleset: ruleset && {
      version: textOf(ruleset.version, 'ruleset.version'),
      digest: digestOf(ruleset.digest, 'ruleset.digest'),
    },
    entries: listOf(fields.entries, 'entries', SNAPSHOT_LIMITS.maxEntries, (one) => entryOf(one, times)),
    images: listOf(fields.images, 'images', SNAPSHOT_LIMITS.maxImages, (one) => imageOf(one, times, schemaVersion)),
  };
  if (document.issued >= document.expires) throw malformed('it expires before it is issued');
  return document;
}

function entryOf(json: unknown, times: Times): SnapshotEntry {
  const fields = objectOf(json, 'an entry', PARTS.entry);
  const { status, remoteCode } = fields;
  const policy = objectOf(fields.policy, 'policy', PARTS.policy);
  if (status !== 'approved' && status !== 'denied') throw malformed('the status of an entry is not a status');
  if (typeof remoteCode !== 'boolean') throw malformed('remoteCode of an entry is not a boolean');
  const stages = listOf(fields.stages, 'stages', SNAPSHOT_LIMITS.maxStages, (one) => stageOf(one, times));
  if ((stages.length === 0) !== (status === 'denied')) throw malformed('the stages of an entry contradict its status');
  return {
    model: textOf(fields.model, 'model'),
    number: countOf(fields.number, 'number', 1),
    digest: digestOf(fields.digest, 'digest'),
    refs: listOf(fields.refs, 'refs', SNAPSHOT_LIMITS.maxRefs, (one) => textOf(one, 'a reference')),
    endpoint: fields.endpoint === null ? null : textOf(fields.endpoint, 'endpoint'),
    status,
    stages,
    remoteCode,
    policy: { name: textOf(policy.name, 'policy.name'), digest: digestOf(policy.digest, 'policy.digest') },
    reason: textOf(fields.reason, 'reason', 0),
    report: fields.report === null ? null : textOf(fields.report, 'report'),
  };
}

function stageOf(json: unknown, times: Times): SnapshotEntry['stages'][number] {
  const { stage, notAfter } = objectOf(json, 'a stage', PARTS.stage);
  return {
    stage: matching(stage, STAGE, 'a stage'),
    notAfter: notAfter === null ? null : times.of(notAfter, 'notAfter'),
  };
}

function imageOf(json: unknown, times: Times, schema: SnapshotDocument['schemaVersion']): SnapshotImage {
  const { digest, notAfter, as, name, facts } = objectOf(json, 'an image', IMAGE_PARTS[schema]);
  const image = {
    digest: digestOf(digest, 'digest of an image'),
    notAfter: notAfter === null ? null : times.of(notAfter, 'notAfter of an image'),
  };
  if (schema === '1') return image;
  const role = IMAGE_ROLES.find((known) => known === as);
  if (role === undefined) throw malformed('"as" of an image is not "program" or "sealed"');
  if (schema === '2') return { ...image, as: role };
  return {
    ...image,
    as: role,
    name: name === null ? null : matching(name, IMAGE_NAME, 'the name of an image'),
    facts: facts === null ? null : factsOf(facts),
  };
}

function factsOf(json: unknown): ImageFacts {
  const { entrypoint, cmd, env, workingDir, volumes } = objectOf(json, 'facts of an image', FACTS_PARTS);
  const words = (list: unknown, what: string) =>
    listOf(list, what, SNAPSHOT_LIMITS.maxWords, (one) => textOf(one, what, 0));
  return {
    entrypoint: words(entrypoint, 'entrypoint'),
    cmd: words(cmd, 'cmd'),
    env: words(env, 'env'),
    workingDir: matching(workingDir, /^\//, 'workingDir'),
    volumes: words(volumes, 'volumes'),
  };
}

/** The caller reads every field of the object, and there is no other field. */
function objectOf(json: unknown, what: string, fields: number): Fields {
  if (typeof json !== 'object' || json === null || Array.isArray(json)) throw malformed(`${what} is not an object`);
  let count = 0;
  for (const _ in json) count++;
  if (count !== fields) throw malformed(`${what} has ${count} fields, not ${fields}`);
  return json as Fields;
}

function listOf<T>(json: unknown, what: string, max: number, read: (one: unknown) => T): T[] {
  if (!Array.isArray(json)) throw malformed(`${what} is not a list`);
  if (json.length > max) throw new SnapshotError('limit', `the snapshot has more than ${max} ${what}`);
  return json.map(read);
}

function textOf(json: unknown, what: string, min = 1): string {
  if (typeof json !== 'string' || json.length < min) throw malformed(`${what} is not text`);
  if (json.length > SNAPSHOT_LIMITS.maxText) throw malformed(`${what} is too long`);
  return json;
}

function matching(json: unknown, pattern: RegExp, what: string): string {
  const text = textOf(json, what);
  if (!pattern.test(text)) throw malformed(`${what} is not as it should be`);
  return text;
}

function digestOf(json: unknown, what: string): string {
  return matching(json, DIGEST, what);
}

function countOf(json: unknown, what: string, min: number): number {
  if (typeof json === 'number' && Number.isSafeInteger(json) && json >= min) return json;
  throw malformed(`${what} is not a number of that kind`);
}

/** Many entries end at the same moment. */
class Times {
  readonly #known = new Set<string>();

  of(json: unknown, what: string): string {
    if (typeof json === 'string' && this.#known.has(json)) return json;
    const text = matching(json, SECONDS, what);
    if (parseTime(text) === undefined) throw malformed(`${what} is not a moment`);
    this.#known.add(text);
    return text;
  }
}

function malformed(message: string): SnapshotError {
  return new SnapshotError('malformed', `the snapshot is malformed: ${message}`);
}
