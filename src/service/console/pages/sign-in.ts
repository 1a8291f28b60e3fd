import { code, type Html, html, NOTHING } from '../../../report/html/index.ts';
import { page } from '../layout.ts';
import { withQuery } from '../links.ts';
import { button, linkButton, note } from '../parts.ts';

export interface SignInView {
  readonly byIssuer: boolean;
  readonly returnTo: string;
  /** Why the last try failed. */
  readonly problem?: string;
  /** Whether somebody just signed out. */
  readonly isSignedOut?: boolean;
}

/** The page by which people sign in. */
export function signInPage({ byIssuer, returnTo, problem, isSignedOut = false }: SignInView): Html {
  const back = returnTo === '/' ? undefined : returnTo;
  const issuer = byIssuer
    ? html`<p>${linkButton(withQuery('/signin/oidc', { return_to: back }), { label: "Sign in with your organisation's account", kind: 'main' })}</p>
<p class="or">or</p>
`
    : NOTHING;
  const out = html`<p class="note good" role="status">You are signed out.${byIssuer ? ' The identity provider may still have a session: on a shared machine, sign out there, too.' : ''}</p>\n`;
  const body = html`${isSignedOut ? out : NOTHING}${problem === undefined ? NOTHING : html`<div role="alert">${note('bad', problem)}</div>\n`}${issuer}<form method="post" action="/signin">
<input type="hidden" name="return_to" value="${returnTo}">
<div class="field"><label for="f-token">API token</label>
<p class="hint" id="h-token">An admin creates one; the service printed the first one when it first started. It begins with ${code('assay_')}.</p>
<input id="f-token" name="token" type="password" required autocomplete="off" maxlength="200" aria-describedby="h-token"></div>
<p>${button({ label: 'Sign in', kind: byIssuer ? 'plain' : 'main' })}</p>
</form>
`;
  return page(null, { title: 'Sign in', narrow: true, body });
}
