import { constants } from 'node:fs';
import { type FileHandle, open, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Conversion } from '../../core/conversion/index.ts';
import { isArtifactPath } from '../../core/reference/index.ts';
import { orMissing, REPORT, type ResultLimits, Results, type ResultWords } from '../results/index.ts';
import type { ConversionAttempt, ConversionStore, ConvertedDownload, KeptConversion } from './store.ts';

export type ConversionLimits = ResultLimits;

const WORDS: ResultWords = {
  quota: ['conversion-quota', 'your conversions take all the space that you may use; remove some'],
  gone: ['conversion-removed', 'the files of the conversion were removed: convert it again'],
};

/** Results below one folder, which other processes may share. @param folder is made when it is missing */
export async function openConversionStore(folder: string, limits: ConversionLimits): Promise<ConversionStore> {
  return new FileConversionStore(await Results.open(folder, limits, WORDS));
}

class FileConversionStore implements ConversionStore {
  readonly #results: Results;

  constructor(results: Results) {
    this.#results = results;
  }

  checkRoom(tenant: string): Promise<void> {
    return this.#results.checkRoom(tenant);
  }

  async begin(tenant: string, job: string): Promise<ConversionAttempt> {
    const { keep, ...attempt } = await this.#results.begin(tenant, job);
    return { ...attempt, keep: (conversion) => keep({ [REPORT]: reportText(conversion) }) };
  }

  async kept(tenant: string, name: string): Promise<KeptConversion | undefined> {
    const found = await this.#results.kept(tenant, name);
    if (found === undefined) return undefined;
    const { folder, report, until } = found;
    const conversion: Conversion = JSON.parse(report);
    return { report, conversion, downloads: await downloadsOf(folder, conversion), until };
  }

  async open(tenant: string, name: string, { path, size }: ConvertedDownload): Promise<FileHandle> {
    if (!isArtifactPath(path)) throw this.#results.gone();
    const place = join(this.filesOf(tenant, name), ...path.split('/'));
    const file = await open(place, constants.O_RDONLY | constants.O_NOFOLLOW).catch(orMissing);
    if (file === undefined) throw this.#results.gone();
    if ((await file.stat()).size === size) return file;
    await file.close();
    throw this.#results.gone();
  }

  filesOf(tenant: string, name: string): string {
    return join(this.#results.folderOf(tenant, name), 'files');
  }

  remove(tenant: string, name: string): Promise<void> {
    return this.#results.remove(tenant, name);
  }

  sweep(...args: Parameters<ConversionStore['sweep']>): Promise<void> {
    return this.#results.sweep(...args);
  }
}

/** What the command line writes to `--report`. */
function reportText(conversion: Conversion): string {
  return `${JSON.stringify(conversion, undefined, 2)}\n`;
}

/** Everything that was published: models, texts beside them, the attestation. */
async function downloadsOf(
  folder: string,
  { published, files, indexes, attestation }: Conversion,
): Promise<readonly ConvertedDownload[]> {
  if (!published) return [];
  const texts = [...indexes, ...(attestation === null ? [] : [attestation])];
  const sized: ConvertedDownload[] = files.map(({ path, size, sha256 }) => ({ path, size, sha256 }));
  for (const { path, sha256 } of texts) {
    const found = await stat(join(folder, 'files', ...path.split('/'))).catch(orMissing);
    if (found !== undefined) sized.push({ path, size: found.size, sha256 });
  }
  return sized;
}
