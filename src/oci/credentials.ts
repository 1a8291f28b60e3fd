import { readFileSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import * as v from 'valibot';
import { AssayError, isFileMissing, parseBoundedJson, systemCode } from '../core/index.ts';

/** The login of a user at a registry. */
export type OciLogin =
  | { readonly kind: 'password'; readonly user: string; readonly password: string }
  /** Exchanged for a token at the token server. */
  | { readonly kind: 'identity'; readonly token: string };

export interface KnownLogin {
  readonly login: OciLogin | undefined;
  /** Name of the credential helper that stores the login. It is never started. */
  readonly helper: string | undefined;
  /** Where a login would be looked for first. */
  readonly config: string;
}

const Entry = v.object({
  auth: v.optional(v.string()),
  username: v.optional(v.string()),
  password: v.optional(v.string()),
  identitytoken: v.optional(v.string()),
});
const Config = v.object({
  auths: v.optional(v.record(v.string(), v.nullable(Entry))),
  credHelpers: v.optional(v.record(v.string(), v.string())),
  credsStore: v.optional(v.string()),
});
type Config = v.InferOutput<typeof Config>;

const MAX_CONFIG_BYTES = 1024 * 1024;
const BOUNDS = { maxBytes: MAX_CONFIG_BYTES, maxDepth: 32, maxTokens: 100_000 };

/**
 * The login that Docker's config, else Podman's `auth.json`, keeps for a registry. Credential helpers are named, not run.
 * @param names of the registry: host, and port if there is one
 * @param repository narrows what `auth.json` keeps for a part of a registry
 * @throws AssayError `unreadable`, `malformed`, `limit`. No part of the file gets into a message.
 */
export function findLogin(env: NodeJS.ProcessEnv, names: readonly string[], repository: string): KnownLogin {
  const [config, ...others] = configPaths(env);
  let helper: string | undefined;
  for (const path of [config, ...others]) {
    const found = readConfig(path);
    if (found === undefined) continue;
    const login = loginIn(found, places(names, repository), path);
    if (login !== undefined) return { login, helper: undefined, config };
    helper ??= names.map((name) => found.credHelpers?.[name]).find((one) => one !== undefined) ?? found.credsStore;
  }
  return { login: undefined, helper: helper === '' ? undefined : helper, config };
}

function configPaths(env: NodeJS.ProcessEnv): [string, ...string[]] {
  const folder = env.DOCKER_CONFIG || join(env.HOME || homedir(), '.docker');
  const runtime = env.XDG_RUNTIME_DIR;
  return [join(folder, 'config.json'), ...(runtime ? [join(runtime, 'containers', 'auth.json')] : [])];
}

/** `host/a/b`, `host/a`, `host` of each name: the most exact entry counts. */
function places(names: readonly string[], repository: string): string[] {
  const parts = repository.split('/');
  const narrow = parts.map((_, i) => `/${parts.slice(0, parts.length - i).join('/')}`);
  return [...narrow, ''].flatMap((within) => names.map((name) => `${name}${within}`));
}

function loginIn({ auths = {} }: Config, wanted: readonly string[], path: string): OciLogin | undefined {
  const entries = new Map(Object.entries(auths).map(([key, entry]) => [place(key), entry]));
  for (const one of wanted) {
    const entry = entries.get(one);
    const login = entry === undefined || entry === null ? undefined : loginOf(entry, path);
    if (login !== undefined) return login;
  }
  return undefined;
}

/** Docker wrote whole addresses once: `https://index.docker.io/v1/`. */
function place(key: string): string {
  return key
    .toLowerCase()
    .replace(/^https?:\/\//, '')
    .replace(/\/(?:v[12]\/?)?$/, '');
}

function loginOf(entry: v.InferOutput<typeof Entry>, path: string): OciLogin | undefined {
  if (entry.identitytoken) return { kind: 'identity', token: entry.identitytoken };
  if (entry.auth) {
    const text = Buffer.from(entry.auth, 'base64').toString('utf8').replace(/\0+$/, '');
    const colon = text.indexOf(':');
    if (colon < 1) throw unusable('malformed', 'an entry of auths is not "user:password" in base64', path);
    return { kind: 'password', user: text.slice(0, colon), password: text.slice(colon + 1) };
  }
  const { username, password } = entry;
  return username && password ? { kind: 'password', user: username, password } : undefined;
}

function readConfig(path: string): Config | undefined {
  const bytes = readIfThere(path);
  if (bytes === undefined) return undefined;
  let json: unknown;
  try {
    json = parseBoundedJson(bytes, path, BOUNDS);
  } catch {
    // The parser quotes invalid input, which may be a password: its error is not passed on.
    throw unusable('malformed', 'is not a JSON document of the expected size', path);
  }
  const parsed = v.safeParse(Config, json);
  if (!parsed.success) throw unusable('malformed', 'is not a Docker configuration', path);
  return parsed.output;
}

function readIfThere(path: string): Uint8Array | undefined {
  try {
    if (statSync(path).size > MAX_CONFIG_BYTES)
      throw unusable('limit', `has more than ${MAX_CONFIG_BYTES} bytes`, path);
    return readFileSync(path);
  } catch (cause) {
    if (cause instanceof AssayError) throw cause;
    const code = systemCode(cause) ?? 'unknown';
    if (isFileMissing(cause)) return undefined;
    throw unusable('unreadable', `cannot be read (${code})`, path);
  }
}

function unusable(code: 'unreadable' | 'malformed' | 'limit', message: string, path: string): AssayError {
  return new AssayError(code, message, {
    subject: path,
    hint: 'correct the file, or name the folder of another config.json in DOCKER_CONFIG',
  });
}
