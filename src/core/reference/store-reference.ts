import { AssayError } from '../errors.ts';

/** An object of an S3 bucket, or all objects below a prefix. */
export interface S3Reference {
  readonly kind: 's3';
  readonly bucket: string;
  /** An object's key, or a prefix; a prefix that is not empty ends in `/` when it was written so. */
  readonly key: string;
  /** Of one object. */
  readonly versionId?: string;
}

/** A manifest of an OCI registry. */
export interface OciReference {
  readonly kind: 'oci';
  /** Host, and port if there is one. */
  readonly registry: string;
  readonly repository: string;
  /** `latest` when neither tag nor digest is given. */
  readonly tag?: string;
  /** `sha256:<hex>` */
  readonly digest?: string;
}

/** A registered model of MLflow. */
export interface ModelsReference {
  readonly kind: 'models';
  readonly name: string;
  readonly at: { readonly version: string } | { readonly alias: string };
}

const BUCKET = /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/;
const REGISTRY = /^(?:[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?(?:\.[A-Za-z0-9-]+)*|\[[0-9A-Fa-f:]+\])(?::\d{1,5})?$/;
/** The OCI distribution specification's own grammar. */
const REPOSITORY = /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*(?:\/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*$/;
const TAG = /^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$/;
const DIGEST = /^sha256:[0-9a-f]{64}$/;

/** `s3://bucket/key[?versionId=...]` */
export function parseS3(text: string): S3Reference {
  const hint = 'write s3://bucket/key, s3://bucket/prefix/ or s3://bucket/key?versionId=...';
  const [, bucket = '', rest = ''] = /^s3:\/\/([^/?]*)\/?(.*)$/is.exec(text) ?? [];
  if (!BUCKET.test(bucket)) throw usage(text, `"${bucket}" is not a name of a bucket`, hint);
  const [, key = '', versionId] = /^(.*?)(?:\?versionId=([^?&]+))?$/s.exec(rest) ?? [];
  if (Buffer.byteLength(key) > 1024 || key.includes('\0')) throw usage(text, 'no object has such a key', hint);
  if (key.split('/').some((part) => part === '.' || part === '..'))
    throw usage(text, 'a key with a part . or .. has no address', 'copy the object to another key');
  if (versionId !== undefined && (key === '' || key.endsWith('/')))
    throw usage(text, 'a version belongs to a single object', 'name the object, or remove ?versionId=');
  return { kind: 's3', bucket, key, ...(versionId === undefined ? {} : { versionId }) };
}

export function formatS3({ bucket, key, versionId }: S3Reference): string {
  return `s3://${bucket}/${key}${versionId === undefined ? '' : `?versionId=${versionId}`}`;
}

/** `oci://registry/repository[:tag][@sha256:...]` */
export function parseOci(text: string): OciReference {
  const hint = 'write oci://registry/repository:tag or oci://registry/repository@sha256:...';
  const [, registry = '', rest = ''] = /^oci:\/\/([^/]*)\/?(.*)$/is.exec(text) ?? [];
  if (registry.includes('@')) {
    throw usage('the address', 'it contains a user name or a password', 'remove them: docker login stores them');
  }
  if (!REGISTRY.test(registry)) throw usage(text, `"${registry}" is not a host of a registry`, hint);
  const [, repository = '', tag, digest] = /^([^:@]*)(?::([^@]*))?(?:@(.*))?$/s.exec(rest) ?? [];
  if (!REPOSITORY.test(repository) || repository.length > 255)
    throw usage(text, `"${repository}" is not a name of a repository`, hint);
  if (tag !== undefined && !TAG.test(tag)) throw usage(text, `"${tag}" is not a tag`, hint);
  if (digest !== undefined && !DIGEST.test(digest)) throw usage(text, `"${digest}" is not a SHA-256 digest`, hint);
  return {
    kind: 'oci',
    registry,
    repository,
    ...(tag === undefined ? {} : { tag }),
    ...(digest === undefined ? {} : { digest }),
  };
}

export function formatOci({ registry, repository, tag, digest }: OciReference): string {
  return `oci://${registry}/${repository}${tag === undefined ? '' : `:${tag}`}${digest === undefined ? '' : `@${digest}`}`;
}

/** `models:/name/version` or `models:/name@alias` */
export function parseModels(text: string): ModelsReference {
  const hint = 'write models:/name/version or models:/name@alias';
  const rest = text.replace(/^models:\/+/i, '');
  const [, name = '', version, alias] = /^([^/@]*)(?:\/(\d{1,18})|@([^/@]+))$/s.exec(rest) ?? [];
  if (/^\s*$/.test(name) || /[\p{Cc}:]/u.test(rest)) throw usage(text, 'names no version of a registered model', hint);
  if (version !== undefined)
    return { kind: 'models', name: decode(text, name), at: { version: String(BigInt(version)) } };
  if (alias !== undefined) return { kind: 'models', name: decode(text, name), at: { alias: decode(text, alias) } };
  throw usage(text, 'names no version of a registered model', hint);
}

export function formatModels({ name, at }: ModelsReference): string {
  return 'version' in at
    ? `models:/${encodeURIComponent(name)}/${at.version}`
    : `models:/${encodeURIComponent(name)}@${encodeURIComponent(at.alias)}`;
}

function decode(text: string, part: string): string {
  try {
    return decodeURIComponent(part);
  } catch (cause) {
    throw new AssayError('usage', `"${part}" has a broken % escape`, { subject: text, hint: 'write % as %25', cause });
  }
}

function usage(subject: string, message: string, hint: string): AssayError {
  return new AssayError('usage', message, { subject, hint });
}
