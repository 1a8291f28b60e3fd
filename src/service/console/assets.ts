import { createHash } from 'node:crypto';
import { STYLE } from '../../report/html/index.ts';
import { SCRIPT } from './script.ts';
import { PRINT_CONSOLE, STYLE_CONSOLE } from './style.ts';
import { STYLE_FORMS } from './style-forms.ts';

/** What pages load: served by the service itself, under a name that holds its digest, so that browsers keep it for good. */
export interface Asset {
  readonly path: string;
  readonly type: string;
  readonly body: string;
}

const ICON = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24"><path fill="#1b2430" d="M7 1h10l6 6v10l-6 6H7l-6-6V7z"/><path fill="none" stroke="#fff" stroke-width="2" d="M7.5 18 12 6l4.5 12M9 14h6"/></svg>\n`;

const STYLES = [STYLE, STYLE_CONSOLE, STYLE_FORMS, PRINT_CONSOLE].map(({ text }) => text.join('').trim()).join('\n');

const ASSETS = {
  style: asset('style', 'css', 'text/css; charset=utf-8', STYLES),
  script: asset('script', 'js', 'text/javascript; charset=utf-8', SCRIPT),
  icon: asset('icon', 'svg', 'image/svg+xml', ICON),
} as const;

export function assetPath(name: keyof typeof ASSETS): string {
  return ASSETS[name].path;
}

export const ALL_ASSETS: readonly Asset[] = Object.values(ASSETS);

function asset(name: string, extension: string, type: string, body: string): Asset {
  const digest = createHash('sha256').update(body).digest('hex').slice(0, 16);
  return { path: `/console/assets/${name}.${digest}.${extension}`, type, body };
}
