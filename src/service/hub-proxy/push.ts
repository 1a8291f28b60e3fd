import { isCommit, isRepoName } from '../../core/reference/index.ts';
import { array, maybe, objectOf, optionalOf, type Static, text } from '../../core/schema/index.ts';

const SHA = { maxLength: 64 };

/** What the Hub sends: https://huggingface.co/docs/hub/webhooks. Other fields are ignored. */
export const HubPush = objectOf(
  {
    event: objectOf(
      {
        action: text('`create`, `update`, `delete` or `move`', { maxLength: 100 }),
        scope: text('`repo`, `repo.content`, ...', { maxLength: 100 }),
      },
      { more: true, description: 'What happened' },
    ),
    repo: objectOf(
      {
        type: text('`model`', { maxLength: 100 }),
        name: text('The repository', { maxLength: 200 }),
        headSha: optionalOf(text('The commit of its main branch', SHA)),
      },
      { more: true, description: 'To what' },
    ),
    updatedRefs: optionalOf(
      array(
        objectOf(
          {
            ref: text('`refs/heads/...`', { maxLength: 500 }),
            newSha: maybe(text('Where it leads now', SHA)),
          },
          { more: true, description: 'A branch or a tag' },
        ),
        { maxItems: 1000, description: 'Branches and tags that moved' },
      ),
    ),
  },
  { more: true, description: 'As the Hub sends it' },
);

/** Scans that one delivery asks for. */
const MAX_COMMITS = 20;
/** Anybody can open a pull request: its content is scanned when it is merged. */
const OURS = /^refs\/(?:heads|tags)\//;

/** References of the commits to which a model moved; none when it is not a model, or nothing of it changed. */
export function pushedCommits({ event, repo, updatedRefs }: Static<typeof HubPush>): string[] {
  const changed = event.action === 'create' || event.action === 'update';
  const content = event.scope === 'repo' || event.scope === 'repo.content';
  if (repo.type !== 'model' || !changed || !content || !isRepoName(repo.name)) return [];
  const moved = updatedRefs?.filter(({ ref }) => OURS.test(ref)).map(({ newSha }) => newSha ?? undefined);
  const commits = new Set((moved ?? [repo.headSha]).filter(isCommit));
  return [...commits].slice(0, MAX_COMMITS).map((commit) => `hf://${repo.name}@${commit}`);
}
