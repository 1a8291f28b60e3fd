import { quotedName } from '../../../core/index.ts';
import { isObject } from '../../../core/schema/index.ts';
import type { DatasetView, Detector, DetectorRecord, Observation } from '../detector.ts';
import { countText, shownMeasure } from '../measures.ts';
import { statementNamed } from '../sql/index.ts';

/** Sources that a profile keeps, and that are looked at. */
const MAX_SOURCES = 20_000;
/** The last part of the time that the data covers. */
const LATE = 0.1;
/** Rows of a newcomer worth a look. */
const LEAST_ROWS = 5;
const LEAST_SHARE = 0.001;

/** Finds sources that gave nothing before: not in the baseline, or late in the data. */
export const newContributors: Detector = {
  id: 'data.new-contributors',
  title: 'Which sources are new?',
  needs: ['source'],
  weight: 'review',
  falseAlarms: 'every source that is new is shown, and most are what they say',
  unseen: 'an account that was taken over, and names that were made long before they were used',
  run: async (view, baseline) => {
    const sources = (await view.query(statementNamed('sources'))).map((row) => ({
      source: String(row.source),
      seen: Number(row.seen),
      ofOneLabel: Number(row.of_one_label),
      first: Number(row.first_row),
      since: typeof row.since === 'number' ? row.since : undefined,
    }));
    const kept = {
      flagged: 0,
      of: view.rows,
      sketch: { sources: sources.slice(0, MAX_SOURCES).map(({ source }) => source) },
    };
    const known = knownSources(baseline);
    const from = known === undefined ? await lateFrom(view) : undefined;
    if (known === undefined && from === undefined)
      return {
        status: 'not-assessed',
        detail: 'there is neither a baseline nor a time: give --baseline, or name a column with --time',
        kept,
      };
    const least = Math.max(LEAST_ROWS, LEAST_SHARE * view.rows);
    const fresh = sources.filter(
      ({ source, seen, since }) =>
        seen >= least &&
        (known === undefined ? since !== undefined && from !== undefined && since >= from : !known.has(source)),
    );
    const flagged = fresh.reduce((sum, { seen }) => sum + seen, 0);
    return { ...shown(fresh, view, known !== undefined), kept: { ...kept, flagged } };
  },
};

interface Source {
  readonly source: string;
  readonly seen: number;
  readonly ofOneLabel: number;
  readonly first: number;
}

function shown(fresh: readonly Source[], view: DatasetView, hasBaseline: boolean): Observation {
  const what = hasBaseline ? 'is not in the baseline' : 'comes in the last tenth of the time alone';
  return {
    status: fresh.length === 0 ? 'pass' : 'fail',
    detail:
      fresh.length === 0
        ? 'no source with a notable number of rows is new'
        : `${countText(fresh.length, 'source')} with a notable number of rows ${fresh.length === 1 ? 'is' : 'are'} new`,
    measures: [shownMeasure('new sources', fresh.length)],
    rows: fresh.map(({ source, seen, ofOneLabel, first }) => ({
      row: first,
      why: `the source ${quotedName(source)} ${what}: ${countText(seen, 'row')}${view.roles.has('label') ? `, ${Math.round((100 * ofOneLabel) / seen)} % of them with one label` : ''}`,
      score: seen,
    })),
  };
}

async function lateFrom(view: DatasetView): Promise<number | undefined> {
  const [range] = await view.query(statementNamed('time-range'));
  const { earliest, latest } = range ?? {};
  if (typeof earliest !== 'number' || typeof latest !== 'number' || latest <= earliest) return undefined;
  return latest - LATE * (latest - earliest);
}

function knownSources(baseline: DetectorRecord | undefined): ReadonlySet<string> | undefined {
  const sketch = baseline?.sketch;
  if (!isObject(sketch) || !Array.isArray(sketch.sources)) return undefined;
  return new Set(sketch.sources.map(String));
}
