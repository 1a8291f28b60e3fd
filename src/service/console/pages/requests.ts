import type { Page, Transition, TransitionState } from '../../../registry/index.ts';
import { chip, type Html, html, NOTHING, table, told } from '../../../report/html/index.ts';
import { page } from '../layout.ts';
import { HOME, requestPath, withQuery } from '../links.ts';
import { empty, pager, type Viewer, when } from '../parts.ts';
import { filters, stageChip } from '../tables.ts';
import { REQUEST_WORDS, type Said } from '../words.ts';

const PATH = `${HOME}/requests`;
const STATES = ['open', 'approved', 'rejected', 'withdrawn', 'void'] as const satisfies readonly TransitionState[];

export interface RequestsView {
  readonly requests: Page<Transition>;
  /** What the versions are called, by their id. */
  readonly names: ReadonlyMap<string, string>;
  readonly state: TransitionState | 'all' | 'mine';
  /** Open requests that the viewer may vote on and has not. */
  readonly mine: number;
  readonly after: string | undefined;
  readonly said: Said | undefined;
}

/** Requests to move versions, the open ones first of all. */
export function requestsPage(viewer: Viewer, { requests, names, state, mine, after, said }: RequestsView): Html {
  const query = state === 'open' ? undefined : state;
  const here = (next: string | undefined) => withQuery(PATH, { state: query, after: next });
  const choices = [
    ...STATES.map(
      (one) =>
        [withQuery(PATH, { state: one === 'open' ? undefined : one }), REQUEST_WORDS[one].text, one === state] as const,
    ),
    [withQuery(PATH, { state: 'all' }), 'All', state === 'all'],
    [withQuery(PATH, { state: 'mine' }), `Needs my vote (${mine})`, state === 'mine'],
  ] as const;
  const body = html`<p class="lead">Who wants which version to stand where, and who has said yes.</p>
${filters('State', choices)}${
  requests.items.length === 0 ? noRequests(state) : requestsTable('The newest first', requests.items, names)
}${pager(requests.next === null ? null : here(requests.next), after === undefined ? null : here(undefined), { next: 'Older requests' })}`;
  return page(viewer, { title: 'Requests', place: 'requests', said, body });
}

export function requestsTable(
  caption: string,
  requests: readonly Transition[],
  names: ReadonlyMap<string, string>,
): Html {
  const columns = ['Version', 'From', 'To', 'State', 'Still needed', 'Requested'].map((label) => ({ label }));
  const rows = requests.map((request) => [
    html`<a href="${requestPath(request.id)}">${names.get(request.version) ?? 'a version'}<span class="for-readers">, its request</span></a>`,
    stageChip(request.from),
    stageChip(request.to),
    chip(REQUEST_WORDS[request.state]),
    request.state === 'open' ? neededApprovals(request) : html`<span class="quiet">–</span>`,
    html`${when(request.at)} <span class="quiet">by ${told(request.requestedBy)}</span>`,
  ]);
  return table({ caption, columns, rows });
}

/** `1 reviewer, 1 security-approver`. */
export function neededApprovals({ needed }: Transition): string {
  if (needed.length === 0) return 'one more, required by the policy';
  return needed.map(({ role, count }) => `${count} ${role}`).join(', ');
}

function noRequests(state: RequestsView['state']): Html {
  if (state === 'mine')
    return empty('Nothing waits for your vote', html`<p><a href="${PATH}">Show all open requests.</a></p>\n`);
  if (state !== 'open')
    return empty('None', html`<p>No request ended so. <a href="${PATH}">Show the open ones.</a></p>\n`);
  return empty(
    'No open requests',
    html`<p>A version moves one stage at a time, from candidate to staging to production, when enough people approve. To move a version,
request it on <a href="${HOME}">the page of the version</a>; the person who requests it cannot approve it.</p>\n`,
    NOTHING,
  );
}
