import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { AssayError, codeOrText, systemCode } from '../../core/index.ts';
import { SUITE_NAME } from '../../registry/api/index.ts';
import { ServiceError } from '../problems/index.ts';

const ENDING = '.yaml';
const NAME = new RegExp(SUITE_NAME.pattern);
/** Names that are listed. */
const MAX_SUITES = 1_000;

/**
 * The names of the suites that a tenant can choose, in their order: those in the folder of the configuration, and those in its folder of
 * the tenant's name.
 * @param folder `null`: there is none
 */
export async function suiteNames(folder: string | null, tenant: string): Promise<readonly string[]> {
  if (folder === null) return [];
  const own = await readdir(join(folder, tenant), { withFileTypes: true }).catch(orNone);
  const shared = await readdir(folder, { withFileTypes: true }).catch((cause: unknown) => {
    throw new AssayError('unreadable', `the folder of suites cannot be read (${codeOrText(cause)})`, { cause });
  });
  const names = [...(own ?? []), ...shared]
    .filter((entry) => !entry.isDirectory() && entry.name.endsWith(ENDING))
    .map(({ name }) => name.slice(0, -ENDING.length))
    .filter(isSuiteName);
  return [...new Set(names)].sort().slice(0, MAX_SUITES);
}

/**
 * The file of a suite: the tenant's own, else that of all tenants. A name is never a path: it has no separator, and does not begin with a dot.
 * @throws ServiceError `no-suites`, `no-such-suite`
 */
export async function suiteFile(folder: string | null, tenant: string, name: string): Promise<string> {
  if (folder === null)
    throw new ServiceError(422, 'no-suites', 'the service has no folder of suites: its operator sets ASSAY_SUITES');
  const file = `${name}${ENDING}`;
  for (const path of isSuiteName(name) ? [join(folder, tenant, file), join(folder, file)] : [])
    if ((await stat(path).catch(orNone))?.isFile() === true) return path;
  throw new ServiceError(404, 'no-such-suite', 'the service has no suite of this name; GET /v1/suites lists them');
}

/** No folder of the tenant's, or another file of its name. */
function orNone(error: unknown): undefined {
  const code = systemCode(error);
  if (code !== 'ENOENT' && code !== 'ENOTDIR') throw error;
}

function isSuiteName(name: string): boolean {
  return name.length <= SUITE_NAME.maxLength && NAME.test(name);
}
