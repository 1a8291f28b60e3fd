import type { GlobalPolicy } from '../../lists/index.ts';
import { codePath } from '../code-path.ts';

/** A name that a file of gin calls, or hands on. */
export interface GinDanger {
  readonly path: string;
  readonly danger: string;
}

const MAX_TEXT = 1024 * 1024;
const MAX_FOUND = 100;
/** `import a.b`, `import a.b as c`, `from a.b import c as d` (gin/config_parser.py, ImportStatement). */
const IMPORT = /^[ \t]*import[ \t]+([\w.]{1,500})(?:[ \t]+as[ \t]+(\w{1,100}))?/;
const FROM = /^[ \t]*from[ \t]+([\w.]{1,500})[ \t]+import[ \t]+(\w{1,100})(?:[ \t]+as[ \t]+(\w{1,100}))?/;
/** `@scope/a.b`, with brackets or without. */
const REFERENCE = /@(?:[\w-]{1,100}\/){0,10}([A-Za-z_][\w.]{0,500})/g;

/**
 * Names that a `.gin` file refers to and that run programs, evaluate code or change files: with `from __gin__ import dynamic_registration`
 * each name that it imports can be called.
 */
export function ginDangers(text: string, globals: GlobalPolicy): readonly GinDanger[] {
  const lines = text.slice(0, MAX_TEXT).split(/\r\n|[\n\r]/);
  const modules = new Map<string, string>();
  for (const line of lines) {
    const [, module = '', alias] = IMPORT.exec(line) ?? [];
    if (alias !== undefined) modules.set(alias, module);
    const [, from, name = '', other] = FROM.exec(line) ?? [];
    if (from !== undefined) modules.set(other ?? name, `${from}.${name}`);
  }
  const found = new Map<string, GinDanger>();
  for (const line of lines) {
    for (const [, written = ''] of line.replace(/^[ \t]*#.*$/, '').matchAll(REFERENCE)) {
      const dot = written.indexOf('.');
      const head = dot < 0 ? written : written.slice(0, dot);
      const full = `${modules.get(head) ?? head}${dot < 0 ? '' : written.slice(dot)}`;
      const path = codePath(full, globals);
      if (path.kind === 'dangerous' && path.path.includes('.') && found.size < MAX_FOUND)
        found.set(path.path, { path: path.path, danger: path.danger });
    }
  }
  return [...found.values()];
}
