import { type Artifact, AssayError } from '../../core/index.ts';
import { formatModels, type ModelsReference, type S3Reference } from '../../core/reference/index.ts';
import { envOf, type SourceOptions } from '../source.ts';
import { MlflowClient, type MlflowVersion } from './client.ts';
import { joinedPath, type MlflowProxy, proxyFiles } from './files.ts';
import { type MlflowLocation, readLocation } from './location.ts';
import { type MlflowSettings, mlflowSettings } from './settings.ts';

/** The maximum number of redirections: files of a version may belong to a run, whose location is another request. */
const MAX_LOCATIONS = 4;
const NO_DIGESTS = 'MLflow has no digests: the version is pinned, but its bytes are not, and can be replaced';

/**
 * A version of a registered model, read from where MLflow says that its files are. An alias is resolved once, to the version
 * that everything after is asked for.
 * @throws AssayError `not-found`, `unreadable` (not ready), `unauthorized`, `network`, `refused`, `unsupported`, `malformed`,
 *   `limit`, `aborted`; `usage` when offline, and for settings that name no server.
 */
export async function openMlflow(reference: ModelsReference, options: SourceOptions): Promise<Artifact> {
  const ref = formatModels(reference);
  if (options.offline === true) {
    throw new AssayError('usage', 'no connection may be opened (--offline)', {
      subject: ref,
      hint: 'run without --offline, or download the model and give its path',
    });
  }
  const settings = mlflowSettings(envOf(options));
  const client = new MlflowClient(settings, options);
  try {
    const { pinned, notes, version } = await resolve(client, reference, ref);
    const uri = await client.downloadUri(reference.name, version, pinned);
    const location = await locate(client, uri, settings, options, pinned);
    const opened =
      location.kind === 's3'
        ? await fromS3(location.reference, options)
        : await fromProxy(client, location, pinned, options);
    const close = async () => {
      await opened.close();
      await client.close();
    };
    return { ref, pinned, files: opened.files, notes: [...notes, ...opened.notes, NO_DIGESTS], close };
  } catch (error) {
    await client.close();
    throw error;
  }
}

interface Resolved {
  readonly version: string;
  /** `models:/name/version` */
  readonly pinned: string;
  readonly notes: readonly string[];
}

async function resolve(client: MlflowClient, { name, at }: ModelsReference, ref: string): Promise<Resolved> {
  const found =
    'alias' in at ? await client.versionOfAlias(name, at.alias, ref) : await client.version(name, at.version, ref);
  const version = String(found.version);
  const asOther = 'version' in at && version !== at.version;
  if (found.name !== name || asOther || !/^\d{1,18}$/.test(version)) {
    throw new AssayError('network', 'the MLflow server answers for another model than the request names', {
      subject: ref,
      hint: 'ask its operator',
    });
  }
  const pinned = formatModels({ kind: 'models', name, at: { version } });
  checkState(found, pinned);
  const run = found.run_id ?? '';
  return {
    version,
    pinned,
    notes: [
      ...('alias' in at ? [`the alias ${at.alias} led to version ${version}`] : []),
      ...(/^[\w-]{1,256}$/.test(run) ? [`version ${version} was logged by run ${run}`] : []),
    ],
  };
}

/** Files of a version that is not ready may be missing. */
function checkState({ status, current_stage: stage }: MlflowVersion, subject: string): void {
  if (stage === 'Deleted_Internal') {
    throw new AssayError('not-found', 'this version was deleted', { subject, hint: 'give another version' });
  }
  if (status === undefined || status === null || status === 'READY') return;
  const known = /^[A-Z][A-Z_]{0,63}$/.test(status) ? status : 'of unknown state';
  throw new AssayError('unreadable', `this version is ${known}, not READY: some of its files may be missing`, {
    subject,
    hint: 'wait until its registration is complete, or register it again',
  });
}

/** Sends requests until a location is readable. */
async function locate(
  client: MlflowClient,
  uri: string,
  settings: MlflowSettings,
  options: SourceOptions,
  subject: string,
): Promise<Place> {
  let at = uri;
  let below = '';
  for (let i = 0; i < MAX_LOCATIONS; i++) {
    const location = readLocation(at, settings, options, subject);
    if (location.kind === 'proxy' || location.kind === 's3') return folderOf(location, below, subject);
    below = joinedPath(location.path, below);
    at =
      location.kind === 'run'
        ? await client.runUri(location.runId, subject)
        : await loggedModelUri(client, location.modelId, subject);
  }
  throw new AssayError('refused', `the server redirects to other locations more than ${MAX_LOCATIONS} times`, {
    subject,
    hint: 'ask the operator of the MLflow server',
  });
}

/** The folder `below` a place; the place itself must be one within its store, not all of it. */
function folderOf(location: Place, below: string, subject: string): Place {
  const top = location.kind === 'proxy' ? location.root : location.reference.key.replace(/\/+$/, '');
  const folder = joinedPath(top, below);
  if (folder === '') {
    throw new AssayError('refused', 'the server names the root of an artifact store as the location of the files', {
      subject,
      hint: 'ask the operator of the MLflow server',
    });
  }
  return location.kind === 'proxy'
    ? { ...location, root: folder }
    : { kind: 's3', reference: { ...location.reference, key: `${folder}/` } };
}

async function loggedModelUri(client: MlflowClient, modelId: string, subject: string): Promise<string> {
  const model = await client.loggedModel(modelId, subject);
  const ready = model.status === undefined || model.status === null || model.status === 'LOGGED_MODEL_READY';
  if (model.model_id === modelId && ready) return model.artifact_uri;
  const why = ready ? 'the MLflow server answers for another logged model' : `the logged model ${modelId} is not ready`;
  throw new AssayError('unreadable', why, { subject, hint: 'log the model again' });
}

type Place = Extract<MlflowLocation, { kind: 'proxy' | 's3' }>;
type Opened = Pick<Artifact, 'files' | 'notes' | 'close'>;

async function fromProxy(
  client: MlflowClient,
  proxy: MlflowProxy,
  pinned: string,
  options: SourceOptions,
): Promise<Opened> {
  const files = await proxyFiles(client, proxy, pinned, options);
  if (files.length === 0) {
    throw new AssayError('not-found', 'nothing to scan: the MLflow server lists no files', {
      subject: pinned,
      hint: 'check the artifacts of the version in MLflow',
    });
  }
  return { files, notes: [`${proxy.service} delivers its files, under ${proxy.root}`], close: async () => {} };
}

/** All objects below the folder that the server names, read with this user's own credentials for S3. */
async function fromS3(reference: S3Reference, options: SourceOptions): Promise<Opened> {
  const { openS3 } = await import('../s3/index.ts');
  const { files, notes, close, pinned } = await openS3(reference, options);
  return { files, notes: [`its files are at ${pinned}`, ...notes], close };
}
