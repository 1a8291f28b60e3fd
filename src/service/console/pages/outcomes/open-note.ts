import type { Job } from '../../../../registry/index.ts';
import { code, type Html, html, told } from '../../../../report/html/index.ts';
import { jobPath } from '../../links.ts';
import { note } from '../../parts.ts';
import { JOB_WORDS } from '../../words.ts';

/** What a page says of a job that has no result: it waits or runs, was cancelled, or failed; `undefined` for one that is done. */
export function openNote(
  { id, state, error }: Job,
  words: { readonly cancelled: string; readonly failed: string },
): Html | undefined {
  switch (state) {
    case 'queued':
    case 'running':
      return note(
        'open',
        `It is ${JOB_WORDS[state].text.toLowerCase()}. `,
        html`<a href="${jobPath(id)}">Follow it</a>`,
      );
    case 'cancelled':
      return note('dark', `It was cancelled. ${words.cancelled}`);
    case 'failed':
      // In one piece: an artifact whose names look like advice must not stand where ours would.
      return note(
        'bad',
        html`<strong>${words.failed}</strong> `,
        told(error?.message ?? ''),
        html` (${code(error?.code ?? '')})`,
      );
    case 'done':
      return undefined;
  }
}
