import type { LoaderRecord, OracleEvent } from './jail.ts';

/** The behaviour of one loader for a file, in the terms of a reading. */
export interface ReadingTruth {
  readonly loader: string;
  /** Whether it resolved a name, ran a module, set a state, or called something. */
  readonly live: boolean;
  /** `stop`, or the kind of error. */
  readonly end: string;
  /** Names that it requested and got, as the file spells them. */
  readonly resolved?: readonly string[];
  /** Names that it requested and did not get, and whether the module ran nevertheless. */
  readonly failed?: readonly string[];
  readonly ran?: readonly string[];
  /** Dangerous functions, and the arguments of their calls. */
  readonly called?: readonly string[];
  /** Modules and classes that were changed. */
  readonly changed?: readonly string[];
}

/** Converts events to the terms of a reading. */
export function truthOf(loader: string, { end, events }: LoaderRecord): ReadingTruth {
  const named = (kind: string) => events.filter(([found]) => found === kind).map(([, name]) => name.replace('\n', '.'));
  const resolved = named('resolve');
  const failed = named('ask').filter((name) => !resolved.includes(name));
  const ran = named('module');
  const called = events.filter(([kind]) => kind === 'call').map(spelled);
  const changed = events.filter(([kind]) => kind === 'set').map(spelled);
  const live = [resolved, ran, called, changed, named('build'), named('apply')].some(({ length }) => length > 0);
  return {
    loader,
    live,
    end: end.split(':', 1)[0] ?? end,
    ...listed({ resolved, failed, ran, called, changed }),
  };
}

function spelled([, name, detail = '']: OracleEvent): string {
  return `${name} ${detail}`.trim();
}

function listed(lists: Readonly<Record<string, readonly string[]>>): Readonly<Record<string, readonly string[]>> {
  return Object.fromEntries(Object.entries(lists).filter(([, { length }]) => length > 0));
}
