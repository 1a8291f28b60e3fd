import { type ApiToken, ROLES } from '../../../registry/index.ts';
import { chip, code, type Html, html, NOTHING, type ReportWord, table, told } from '../../../report/html/index.ts';
import { type Draft, refusalNote, typedInto } from '../draft.ts';
import { page } from '../layout.ts';
import { HOME } from '../links.ts';
import { actForm, button, command, field, form, maybeWhen, note, part, type Viewer, when } from '../parts.ts';
import { ROLE_WORDS, type Said } from '../words.ts';

const PATH = `${HOME}/tokens`;

export interface TokensView {
  readonly tokens: readonly ApiToken[];
  /** One that was just made, with what is shown this once. */
  readonly made: { readonly name: string; readonly secret: string } | undefined;
  readonly said: Said | undefined;
  readonly now: Date;
  /** When one was asked for and refused. */
  readonly draft?: Draft | undefined;
}

/** Tokens by which programs call the service. */
export function tokensPage(viewer: Viewer, { tokens, made, said, now, draft }: TokensView): Html {
  const body = html`${refusalNote(draft)}<p class="lead">A token identifies a program, or a person without an account. Its name appears in the audit log.</p>
${made === undefined ? NOTHING : secretNote(made)}${part('all', 'Tokens', tokenTable(viewer, tokens, now))}${part('new', 'Create a token', newToken(viewer, draft))}`;
  return page(viewer, { title: 'Tokens', place: 'tokens', said, body });
}

function secretNote({ name, secret }: NonNullable<TokensView['made']>): Html {
  return html`<div class="note good secret" role="status"><p>The token ${told(name)} was made. This is its secret; it is shown this once and kept nowhere:</p>
<p>${code(secret)}</p></div>
${command(`export ASSAY_TOKEN=${secret}`)}`;
}

function tokenTable(viewer: Viewer, tokens: readonly ApiToken[], now: Date): Html {
  const columns = ['Name', 'Roles', 'State', 'Made', 'Last used', 'Act'].map((label) => ({ label }));
  const rows = tokens.map((token) => {
    const state = stateOf(token, now);
    return [
      told(token.name),
      token.roles.join(', '),
      html`${chip(state)} <span class="quiet">until ${maybeWhen(token.revokedAt ?? token.expiresAt, 'revoked')}</span>`,
      html`${when(token.createdAt)} <span class="quiet">by ${told(token.createdBy)}</span>`,
      maybeWhen(token.lastUsedAt, 'never'),
      state === HOLDS
        ? actForm(viewer, `${PATH}/${encodeURIComponent(token.id)}/revoke`, {
            label: 'Revoke',
            kind: 'danger',
            of: `the token ${token.name}`,
          })
        : html`<span class="quiet">–</span>`,
    ];
  });
  return table({ caption: 'The newest first', columns, rows });
}

const HOLDS: ReportWord = { text: 'Holds', tone: 'good' };

function stateOf({ revokedAt, expiresAt }: ApiToken, now: Date): ReportWord {
  if (revokedAt !== null) return { text: 'Revoked', tone: 'dark' };
  return expiresAt !== null && new Date(expiresAt) <= now ? { text: 'Expired', tone: 'plain' } : HOLDS;
}

function newToken(viewer: Viewer, draft: Draft | undefined): Html {
  const boxes = ROLES.map(
    (role) =>
      html`<label><input type="checkbox" name="roles" value="${role}"${draft?.typed.get('roles')?.includes(role) ? html` checked` : NOTHING}>${role} <span class="quiet">${ROLE_WORDS[role]}</span></label>\n`,
  );
  return html`${note('plain', 'The creator of a token counts as its user, and cannot approve its requests.')}${form(
    viewer,
    PATH,
    field({
      name: 'name',
      label: 'Name',
      required: true,
      most: 63,
      value: typedInto(draft, 'name'),
      example: 'ci-training',
      hint: 'Letters, digits, ., _ and -. A name can be used once.',
    }),
    html`<fieldset><legend>Roles</legend>\n${boxes}</fieldset>\n`,
    field({
      name: 'expires',
      label: 'Expires on',
      kind: 'date',
      value: typedInto(draft, 'expires'),
      hint: 'The token is refused from the start of that day (UTC). Leave it empty for no expiry.',
    }),
    html`<p>${button({ label: 'Create the token', kind: 'main' })}</p>\n`,
  )}`;
}
