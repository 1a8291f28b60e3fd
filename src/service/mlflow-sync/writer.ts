import * as v from 'valibot';
import { isAssayError, parseBoundedJson } from '../../core/index.ts';
import type { Egress } from '../../egress/index.ts';
import { type MlflowSettings, mlflowEgress, mlflowError, mlflowSettings } from '../../sources/mlflow/index.ts';

/** A version of a model of MLflow. */
export interface MlflowName {
  readonly name: string;
  readonly version: string;
}

const API = '/api/2.0/mlflow';
const TIMEOUT_MS = 30_000;
const MAX_ANSWER = 1024 * 1024;
const AliasAnswer = v.object({ model_version: v.object({ version: v.pipe(v.string(), v.regex(/^\d{1,18}$/)) }) });

/** Writes of the service to MLflow, by its REST API 2.0. All @throws AssayError `not-found`, `unauthorized`, `network`, ... */
export class MlflowWriter {
  readonly #settings: MlflowSettings;
  readonly #egress: Egress;

  /** @param env of the tenant; @throws AssayError `usage` when it names no server */
  constructor(env: NodeJS.ProcessEnv) {
    this.#settings = mlflowSettings(env);
    this.#egress = mlflowEgress(this.#settings, { env });
  }

  async setTag({ name, version }: MlflowName, key: string, value: string): Promise<void> {
    await this.#send('POST', '/model-versions/set-tag', { name, version, key, value }, { name, version });
  }

  /** The version that an alias leads to; `undefined` when there is no such alias. */
  async versionOf(name: string, alias: string): Promise<string | undefined> {
    try {
      const path = `/registered-models/alias?${new URLSearchParams({ name, alias })}`;
      const body = await this.#send('GET', path, undefined, { name, version: alias });
      return v.parse(AliasAnswer, parseBoundedJson(body, path)).model_version.version;
    } catch (error) {
      if (isAssayError(error) && error.code === 'not-found') return undefined;
      throw error;
    }
  }

  async setAlias({ name, version }: MlflowName, alias: string): Promise<void> {
    await this.#send('POST', '/registered-models/alias', { name, alias, version }, { name, version });
  }

  async removeAlias({ name, version }: MlflowName, alias: string): Promise<void> {
    await this.#send('DELETE', '/registered-models/alias', { name, alias }, { name, version });
  }

  close(): Promise<void> {
    return this.#egress.close();
  }

  async #send(method: string, path: string, body: object | undefined, of: MlflowName): Promise<Uint8Array> {
    const { registry, credentials } = this.#settings;
    const response = await this.#egress.fetch(`${registry}${API}${path}`, {
      method,
      headers: { accept: 'application/json', ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      maxBytes: MAX_ANSWER,
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    const answer = new Uint8Array(await response.arrayBuffer());
    if (response.ok) return answer;
    throw mlflowError(response, answer, {
      server: registry,
      subject: `models:/${of.name}/${of.version}`,
      what: `version ${of.version} of ${of.name}`,
      signedIn: credentials.length > 0,
    });
  }
}
