import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { TestReport } from '../../core/behavior/index.ts';
import { orMissing, REPORT, type ResultLimits, Results, type ResultWords } from '../results/index.ts';
import type { KeptTest, TestAttempt, TestedWith, TestStore } from './store.ts';

const CONTEXT = 'context.json';
const WORDS: ResultWords = {
  quota: ['test-quota', 'the reports of your tests take all the space that you may use; remove some'],
  gone: ['test-removed', 'the report of the test was removed: test it again'],
};

/** Reports below one folder, which other processes may share. @param folder is made when it is missing */
export async function openTestStore(folder: string, limits: ResultLimits): Promise<TestStore> {
  return new FileTestStore(await Results.open(folder, limits, WORDS));
}

class FileTestStore implements TestStore {
  readonly #results: Results;

  constructor(results: Results) {
    this.#results = results;
  }

  checkRoom(tenant: string): Promise<void> {
    return this.#results.checkRoom(tenant);
  }

  async begin(tenant: string, job: string): Promise<TestAttempt> {
    const { full, keep, discard } = await this.#results.begin(tenant, job);
    return {
      full,
      discard,
      keep: (report, context) => keep({ [REPORT]: report, [CONTEXT]: JSON.stringify(context) }),
    };
  }

  async kept(tenant: string, name: string): Promise<KeptTest | undefined> {
    const found = await this.#results.kept(tenant, name);
    if (found === undefined) return undefined;
    const { folder, report, until } = found;
    const context = await readFile(join(folder, CONTEXT), 'utf8').catch(orMissing);
    if (context === undefined) return undefined;
    return { report, tests: JSON.parse(report) as TestReport, context: JSON.parse(context) as TestedWith, until };
  }

  remove(tenant: string, name: string): Promise<void> {
    return this.#results.remove(tenant, name);
  }

  sweep(...args: Parameters<TestStore['sweep']>): Promise<void> {
    return this.#results.sweep(...args);
  }
}
