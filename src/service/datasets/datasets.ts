import { lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { AssayError, codeOrText } from '../../core/index.ts';
import { DATASET_NAME } from '../../registry/api/index.ts';
import { ServiceError } from '../problems/index.ts';
import { orMissing } from '../results/index.ts';

const NAME = new RegExp(DATASET_NAME.pattern);
/** Names that are listed. */
const MAX_DATASETS = 1_000;

/**
 * The names of the data sets of a tenant, in their order: files and folders of `<folder>/<tenant>`.
 * @param folder of the configuration; `null`: there is none
 */
export async function datasetNames(folder: string | null, tenant: string): Promise<readonly string[]> {
  if (folder === null) return [];
  const entries = await readdir(join(folder, tenant), { withFileTypes: true })
    .catch(orMissing)
    .catch((cause: unknown) => {
      throw new AssayError('unreadable', `the folder of data sets cannot be read (${codeOrText(cause)})`, { cause });
    });
  const names = (entries ?? []).filter((entry) => entry.isFile() || entry.isDirectory()).map(({ name }) => name);
  return names.filter(isDatasetName).sort().slice(0, MAX_DATASETS);
}

/**
 * Where a data set of a tenant is. A name is never a path: it has no separator, and does not begin with a dot. A link is not followed: it
 * may lead out of the folder.
 * @throws ServiceError `no-datasets`, `no-such-dataset`
 */
export async function datasetPlace(folder: string | null, tenant: string, name: string): Promise<string> {
  if (folder === null)
    throw new ServiceError(
      422,
      'no-datasets',
      'the service has no folder of data sets: its operator sets ASSAY_DATASETS',
    );
  const path = join(folder, tenant, name);
  const found = isDatasetName(name) ? await lstat(path).catch(orMissing) : undefined;
  if (found?.isFile() === true || found?.isDirectory() === true) return path;
  throw new ServiceError(
    404,
    'no-such-dataset',
    'the tenant has no data set of this name; GET /v1/datasets lists them',
  );
}

function isDatasetName(name: string): boolean {
  return name.length <= DATASET_NAME.maxLength && NAME.test(name);
}
