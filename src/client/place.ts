import { existsSync, statSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { AssayError, codeOrText } from '../core/index.ts';
import type { RegistryFlags } from './flags.ts';

/** A registry on this machine, and the files that say by which rules. */
export interface RegistryPlace {
  /** As it was given, without a password. */
  readonly name: string;
  /** `sqlite:<path>` or `postgres://...` */
  readonly database: string;
  /** The folder beside a file, which holds its rules and its trust file; `undefined` for a database. */
  readonly folder: string | undefined;
  /** The file is not there yet. */
  readonly isNew: boolean;
  /** Path of the rules; `null`: the shipped ones. */
  readonly rules: string | null;
  /** Path of the trust file; `null`: there is none. */
  readonly trust: string | null;
}

type PlaceFlags = Pick<RegistryFlags, 'rules' | 'trust'>;

/** The rules of a registry file that one person keeps. */
const LOCAL_RULES = `# What a version needs for each stage of this registry. It was made for one person at one machine: a policy that the scan has
# to pass, and one approval, signed with a key that trust.yaml knows. Ask for more as your rules are: "assay serve --help" tells
# all of it, and policies are baseline, strict, production, or a file of yours.
version: 1
stages:
  candidate: { policy: baseline }
  staging: { policy: baseline, approvals: [{ role: reviewer, count: 1 }], methods: [key, keyless, certificate] }
  production: { policy: baseline, approvals: [{ role: reviewer, count: 1 }], methods: [key, keyless, certificate] }
`;

/**
 * Where a registry is, with its rules and its trust file: a flag, else the environment, else what lies beside the file.
 * @throws AssayError `usage`
 */
export function registryPlace(registry: string, flags: PlaceFlags, env: NodeJS.ProcessEnv): RegistryPlace {
  const rules = flags.rules ?? (env.ASSAY_RULES || undefined);
  const trust = flags.trust ?? (env.ASSAY_TRUST || undefined);
  if (/^postgres(?:ql)?:\/\//.test(registry)) {
    return {
      name: checkedUrl(registry),
      database: registry,
      folder: undefined,
      isNew: false,
      rules: rules ?? null,
      trust: trust ?? null,
    };
  }
  const path = registry.replace(/^sqlite:/, '');
  if (path === '' || /^[a-z][a-z0-9+.-]*:\/\//i.test(path)) {
    const hint = 'give a file, or postgres://user@host/name';
    throw new AssayError('usage', 'is not a registry', { subject: `--registry ${registry}`, hint });
  }
  const folder = `${path}.d`;
  return {
    name: path,
    database: `sqlite:${path}`,
    folder,
    isNew: isNew(path),
    rules: rules ?? beside(folder, 'rules.yaml'),
    trust: trust ?? beside(folder, 'trust.yaml'),
  };
}

/** Makes the folder and the rules of a file that is about to be made. */
export async function makePlace(place: RegistryPlace): Promise<RegistryPlace> {
  const { folder } = place;
  if (folder === undefined || !place.isNew) return place;
  if (!existsSync(dirname(folder))) {
    const hint = 'create it, or name another file';
    throw new AssayError('usage', `there is no folder ${dirname(folder)}`, {
      subject: `--registry ${place.name}`,
      hint,
    });
  }
  try {
    await mkdir(folder, { recursive: true, mode: 0o755 });
    if (place.rules !== null) return place;
    const rules = join(folder, 'rules.yaml');
    await writeFile(rules, LOCAL_RULES, { flag: 'wx' });
    return { ...place, rules };
  } catch (cause) {
    const why = codeOrText(cause);
    const hint = 'check its permissions and the space left';
    throw new AssayError('unreadable', `cannot be made (${why})`, { subject: folder, hint, cause });
  }
}

function isNew(path: string): boolean {
  const stat = statSync(path, { throwIfNoEntry: false });
  return stat === undefined || (stat.isFile() && stat.size === 0);
}

function beside(folder: string, name: string): string | null {
  const path = join(folder, name);
  return existsSync(path) ? path : null;
}

/** A password on the command line can be read by everybody on the machine. */
function checkedUrl(text: string): string {
  if (!URL.canParse(text)) {
    const hint = 'write it as postgres://user@host/name';
    throw new AssayError('usage', 'is not an address of a database', { subject: '--registry', hint });
  }
  const url = new URL(text);
  if (url.password === '') return text;
  throw new AssayError('usage', 'contains a password, which every user of this machine can read', {
    subject: '--registry',
    hint: 'leave it out, and set PGPASSWORD',
  });
}
