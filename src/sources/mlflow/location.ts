import { AssayError, isAssayError } from '../../core/index.ts';
import { isArtifactPath, parseS3, type S3Reference } from '../../core/reference/index.ts';
import type { SourceOptions } from '../source.ts';
import { checkForeign } from './egress.ts';
import type { MlflowSettings } from './settings.ts';

/** The location of files that MLflow states: readable directly, or after one more request. */
export type MlflowLocation =
  /** Handed out by an MLflow server: `service` is the address of its artifact service, `root` a path within. */
  | { readonly kind: 'proxy'; readonly service: string; readonly root: string }
  | { readonly kind: 's3'; readonly reference: S3Reference }
  | { readonly kind: 'run'; readonly runId: string; readonly path: string }
  | { readonly kind: 'logged-model'; readonly modelId: string; readonly path: string };

const SERVICE = '/api/2.0/mlflow-artifacts/artifacts';
const MAX_URI = 4096;
const MAX_DECODINGS = 5;
/** How MLflow itself tells a logged model from a registered one (`models:/m-<id>`). */
const LOGGED_MODEL = /^models:\/(m-[0-9A-Za-z_-]{1,255})((?:\/.*)?)$/s;
const RUN = /^runs:\/([0-9A-Za-z][\w-]{0,255})((?:\/.*)?)$/s;
const FROM_A_SERVER = 'ask the operator of the MLflow server, or download the model and give its path';

/**
 * Reads an `artifact_uri`. The person who registers a model chooses it, so it is not trusted: it may lead to an artifact
 * service, an S3 bucket or another request to the same server, never to files of this machine.
 * @param subject the model that it was given for
 * @throws AssayError `refused`, `unsupported`, `malformed`.
 */
export function readLocation(
  uri: string,
  settings: MlflowSettings,
  options: SourceOptions,
  subject: string,
): MlflowLocation {
  if (uri === '')
    throw new AssayError('malformed', 'the server does not name the location of the files', {
      subject,
      hint: FROM_A_SERVER,
    });
  if (uri.length > MAX_URI || /\p{Cc}/u.test(uri)) throw unreadable(subject);
  const scheme = /^([a-z][a-z0-9+.-]+):/i.exec(uri)?.[1]?.toLowerCase();
  switch (scheme) {
    case 'mlflow-artifacts':
      return proxied(uri, settings, options, subject);
    case 'http':
    case 'https':
      return served(uri, settings, options, subject);
    case 's3':
      return { kind: 's3', reference: inBucket(uri, subject) };
    case 'runs': {
      const [, runId, path = ''] = RUN.exec(uri) ?? [];
      if (runId === undefined) throw unreadable(subject);
      return { kind: 'run', runId, path: within(path, subject) };
    }
    case 'models': {
      const [, modelId, path = ''] = LOGGED_MODEL.exec(uri) ?? [];
      if (modelId !== undefined) return { kind: 'logged-model', modelId, path: within(path, subject) };
      throw new AssayError('unsupported', 'its files belong to another registered model', {
        subject,
        hint: 'give the version from which it was copied',
      });
    }
    case undefined:
    case 'file':
      throw new AssayError(
        'refused',
        'the server states that its files are on this machine, but a server must not name files of this machine',
        {
          subject,
          hint: 'run the server with --serve-artifacts and an --artifacts-destination, or give the path of the model',
        },
      );
    default:
      throw new AssayError('unsupported', `its files are in a store that is not supported (${scheme}:)`, {
        subject,
        hint: 'let the server deliver them (--serve-artifacts), or download the model and give its path',
      });
  }
}

/** `mlflow-artifacts:/path` is on the tracking server, `mlflow-artifacts://host:port/path` on another. */
function proxied(uri: string, settings: MlflowSettings, options: SourceOptions, subject: string): MlflowLocation {
  const [, authority, path = ''] = /^[^:]+:(?:\/\/([^/]*))?(\/.*)$/s.exec(uri) ?? [];
  const tracking = new URL(settings.tracking);
  const own = authority === undefined || authority === '' || authority.toLowerCase() === tracking.host;
  if (own) return { kind: 'proxy', service: `${settings.tracking}${SERVICE}`, root: within(path, subject) };
  const address = `${tracking.protocol}//${authority}${tracking.pathname.replace(/\/+$/, '')}${SERVICE}`;
  return { kind: 'proxy', service: checked(address, settings, options, subject), root: within(path, subject) };
}

/** `https://host/api/2.0/mlflow-artifacts/artifacts/path`: MLflow knows no other files behind an address. */
function served(uri: string, settings: MlflowSettings, options: SourceOptions, subject: string): MlflowLocation {
  const [beforePath = '', ...rest] = uri.split(`${SERVICE}/`);
  const address = checked(rest.length === 0 ? uri : `${beforePath}${SERVICE}`, settings, options, subject);
  if (rest.length !== 1 || rest[0] === undefined) {
    throw new AssayError('unsupported', 'its files are behind an address that is not an artifact service of MLflow', {
      subject,
      hint: FROM_A_SERVER,
    });
  }
  return { kind: 'proxy', service: address, root: within(rest[0], subject) };
}

function inBucket(uri: string, subject: string): S3Reference {
  try {
    const reference = parseS3(uri);
    if (reference.versionId === undefined) return reference;
  } catch (error) {
    if (!isAssayError(error)) throw error;
  }
  throw unreadable(subject);
}

function checked(address: string, settings: MlflowSettings, options: SourceOptions, subject: string): string {
  const url = URL.canParse(address) ? new URL(address) : undefined;
  if (url === undefined || url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '')
    throw unreadable(subject);
  if (!settings.origins.includes(url.origin)) checkForeign(url, options);
  return url.href.replace(/\/+$/, '');
}

/** The path of a location, decoded as the server decodes it; empty for none. */
function within(path: string, subject: string): string {
  const trimmed = path.replace(/^\/+|\/+$/g, '');
  if (trimmed === '') return '';
  let at = trimmed;
  for (let i = 0; i < MAX_DECODINGS; i++) {
    if (!isArtifactPath(at)) break;
    const next = decoded(at);
    if (next === at) return decoded(trimmed);
    at = next;
  }
  throw new AssayError('refused', 'the location of its files leads out of the artifact store', {
    subject,
    hint: FROM_A_SERVER,
  });
}

function decoded(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}

function unreadable(subject: string): AssayError {
  return new AssayError('malformed', 'the server names a location of its files that is not valid', {
    subject,
    hint: FROM_A_SERVER,
  });
}
