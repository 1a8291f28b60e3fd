import * as v from 'valibot';
import { type AssayError, isContentError, parseBoundedJson } from '../../core/index.ts';
import type { Egress } from '../../egress/index.ts';
import { bodyOf } from '../http/index.ts';
import type { SourceOptions } from '../source.ts';
import { mlflowEgress } from './egress.ts';
import { type MlflowQuestion, mlflowError, noMlflow } from './error.ts';
import type { MlflowSettings } from './settings.ts';

const Version = v.object({
  name: v.string(),
  version: v.union([v.string(), v.pipe(v.number(), v.safeInteger())]),
  status: v.nullish(v.string()),
  run_id: v.nullish(v.string()),
  current_stage: v.nullish(v.string()),
});
const VersionAnswer = v.object({ model_version: Version });
const UriAnswer = v.object({ artifact_uri: v.string() });
const RunAnswer = v.object({ run: v.object({ info: v.object({ artifact_uri: v.string() }) }) });
const LoggedModelAnswer = v.object({
  model: v.object({
    info: v.object({ model_id: v.string(), artifact_uri: v.string(), status: v.nullish(v.string()) }),
  }),
});
const Entry = v.object({
  path: v.string(),
  is_dir: v.nullish(v.boolean()),
  /** MLflow leaves it out for an empty file; older servers write 64-bit numbers as text. */
  file_size: v.nullish(v.union([v.number(), v.pipe(v.string(), v.regex(/^\d{1,16}$/), v.transform(Number))])),
});
const ListingAnswer = v.object({ files: v.nullish(v.array(Entry)) });

/** A version of a registered model, as MLflow describes it. */
export type MlflowVersion = v.InferOutput<typeof Version>;
/** A file or a folder of a folder, by its name within it. */
export type MlflowEntry = v.InferOutput<typeof Entry>;
/** `status` is of the enumeration LoggedModelStatus. */
export type MlflowLoggedModel = v.InferOutput<typeof LoggedModelAnswer>['model']['info'];

const API = '/api/2.0/mlflow';
const MAX_ANSWER = 1024 * 1024;
const MAX_ERROR = 64 * 1024;
const TIMEOUT_MS = 120_000;

/** One MLflow tracking server and registry, asked by their REST API 2.0. It has no state except its connections. */
export class MlflowClient {
  readonly egress: Egress;
  readonly #settings: MlflowSettings;

  /** @throws AssayError `usage` for a proxy's address that cannot be read. */
  constructor(settings: MlflowSettings, options: SourceOptions) {
    this.#settings = settings;
    this.egress = mlflowEgress(settings, options);
  }

  /** @throws AssayError `not-found`, `unauthorized`, `network`, `refused`, `limit`, `aborted`, like all that follow. */
  async version(name: string, version: string, subject: string): Promise<MlflowVersion> {
    const asked = this.#asked(this.#settings.registry, subject, `version ${version} of that model`);
    const answer = await this.#get(`${API}/model-versions/get`, { name, version }, VersionAnswer, asked);
    return answer.model_version;
  }

  async versionOfAlias(name: string, alias: string, subject: string): Promise<MlflowVersion> {
    const asked = this.#asked(this.#settings.registry, subject, 'model of that name with that alias');
    const answer = await this.#get(`${API}/registered-models/alias`, { name, alias }, VersionAnswer, asked);
    return answer.model_version;
  }

  async downloadUri(name: string, version: string, subject: string): Promise<string> {
    const asked = this.#asked(this.#settings.registry, subject, `location of the files of version ${version}`);
    const query = { name, version };
    return (await this.#get(`${API}/model-versions/get-download-uri`, query, UriAnswer, asked)).artifact_uri;
  }

  async runUri(runId: string, subject: string): Promise<string> {
    const asked = this.#asked(this.#settings.tracking, subject, `run ${runId}, to which the files belong`);
    return (await this.#get(`${API}/runs/get`, { run_id: runId }, RunAnswer, asked)).run.info.artifact_uri;
  }

  async loggedModel(modelId: string, subject: string): Promise<MlflowLoggedModel> {
    const asked = this.#asked(this.#settings.tracking, subject, `logged model ${modelId}, to which the files belong`);
    const path = `${API}/logged-models/${encodeURIComponent(modelId)}`;
    return (await this.#get(path, {}, LoggedModelAnswer, asked)).model.info;
  }

  /** One folder of an artifact service, and the bytes that its listing took. */
  async list(
    service: string,
    path: string,
    maxBytes: number,
    subject: string,
  ): Promise<{ entries: readonly MlflowEntry[]; bytes: number }> {
    const asked = this.#asked(service, subject, `folder ${path}`);
    const body = await this.#fetch(`${service}?${new URLSearchParams({ path })}`, maxBytes, asked);
    return { entries: parse(body, ListingAnswer, asked).files ?? [], bytes: body.length };
  }

  /** The error for a status in place of a file. */
  async explain(response: Response, service: string, subject: string): Promise<AssayError> {
    const body = await startOf(response);
    return mlflowError(response, body, this.#asked(service, subject, 'file that it lists'));
  }

  close(): Promise<void> {
    return this.egress.close();
  }

  #asked(server: string, subject: string, what: string): MlflowQuestion {
    return { server, subject, what, signedIn: this.#settings.credentials.length > 0 };
  }

  async #get<T extends v.GenericSchema>(
    path: string,
    query: Readonly<Record<string, string>>,
    schema: T,
    asked: MlflowQuestion,
  ): Promise<v.InferOutput<T>> {
    const search = Object.keys(query).length === 0 ? '' : `?${new URLSearchParams(query)}`;
    return parse(await this.#fetch(`${asked.server}${path}${search}`, MAX_ANSWER, asked), schema, asked);
  }

  async #fetch(url: string, maxBytes: number, asked: MlflowQuestion): Promise<Uint8Array> {
    const response = await this.egress.fetch(url, {
      headers: { accept: 'application/json' },
      maxBytes,
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    const body = new Uint8Array(await response.arrayBuffer());
    if (response.ok) return body;
    throw mlflowError(response, body, asked);
  }
}

function parse<T extends v.GenericSchema>(body: Uint8Array, schema: T, { server }: MlflowQuestion): v.InferOutput<T> {
  let json: unknown;
  try {
    json = parseBoundedJson(body, server);
  } catch (error) {
    if (isContentError(error) && error.code === 'malformed') throw noMlflow(server, 'does not answer with JSON', error);
    throw error;
  }
  const parsed = v.safeParse(schema, json);
  if (parsed.success) return parsed.output;
  const path = parsed.issues[0] === undefined ? null : v.getDotPath(parsed.issues[0]);
  throw noMlflow(server, `answers without a valid ${path ?? 'object'}`);
}

/** The part of a body that an error of MLflow needs; the rest is discarded. */
async function startOf(response: Response): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of bodyOf(response)) {
    chunks.push(chunk);
    size += chunk.length;
    if (size >= MAX_ERROR) break;
  }
  return Buffer.concat(chunks).subarray(0, MAX_ERROR);
}
