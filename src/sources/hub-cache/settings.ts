import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { AssayError, isFileMissing } from '../../core/index.ts';

/** How the Hub is reached, as `huggingface_hub` reads it from the environment. */
export interface HubSettings {
  /** Without a slash at the end. */
  readonly endpoint: string;
  readonly token: string | undefined;
  /** The folder that holds `models--owner--name`. */
  readonly cacheFolder: string;
  readonly offline: boolean;
}

/** @throws AssayError `usage` for an `HF_ENDPOINT` or a token that cannot be one. */
export function hubSettings(env: NodeJS.ProcessEnv): HubSettings {
  const home = homeOf(env);
  return {
    endpoint: endpoint(env.HF_ENDPOINT),
    token: isSet(env.HF_HUB_DISABLE_IMPLICIT_TOKEN) ? undefined : token(env, home),
    cacheFolder: cacheFolderOf(env),
    offline: isSet(env.HF_HUB_OFFLINE) || isSet(env.TRANSFORMERS_OFFLINE),
  };
}

/** The cache that only programs of this user write. */
export function cacheFolderOf(env: NodeJS.ProcessEnv): string {
  return expand(env.HF_HUB_CACHE) ?? expand(env.HUGGINGFACE_HUB_CACHE) ?? join(homeOf(env), 'hub');
}

function homeOf(env: NodeJS.ProcessEnv): string {
  return expand(env.HF_HOME) ?? join(expand(env.XDG_CACHE_HOME) ?? join(homedir(), '.cache'), 'huggingface');
}

function endpoint(value: string | undefined): string {
  const text = value === undefined || value === '' ? 'https://huggingface.co' : value;
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (
    url === undefined ||
    !/^https?:$/.test(url.protocol) ||
    url.username !== '' ||
    url.search !== '' ||
    url.hash !== ''
  ) {
    throw new AssayError('usage', 'HF_ENDPOINT is not an https:// address', {
      hint: 'set HF_ENDPOINT=https://host, or unset it',
    });
  }
  return url.href.replace(/\/+$/, '');
}

function token(env: NodeJS.ProcessEnv, home: string): string | undefined {
  const given = clean(env.HF_TOKEN) ?? clean(env.HUGGING_FACE_HUB_TOKEN);
  const found = given ?? clean(readIfThere(expand(env.HF_TOKEN_PATH) ?? join(home, 'token')));
  if (found !== undefined && !/^[\x21-\x7e]{1,4096}$/.test(found)) {
    throw new AssayError('usage', 'the Hub token has characters that are not allowed in a token', {
      hint: 'set HF_TOKEN again, or unset it',
    });
  }
  return found;
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    if (isFileMissing(cause)) return undefined;
    throw new AssayError('unreadable', 'the file of the Hub token cannot be read', {
      subject: path,
      hint: 'check HF_TOKEN_PATH',
      cause,
    });
  }
}

function clean(value: string | undefined): string | undefined {
  const text = value?.trim();
  return text === '' ? undefined : text;
}

function expand(value: string | undefined): string | undefined {
  const text = clean(value);
  return text === '~' || text?.startsWith('~/') === true ? join(homedir(), text.slice(1)) : text;
}

function isSet(value: string | undefined): boolean {
  return /^(?:1|on|yes|true)$/i.test(value?.trim() ?? '');
}
