import { createRequire } from 'node:module';
import type { CelEnv, CelFunc, CelInput, CelList } from '@bufbuild/cel';
import { systemCode } from '../../core/index.ts';
import { compilePattern, type Matcher } from './pattern.ts';

type Cel = Pick<
  typeof import('@bufbuild/cel'),
  | 'celEnv'
  | 'celError'
  | 'celFunc'
  | 'celList'
  | 'celMap'
  | 'celMethod'
  | 'CelScalar'
  | 'isCelError'
  | 'isCelList'
  | 'isCelMap'
  | 'listType'
  | 'parse'
  | 'plan'
>;

/** The used parts of `@bufbuild/cel` and its companions. */
export interface Library {
  readonly cel: Cel;
  readonly strings: readonly CelFunc[];
  readonly wkt: Pick<typeof import('@bufbuild/protobuf/wkt'), 'timestampFromMs' | 'TimestampSchema'>;
  readonly reflect: typeof import('@bufbuild/protobuf/reflect').reflect;
  readonly RE2JS: Pick<typeof import('@bufbuild/re2').RE2JS, 'compile'>;
}

let loaded: Library | undefined;
let env: CelEnv | undefined;

/** Loaded when the first expression is compiled, and not before: it takes longer than a scan of a small file. */
export function celLibrary(): Library {
  loaded ??= loadLibrary();
  return loaded;
}

/** The build joins the library's modules to one file, which loads three times as fast. It is the same code. */
function loadLibrary(): Library {
  const load = createRequire(import.meta.url);
  const bundle = './cel-library.bundle.cjs';
  try {
    return load(bundle);
  } catch (error) {
    if (systemCode(error) !== 'MODULE_NOT_FOUND') throw error;
  }
  return {
    cel: load('@bufbuild/cel'),
    strings: load('@bufbuild/cel/ext').strings,
    wkt: load('@bufbuild/protobuf/wkt'),
    reflect: load('@bufbuild/protobuf/reflect').reflect,
    RE2JS: load('@bufbuild/re2').RE2JS,
  };
}

/** A moment as expressions see it. */
export function timestampOf(milliseconds: number): CelInput {
  const { reflect, wkt } = celLibrary();
  return reflect(wkt.TimestampSchema, wkt.timestampFromMs(milliseconds));
}

/** Functions that no field of the view needs, and that are too expensive. */
const LEFT_OUT: ReadonlySet<string> = new Set(['format', 'strings.quote']);

/** The functions and operators that policies have. */
export function celEnvironment(): CelEnv {
  if (env !== undefined) return env;
  const { cel, strings } = celLibrary();
  const { STRING, DYN } = cel.CelScalar;
  const list = cel.listType(DYN);
  env = cel.celEnv({
    re2: { compile: patternOf },
    funcs: [
      ...strings.filter(({ name }) => !LEFT_OUT.has(name)),
      // The library's own takes time in proportion to the square of the text.
      cel.celMethod('replace', STRING, [STRING, STRING], STRING, function (from: string, to: string) {
        return this.replaceAll(from, () => to);
      }),
      // The library's own nests a list within a list for each item that `map` and `filter` add: 10,000 exhaust its stack.
      cel.celFunc(APPEND, [list, list], list, (all, added) => append(all, added)),
    ],
  });
  return env;
}

/** @throws Error for what is not a pattern of RE2, and for one that is too large. */
export function patternOf(pattern: string): Matcher {
  return compilePattern(celLibrary().RE2JS, pattern);
}

/** The function that `prepare` of cel/evaluate.ts uses in place of `+` where a loop collects its result. */
export const APPEND = '@append';
const collected = new WeakMap<CelList, CelInput[]>();

/** Adds in place: nothing else refers to the collected result of a loop. */
function append(all: CelList, added: CelList): CelList {
  const known = collected.get(all);
  const items: CelInput[] = known ?? [...all];
  items.push(...added);
  if (known !== undefined) return all;
  const list = celLibrary().cel.celList(items);
  collected.set(list, items);
  return list;
}
