import { isCommit, isRepoName, isRevision } from '../../core/reference/index.ts';
import { type CurrentDecision, isRegistryError, type Principal, type Registry } from '../../registry/index.ts';
import type { ServiceContext } from '../context.ts';
import { HubRefusal } from './error.ts';
import { type JudgedCommit, judgeCommit } from './judge.ts';
import type { CommitListing } from './listing.ts';
import { ScanOnMiss } from './scan-on-miss.ts';
import type { TenantProxies } from './tenant-proxy.ts';

/** Whose revision `main` is, for everybody who names none. */
const DEFAULT_REVISIONS: ReadonlySet<string> = new Set(['main', 'HEAD']);
/** Kinds of repositories that stand where an owner does. */
const OTHER_KINDS: ReadonlySet<string> = new Set(['datasets', 'spaces', 'kernels', 'buckets', 'api']);
/** Versions of a model that are looked at for the newest that may be handed out. */
const PAGE = 200;
const MAX_PAGES = 5;

/** A commit of a repository that may be handed out. */
export interface AllowedCommit extends Allowed {
  readonly repo: string;
}

interface Allowed {
  readonly commit: string;
  readonly answer: CurrentDecision;
}

/** The models that may be delivered, and to whom. */
export class Approvals {
  readonly #context: ServiceContext;
  readonly #proxies: TenantProxies;
  readonly #count: (action: CurrentDecision['action']) => void;
  readonly #scans: ScanOnMiss;

  /** @param count told of each answer */
  constructor(context: ServiceContext, proxies: TenantProxies, count: (action: CurrentDecision['action']) => void) {
    this.#context = context;
    this.#proxies = proxies;
    this.#count = count;
    this.#scans = new ScanOnMiss(context);
  }

  /**
   * The files of a repository at a revision: at the commit itself; at the commit that a branch or a tag leads to on the Hub, when
   * that may be handed out. When it may not, `main` is the newest version of the model of that name which may, and every
   * other branch and tag is refused: the proxy does not guess.
   * @throws HubRefusal that says why not and what to do; AssayError, RegistryError
   */
  async listing(by: Principal, repo: string, revision: string): Promise<CommitListing> {
    checkNames(repo, revision);
    const { commit, answer } = await this.#allowed(by, repo, revision);
    this.#count(answer.action === 'warn' ? 'warn' : 'allow');
    return this.filesOf(by, { repo, commit, answer });
  }

  /** @throws AssayError `mismatch`, `network`, ... */
  async filesOf(by: Principal, { repo, commit, answer }: AllowedCommit): Promise<CommitListing> {
    const { registry } = this.#context;
    const proxy = await this.#proxies.get(by.tenant);
    return proxy.listings.get({
      repo,
      commit,
      digest: answer.digest,
      assessed: async () => {
        const { id } = await registry.version(by, { model: answer.model, number: answer.number });
        const [newest] = await registry.assessments(by, id);
        return newest?.assessment.files ?? [];
      },
    });
  }

  /** @throws HubRefusal when what was listed may not be handed out any more */
  async confirm(by: Principal, { repo, commit }: CommitListing): Promise<void> {
    const judged = await this.#judge(by, repo, commit);
    if (judged.kind !== 'allowed') throw await this.#refusal(by, repo, commit, commit, judged);
  }

  /** Every commit of the Hub that may be handed out now. */
  async *allowedCommits(by: Principal): AsyncGenerator<AllowedCommit> {
    const { registry } = this.#context;
    for await (const { name } of every((after) => registry.models(by, { limit: PAGE, ...after }))) {
      for await (const { pinned } of every((after) => registry.versions(by, name, { limit: PAGE, ...after }))) {
        for (const ref of pinned) {
          const [, repo = '', commit = ''] = WHOLE_COMMIT.exec(ref) ?? [];
          if (!isRepoName(repo) || !isCommit(commit)) continue;
          const judged = await this.#judge(by, repo, commit);
          if (judged.kind === 'allowed') yield { repo, commit, answer: judged.answer };
        }
      }
    }
  }

