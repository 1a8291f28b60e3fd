// People import a folder by its door, `index.ts`. A program that did so would load all of the folder: here imports are made to name
// the modules that declare what they import. A door that does more than export again is left as it is.
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { inlineOpcodes } from './inline-opcodes.mjs';

const IMPORT = /^import\s+(?!type\b)\{([^}]*)\}\s+from\s+(['"])(\.[^'"]*\/index\.[jt]s)\2;?$/gm;
const LOADED = /\b(const\s+\{([^}]*)\}\s*=\s*await\s+import\()(['"])(\.[^'"]*\/index\.[jt]s)\3\)/g;
const TAKEN = /(\(await\s+import\()(['"])(\.[^'"]*\/index\.[jt]s)\2\)\)\.(\w+)/g;
const AGAIN = /^export\s+(type\s+)?\{([^}]*)\}\s+from\s+(['"])(\.[^'"]*)\3;?$/gm;
/** As esbuild writes a door: what comes in, and then what goes out. */
const IN = /^import\s+\{([^}]*)\}\s+from\s+(['"])(\.[^'"]*)\2;?$/gm;
const OUT = /^export\s+\{([^}]*)\};?$/gm;
const COMMENTS = /^\s*\/\/.*$|\/\*[\s\S]*?\*\//gm;

/** @returns a function that straightens the imports of one module, whose path is absolute */
export function straightener() {
  const doors = new Map();
  const exportsOf = (door) => {
    let names = doors.get(door);
    if (names === undefined) {
      names = existsSync(door) ? readDoor(door) : undefined;
      doors.set(door, names ?? null);
    }
    return names ?? undefined;
  };
  const readDoor = (door) => {
    const text = readFileSync(door, 'utf8').replace(COMMENTS, '');
    if (text.replace(AGAIN, '').replace(IN, '').replace(OUT, '').trim() !== '') return undefined;
    const names = new Map();
    const within = new Map();
    for (const [, list, , path] of text.matchAll(IN))
      for (const { from, as } of namesIn(list)) within.set(as, origin(resolve(dirname(door), path), from));
    for (const [, list] of text.matchAll(OUT))
      for (const { from, as } of namesIn(list)) names.set(as, within.get(from) ?? { file: door, name: from });
    for (const [, , list, , path] of text.matchAll(AGAIN)) {
      const file = resolve(dirname(door), path);
      for (const { from, as } of namesIn(list)) names.set(as, origin(file, from));
    }
    return names;
  };
  /** A door may open to the doors of folders within. */
  const origin = (file, name) =>
    (/\/index\.[jt]s$/.test(file) ? exportsOf(file)?.get(name) : undefined) ?? { file, name };

  return (code, path) => {
    const at = (to) => {
      const way = relative(dirname(path), to);
      return way.startsWith('.') ? way : `./${way}`;
    };
    const only = (spec, list) => {
      const names = exportsOf(resolve(dirname(path), spec));
      const found = namesIn(list.replaceAll(':', ' as ')).map(({ from }) => names?.get(from));
      const [first] = found;
      if (first === undefined || found.some((one) => one?.file !== first.file)) return undefined;
      return found.every((one, index) => one.name === namesIn(list.replaceAll(':', ' as '))[index].from)
        ? at(first.file)
        : undefined;
    };
    return code
      .replace(IMPORT, (whole, list, quote, spec) => {
        const names = exportsOf(resolve(dirname(path), spec));
        if (names === undefined) return whole;
        const byFile = new Map();
        for (const { type, from, as } of namesIn(list)) {
          const { file, name } = names.get(from) ?? { file: resolve(dirname(path), spec), name: from };
          const text = `${type}${name === as ? name : `${name} as ${as}`}`;
          byFile.set(file, [...(byFile.get(file) ?? []), text]);
        }
        return [...byFile]
          .map(([file, list]) => `import { ${list.join(', ')} } from ${quote}${at(file)}${quote};`)
          .join(' ');
      })
      .replace(LOADED, (whole, head, list, quote, spec) => {
        const straight = only(spec, list);
        return straight === undefined ? whole : `${head}${quote}${straight}${quote})`;
      })
      .replace(TAKEN, (whole, head, quote, spec, name) => {
        const straight = only(spec, name);
        return straight === undefined ? whole : `${head}${quote}${straight}${quote})).${name}`;
      });
  };
}

function namesIn(list) {
  return list
    .split(',')
    .map((one) => one.trim())
    .filter((one) => one !== '')
    .map((one) => {
      const [, type = '', from, as = from] = /^(type\s+)?(\S+)(?:\s+as\s+(\S+))?$/.exec(one) ?? [];
      return { type, from, as };
    });
}

/** Straightens every module of a compiled tree, and writes opcodes as numbers. */
export function straightenTree(folder) {
  const straighten = straightener();
  const files = readdirSync(folder, { withFileTypes: true, recursive: true }).filter(
    (entry) => entry.isFile() && entry.name.endsWith('.js') && !entry.parentPath.endsWith('/joined'),
  );
  const changed = [];
  for (const { parentPath, name } of files) {
    const path = resolve(join(parentPath, name));
    const code = readFileSync(path, 'utf8');
    const straight = inlineOpcodes(straighten(code, path));
    if (straight !== code) changed.push([path, straight]);
  }
  for (const [path, straight] of changed) writeFileSync(path, straight);
}

/** The same for tests, which load the sources. */
export function straightImports() {
  const straighten = straightener();
  return {
    name: 'straight-imports',
    enforce: 'pre',
    transform(code, id) {
      const [path] = id.split('?');
      if (!/\.[mc]?ts$/.test(path) || path.includes('/node_modules/')) return null;
      const straight = straighten(code, path);
      return straight === code ? null : { code: straight, map: null };
    },
  };
}
