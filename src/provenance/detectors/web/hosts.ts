import { quotedName } from '../../../core/index.ts';
import { isObject } from '../../../core/schema/index.ts';
import type { Detector } from '../detector.ts';
import { countText, percent, shownMeasure } from '../measures.ts';
import { statementNamed } from '../sql/index.ts';

const MAX_HOSTS = 20_000;
/** Of a data set of more rows than this, the share of one host that is worth a look. */
const LARGE = 1_000;
const CONCENTRATED = 0.2;

/** Shows hosts that are new, or give much of the data: who owns their names chooses the content. */
export const hosts: Detector = {
  id: 'data.hosts',
  title: 'Which hosts does the data come from?',
  needs: ['url'],
  weight: 'review',
  falseAlarms: 'every new host is shown, and most are what they say',
  unseen: 'whether a name was bought by somebody else',
  run: async (view, baseline) => {
    const found = (await view.query(statementNamed('hosts'))).map((row) => ({
      host: String(row.host ?? ''),
      seen: Number(row.seen),
      first: Number(row.first_row),
      hashed: Number(row.hashed),
    }));
    const sketch = baseline?.sketch;
    const known = isObject(sketch) && Array.isArray(sketch.hosts) ? new Set(sketch.hosts.map(String)) : undefined;
    const kept = { flagged: 0, of: view.rows, sketch: { hosts: found.slice(0, MAX_HOSTS).map(({ host }) => host) } };
    const unhashed = found.reduce((sum, { seen, hashed }) => sum + seen - hashed, 0);
    const rows = found.flatMap(({ host, seen, first }) => {
      const share = seen / view.rows;
      if (known !== undefined && !known.has(host))
        return [
          {
            row: first,
            why: `the host ${quotedName(host)} is not in the baseline: ${countText(seen, 'row')}`,
            score: seen,
          },
        ];
      if (view.rows > LARGE && share > CONCENTRATED)
        return [{ row: first, why: `the host ${quotedName(host)} gives ${percent(share)} of the rows`, score: seen }];
      return [];
    });
    return {
      status: rows.length === 0 ? 'pass' : 'fail',
      detail: `${countText(found.length, 'host')}${rows.length === 0 ? '' : `, ${rows.length} of them to look at`}; ${countText(unhashed, 'row')} named by an address without a hash`,
      measures: [
        shownMeasure('hosts', found.length),
        shownMeasure('rows named by an address without a hash', unhashed),
      ],
      rows,
      kept,
    };
  },
};
