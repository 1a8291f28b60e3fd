import type { Problem } from '../../../registry/api/index.ts';
import { code, type Html, html, NOTHING, told } from '../../../report/html/index.ts';
import { page } from '../layout.ts';
import { HOME, withQuery } from '../links.ts';
import { linkButton, type Viewer } from '../parts.ts';
import { sentence } from '../words.ts';

/**
 * An error page, with no more detail than the API gives.
 * @param from the page from which somebody came
 */
export function problemPage(viewer: Viewer | null, problem: Problem, from?: string): Html {
  const { status, title, code: id, instance } = problem;
  const detail = id === 'not-signed-in' ? 'you are not signed in, or the session has expired' : problem.detail;
  if (id === 'wrong-host')
    return page(null, { title, body: html`<p class="note bad">${told(sentence(detail))}</p>\n` });
  const body = html`<p class="note ${status >= 500 ? 'dark' : status === 429 ? 'caution' : 'bad'}">${told(sentence(detail))}</p>
${advice(viewer, problem)}<div class="acts">${viewer === null || from === undefined ? NOTHING : linkButton(from, { label: 'Back' })}${viewer === null ? linkButton(withQuery('/signin', { return_to: from }), { label: 'Sign in' }) : linkButton(HOME, { label: 'Go to the models' })}</div>
<p class="quiet">${status} ${code(id)}, ${told(instance.replace('urn:assay:request:', 'request '))}</p>
`;
  return page(viewer, { title, body });
}

function advice(viewer: Viewer | null, { code: id, status }: Problem): Html {
  if (id === 'missing-role' && viewer !== null) {
    const roles = viewer.roles.length === 0 ? 'no role' : viewer.roles.join(', ');
    return html`<p>You have ${roles}. An admin gives roles, by a token or at the identity provider.</p>\n`;
  }
  if (id === 'own-request')
    return html`<p>Two people decide: the requester never votes, and neither does the maker of the token that made the request.</p>\n`;
  if (id === 'not-signed-in')
    return html`<p>Nothing was changed. Sign in, and you are led back to the page from which you came.</p>\n`;
  if (status === 409)
    return html`<p>Nothing was changed. Go back, load the page again, and look at what there is now.</p>\n`;
  if (status === 400 || status === 413 || status === 422)
    return html`<p>Nothing was changed. Go back: what you filled in is still there.</p>\n`;
  return NOTHING;
}
