import type { FastifyReply, FastifyRequest } from 'fastify';
import { version } from '../../core/index.ts';
import { nameOf } from '../../registry/index.ts';
import { type Html, html, NOTHING, told } from '../../report/html/index.ts';
import { assetPath } from './assets.ts';
import { HOME, USAGE_PATH } from './links.ts';
import { actForm, type Viewer } from './parts.ts';
import { SAID, type Said } from './words.ts';

export type PagePlace =
  | 'models'
  | 'submit'
  | 'jobs'
  | 'usage'
  | 'requests'
  | 'waivers'
  | 'policies'
  | 'audit'
  | 'tokens';

interface NavEntry {
  readonly place: PagePlace;
  readonly href: string;
  readonly text: string;
  /** The roles that see it; everybody, when absent. */
  readonly roles?: readonly string[];
}

const NAV: readonly NavEntry[] = [
  { place: 'models', href: HOME, text: 'Models' },
  { place: 'submit', href: `${HOME}/submit`, text: 'Submit', roles: ['submitter', 'admin'] },
  { place: 'jobs', href: `${HOME}/jobs`, text: 'Queue' },
  { place: 'usage', href: USAGE_PATH, text: 'Usage' },
  { place: 'requests', href: `${HOME}/requests`, text: 'Requests' },
  { place: 'waivers', href: `${HOME}/waivers`, text: 'Waivers' },
  { place: 'policies', href: `${HOME}/policies`, text: 'Policies' },
  { place: 'audit', href: `${HOME}/audit`, text: 'Audit log' },
  { place: 'tokens', href: `${HOME}/tokens`, text: 'Tokens', roles: ['admin'] },
];

export interface Crumb {
  readonly href: string;
  readonly text: string;
}

export interface PageParts {
  readonly title: string;
  /** The heading; the title when absent. */
  readonly heading?: Html;
  readonly place?: PagePlace | undefined;
  readonly crumbs?: readonly Crumb[];
  /** The last action. */
  readonly said?: Said | undefined;
  readonly body: Html;
  /** One column of a form and nothing else. */
  readonly narrow?: boolean;
}

/** A page of the console. @param viewer `null` when nobody is signed in */
export function page(viewer: Viewer | null, parts: PageParts): Html {
  const { title, heading, crumbs = [], said, body, narrow = false } = parts;
  const script = viewer === null ? NOTHING : html`<script src="${assetPath('script')}" defer></script>\n`;
  return html`<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="robots" content="noindex">
<title>${title} · Assay</title>
<link rel="icon" type="image/svg+xml" href="${assetPath('icon')}">
<link rel="stylesheet" href="${assetPath('style')}">
${script}</head>
<body>
<a class="skip" href="#main">Skip to the page</a>
${top(viewer, parts.place)}<main id="main" tabindex="-1" class="${narrow ? 'page narrow' : 'page'}">
${trail(crumbs)}${said === undefined ? NOTHING : html`<p class="note good" role="status">${SAID[said]}</p>\n`}<h1>${heading ?? title}</h1>
${body}</main>
<footer class="foot"><p>Assay ${version()}. Nothing that is judged here is ever run.</p></footer>
</body>
</html>
`;
}

function top(viewer: Viewer | null, place: PagePlace | undefined): Html {
  return html`<header class="top"><div class="top-in">
<a class="mark" href="${HOME}">${LOGO}Assay</a>
${viewer === null ? NOTHING : html`${navigation(viewer, place)}${who(viewer)}`}</div></header>
`;
}

function navigation({ roles }: Viewer, place: PagePlace | undefined): Html {
  const shown = NAV.filter((entry) => entry.roles === undefined || entry.roles.some((role) => roles.includes(role)));
  const rows = shown.map(({ href, text, place: other }) => {
    const here = other === place ? html` aria-current="${href === HOME ? 'page' : 'true'}"` : NOTHING;
    return html`<li><a href="${href}"${here}>${text}</a></li>`;
  });
  return html`<nav class="places" aria-label="Console"><ul>${rows}</ul></nav>\n`;
}

function who(viewer: Viewer): Html {
  const { name, tenant, roles } = viewer;
  return html`<div class="who"><p><span class="for-readers">Signed in as </span><strong>${told(name)}</strong>
<span class="quiet">${tenant} · ${roles.length === 0 ? 'no role' : roles.join(', ')}</span></p>${actForm(viewer, '/signout', { label: 'Sign out' })}</div>\n`;
}

function trail(crumbs: readonly Crumb[]): Html {
  if (crumbs.length === 0) return NOTHING;
  const rows = crumbs.map(({ href, text }) => html`<li><a href="${href}">${told(text)}</a></li>`);
  return html`<nav class="trail" aria-label="Where this is"><ol>${rows}</ol></nav>\n`;
}

/** A mark as assay offices strike them. */
const LOGO = html`<svg viewBox="0 0 24 24" aria-hidden="true" focusable="false"><path class="punch" d="M7 1h10l6 6v10l-6 6H7l-6-6V7z"/><path class="letter" d="M7.5 18 12 6l4.5 12M9 14h6"/></svg>`;

export function viewerOf(request: FastifyRequest): Viewer {
  const { principal, csrf } = request;
  return { name: nameOf(principal), tenant: principal.tenant, roles: principal.roles, csrf: csrf ?? '' };
}

export function sendPage(reply: FastifyReply, document: Html, status = 200): FastifyReply {
  return reply.code(status).type('text/html; charset=utf-8').send(document.toString());
}
