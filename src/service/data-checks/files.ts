import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { DataReport } from '../../core/data/index.ts';
import { orMissing, REPORT, type ResultLimits, Results, type ResultWords } from '../results/index.ts';
import type { ComparedWith, DataAttempt, DataCheckStore, KeptCheck } from './store.ts';

const ROWS = 'rows.csv';
const CONTEXT = 'context.json';
const PROFILE = 'profile.json';
const WORDS: ResultWords = {
  quota: ['data-quota', 'the reports on your data take all the space that you may use; remove some'],
  gone: ['data-removed', 'the report on the data was removed: check it again'],
};

/** Reports below one folder, which other processes may share. @param folder is made when it is missing */
export async function openDataCheckStore(folder: string, limits: ResultLimits): Promise<DataCheckStore> {
  return new FileDataCheckStore(await Results.open(folder, limits, WORDS));
}

class FileDataCheckStore implements DataCheckStore {
  readonly #results: Results;

  constructor(results: Results) {
    this.#results = results;
  }

  checkRoom(tenant: string): Promise<void> {
    return this.#results.checkRoom(tenant);
  }

  async begin(tenant: string, job: string): Promise<DataAttempt> {
    const { full, keep, discard } = await this.#results.begin(tenant, job);
    return {
      full,
      discard,
      keep: ({ report, rows, profile }, context) =>
        keep({ [REPORT]: report, [ROWS]: rows, [PROFILE]: profile, [CONTEXT]: JSON.stringify(context) }),
    };
  }

  async kept(tenant: string, name: string): Promise<KeptCheck | undefined> {
    const found = await this.#results.kept(tenant, name);
    if (found === undefined) return undefined;
    const { folder, report, until } = found;
    const rows = await readFile(join(folder, ROWS), 'utf8').catch(orMissing);
    const profile = await readFile(join(folder, PROFILE), 'utf8').catch(orMissing);
    const context = await readFile(join(folder, CONTEXT), 'utf8').catch(orMissing);
    if (rows === undefined || profile === undefined || context === undefined) return undefined;
    const checked = JSON.parse(report) as DataReport;
    return { report, rows, profile, checked, context: JSON.parse(context) as ComparedWith, until };
  }

  remove(tenant: string, name: string): Promise<void> {
    return this.#results.remove(tenant, name);
  }

  sweep(...args: Parameters<DataCheckStore['sweep']>): Promise<void> {
    return this.#results.sweep(...args);
  }
}
