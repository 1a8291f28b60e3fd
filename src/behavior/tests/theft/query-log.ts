import { setImmediate as yieldToEventLoop } from 'node:timers/promises';
import type { Figure } from '../../../core/behavior/index.ts';
import { quotedName, throwIfAborted } from '../../../core/index.ts';
import { objectOf, optionalOf, realNumber, text, wholeNumber } from '../../../core/schema/index.ts';
import { type TestOutcome, testKind } from '../kind.ts';
import { numberMeasure } from '../measures.ts';
import { rowNumbers } from '../numbers.ts';
import { predictedLabels } from '../predictions.ts';
import { clientsOf } from './clients.ts';
import { Distances } from './distances.ts';
import { naturalOf } from './natural.ts';
import { type Stream, type StreamOptions, watched } from './stream.ts';

const USUAL = { normality: 0.9, far: 0.5, least: 100, max: 0 };
/** Queries between two turns of others. */
const TURN = 256;
/** Clients that are named, and shown. */
const [NAMED, SHOWN] = [20, 5];
/** What the log is called as one stream. */
const ALL = 'all clients together';

/** Whether a log of queries shows a client that learns the model by asking. */
export const QUERY_LOG = testKind({
  kind: 'query-log',
  area: 'extraction',
  title: 'clients of a log whose queries look like an extraction of the model',
  options: objectOf(
    {
      natural: optionalOf(
        text(
          'The name of data of the suite: rows like those that honest clients ask about. Queries are compared with them.',
        ),
      ),
      normality: optionalOf(
        realNumber({
          minimum: 0,
          maximum: 1,
          description:
            'Distances between queries of which W (Shapiro and Wilk) is below are not natural; 0.9 when absent.',
        }),
      ),
      far: optionalOf(
        realNumber({
          minimum: 0,
          maximum: 1,
          description:
            'With natural: more queries than this share that are far from all its rows are not natural; 0.5 when absent.',
        }),
      ),
      least: optionalOf(
        wholeNumber({
          minimum: 20,
          maximum: 5_000,
          description: 'Distances before a client is judged by them; 100 when absent.',
        }),
      ),
      max: optionalOf(
        wholeNumber({ minimum: 0, description: 'Clients, and all together, that may look so; 0 when absent.' }),
      ),
    },
    { more: false },
  ),
  reads: ['natural'],
  async run(options, { model, data, others, seed, signal, onStep }): Promise<TestOutcome> {
    const { normality = USUAL.normality, far = USUAL.far, least = USUAL.least, max = USUAL.max } = options;
    const clients = clientsOf(data);
    const rows = rowNumbers(data.feeds, data.name);
    const labels = predictedLabels(model.signature, await model.run(data.feeds));
    const given = others.get('natural');
    const natural = given === undefined ? undefined : naturalOf(given, rows.width, seed);
    const distances = new Distances(rows);
    const watching: StreamOptions = { distances, labels, natural, normality, far, least };
    const streams: Stream[] = [];
    let seen = 0;
    for (const client of clients) {
      // Many clients ask little.
      if (++seen % TURN === 0 || client.queries.length >= TURN) {
        await yieldToEventLoop();
        throwIfAborted(signal);
        onStep(`client ${seen} of ${clients.length}`);
      }
      streams.push(await watched(client, watching, signal));
    }
    const flagged = streams.filter(({ reasons }) => reasons.length > 0);
    const measures = [
      numberMeasure('streams of queries like those of an extraction', flagged.length, { max }),
      numberMeasure('clients', clients.filter(({ name }) => name !== undefined).length, {}),
      numberMeasure(
        'clients with too few queries to be judged alone',
        streams.filter((one) => !one.isJudged).length,
        {},
      ),
      ...(natural === undefined
        ? []
        : [numberMeasure('largest share of queries that are far from natural rows', mostFar(streams), {})]),
    ];
    const notes = [
      ...flagged.slice(0, NAMED).map(noteOf),
      ...(flagged.length > NAMED ? [`${flagged.length - NAMED} more clients`] : []),
    ];
    const why = whyOpen(streams, distances, rows.rows);
    return { measures, figures: figuresOf(streams, flagged), notes, ...(why === undefined ? {} : { skipped: why }) };
  },
});

function noteOf({ client, reasons }: Stream): string {
  const who = client.name === undefined ? ALL : `client ${quotedName(client.name)}`;
  return `${who}: ${reasons.map(({ query, why }) => `from query ${query}, ${why}`).join('; ')}`;
}

function mostFar(streams: readonly Stream[]): number {
  return Math.max(0, ...streams.map(({ farShare }) => farShare));
}

/** A log that shows too little proves nothing. */
function whyOpen([first]: readonly Stream[], distances: Distances, rows: number): string | undefined {
  if (distances.isSpent)
    return 'not all queries were compared: the log has too many, or they are too wide; give a part of it';
  // The first stream has the queries of all.
  return first?.isJudged === true ? undefined : `${rows} queries are too few, or too alike, to be judged`;
}

function figuresOf([first]: readonly Stream[], flagged: readonly Stream[]): Figure[] {
  const shown = [...new Set([...(first === undefined ? [] : [first]), ...flagged.slice(0, SHOWN)])].filter(
    ({ looks }) => looks.length > 0,
  );
  if (shown.length === 0) return [];
  return [
    {
      kind: 'curve',
      title: 'how normal the distances between queries are',
      x: 'queries',
      y: 'W (Shapiro and Wilk)',
      lines: shown.map(({ client, looks }) => ({
        name: client.name ?? ALL,
        points: looks.map(({ queries, w }) => ({ x: queries, y: w })),
      })),
    },
  ];
}