  async #allowed(by: Principal, repo: string, revision: string): Promise<Allowed> {
    const proxy = await this.#proxies.get(by.tenant);
    const isDefault = DEFAULT_REVISIONS.has(revision);
    let commit: string;
    try {
      commit = await proxy.resolve(repo, isDefault ? 'main' : revision);
    } catch (error) {
      const newest = isDefault ? await this.#newest(by, repo) : undefined;
      if (newest === undefined) throw error;
      return newest;
    }
    const judged = await this.#judge(by, repo, commit);
    if (judged.kind === 'allowed') return { commit, answer: judged.answer };
    const newest = isDefault ? await this.#newest(by, repo) : undefined;
    if (newest !== undefined) return newest;
    this.#count('deny');
    throw await this.#refusal(by, repo, revision, commit, judged);
  }

  async #judge(by: Principal, repo: string, commit: string): Promise<JudgedCommit> {
    const answers = await this.#context.registry.currentDecisions(by, { ref: `hf://${repo}@${commit}` });
    return judgeCommit(answers, this.#context.config.handOut.stage);
  }

  async #newest(by: Principal, repo: string): Promise<Allowed | undefined> {
    let after: string | undefined;
    for (let pages = 0; pages < MAX_PAGES; pages++) {
      const page = await versionsOf(this.#context.registry, by, repo, after);
      const commits = page.items.flatMap(({ pinned }) => pinned.flatMap((ref) => commitIn(ref, repo)));
      for (const commit of commits) {
        const judged = await this.#judge(by, repo, commit);
        if (judged.kind === 'allowed') return { commit, answer: judged.answer };
      }
      if (page.next === null) return undefined;
      after = page.next;
    }
    return undefined;
  }

  async #refusal(
    by: Principal,
    repo: string,
    revision: string,
    commit: string,
    judged: Exclude<JudgedCommit, { kind: 'allowed' }>,
  ): Promise<HubRefusal> {
    const { config, registry } = this.#context;
    const ref = `hf://${repo}@${commit}`;
    const named = isCommit(revision) ? ref : `${ref} (${revision})`;
    if (judged.kind === 'refused') {
      const { model, number } = judged.answer;
      const { id } = await registry.version(by, { model, number });
      const report = `${config.publicUrl}/v1/versions/${id}/report?format=html`;
      const hint = `see the report at ${report}; request its approval there, or use an approved commit as the revision`;
      const detail = `Assay does not serve ${named} for ${config.handOut.stage}: ${judged.why}; ${hint}`;
      return new HubRefusal([403, 'not-approved', 'GatedRepo'], detail, { commit });
    }
    if (config.handOut.scanOnMiss) {
      // A commit that the Hub does not have is not worth a scan.
      const proxy = await this.#proxies.get(by.tenant);
      await proxy.upstream.resolve(repo, commit);
      const detail = `Assay does not know ${named} yet: ${await this.#scans.ask(by.tenant, ref)}`;
      return new HubRefusal([403, 'being-scanned', 'GatedRepo'], detail, { commit });
    }
    const detail = `Assay does not know ${named}: it was not scanned; submit it at ${config.publicUrl}, then request its approval`;
    return new HubRefusal([403, 'not-assessed', 'GatedRepo'], detail, { commit });
  }
}

/** A reference to the whole of a repository. */
const WHOLE_COMMIT = /^hf:\/\/(.+)@([0-9a-f]{40})$/;

async function* every<T>(
  pageAfter: (after: {
    readonly after?: string;
  }) => Promise<{ readonly items: readonly T[]; readonly next: string | null }>,
): AsyncGenerator<T> {
  for (let after: string | null | undefined; after !== null; ) {
    const page = await pageAfter(after === undefined ? {} : { after });
    yield* page.items;
    after = page.next;
  }
}

function checkNames(repo: string, revision: string): void {
  const [owner = ''] = repo.split('/');
  if (!isRepoName(repo) || OTHER_KINDS.has(owner)) {
    throw new HubRefusal([404, 'no-model', 'RepoNotFound'], `${repo} is not a model: the Hub proxy serves models only`);
  }
  if (!isRevision(revision))
    throw new HubRefusal([404, 'no-revision', 'RevisionNotFound'], `${repo} has no such revision`);
}

async function versionsOf(registry: Registry, by: Principal, model: string, after: string | undefined) {
  try {
    return await registry.versions(by, model, { limit: PAGE, ...(after === undefined ? {} : { after }) });
  } catch (error) {
    if (isRegistryError(error) && error.code === 'not-found') return { items: [], next: null };
    throw error;
  }
}

/** The commit of a pinned reference to the whole of a repository. */
function commitIn(ref: string, repo: string): string[] {
  const commit = ref.startsWith(`hf://${repo}@`) ? ref.slice(`hf://${repo}@`.length) : '';
  return isCommit(commit) ? [commit] : [];
}
