import { once } from 'node:events';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Backoff } from '../../../admission-webhook/src/kube/backoff.ts';
import { watchedLines } from '../../../admission-webhook/src/kube/lines.ts';
import { openKube } from '../../../admission-webhook/src/kube/open-kube.ts';
import { type Answer, SmallServer } from '../../support/oci-registry.ts';
import { Told } from './ground.ts';

async function* inPieces(bytes: Buffer, cuts: readonly number[]): AsyncGenerator<Buffer> {
  const ends = [...cuts.map((cut) => cut % (bytes.length + 1)), bytes.length].sort((a, b) => a - b);
  let from = 0;
  for (const end of ends) {
    yield bytes.subarray(from, end);
    from = end;
  }
}

describe('lines of a stream', () => {
  it('are the same for any split of the bytes', async () => {
    const text = fc.array(fc.string({ unit: 'binary' }).map((line) => line.replaceAll('\n', '')));
    await fc.assert(
      fc.asyncProperty(text, fc.array(fc.nat()), async (lines, cuts) => {
        const told: string[] = [];
        const bytes = Buffer.from(lines.map((line) => `${line}\n`).join(''));
        for await (const line of watchedLines(inPieces(bytes, cuts), 1_000_000)) told.push(line.toString());
        const whole = lines.filter((line) => line !== '').map((line) => Buffer.from(line).toString());
        expect(told).toEqual(whole);
      }),
    );
  });

  it('are bounded in length, complete or not', async () => {
    for (const text of ['123456789\n', '123456789', '1\n123456789']) {
      const read = async () => {
        for await (const line of watchedLines(inPieces(Buffer.from(text), [3, 5]), 8)) expect(line.length).toBe(1);
      };
      await expect(read()).rejects.toThrow(/more than 8 bytes/);
    }
  });
});

describe('a backoff', () => {
  it('doubles up to its maximum, each delay shortened by up to a half', () => {
    const backoff = new Backoff({ firstMs: 100, mostMs: 1000 });
    expect([0, 0, 0, 0, 0, 0].map((chance) => backoff.next(chance))).toEqual([100, 200, 400, 800, 1000, 1000]);
    expect(backoff.next(1)).toBe(500);
    backoff.reset();
    expect(backoff.next(0.5)).toBe(75);
  });
});

describe('a server that is not an API server', () => {
  let server: SmallServer;
  let answer: (url: string) => Answer = () => ({ status: 404 });
  const json = (value: unknown): Answer => ({ status: 200, body: JSON.stringify(value) });

  beforeAll(async () => {
    server = await SmallServer.start(({ url }) => answer(url));
  });

  afterAll(() => server.close());

  /** What a watch reported until its nth pause, and the number of requests before each pause. */
  async function watched(pauses: number): Promise<{ told: Told; asked: readonly number[] }> {
    server.asked.length = 0;
    const asked: number[] = [];
    const stop = new AbortController();
    const wait = async (_ms: number, signal: AbortSignal): Promise<void> => {
      asked.push(server.asked.length);
      if (asked.length < pauses) return;
      const stopped = once(signal, 'abort');
      stop.abort();
      await stopped;
    };
    const client = await openKube({ kubeconfig: `http://${server.host}`, pauses: { wait } });
    const told = new Told();
    await client.watch('/api/v1/things', told, stop.signal);
    await client.close();
    return { told, asked };
  }

  it('causes problem reports, and gets one request after each pause', async () => {
    const list = { kind: 'ThingList', apiVersion: 'v1', metadata: { resourceVersion: '5' }, items: [] };
    const events: readonly [watch: string, problem: RegExp | undefined][] = [
      ['not json\n', /is not JSON/],
      ['null\n', /events without a version/],
      ['{"type":"ADDED","object":{"metadata":{}}}\n', /events without a version/],
      ['{"type":"ERROR","object":{"code":500,"message":"broken"}}\n', /ends the watch of .*: broken/],
      ['{"type":"ERROR"}\n', /gives no reason/],
      // A watch that ends at once is not a problem, and is not repeated without a pause.
      ['', undefined],
    ];
    for (const [watch, problem] of events) {
      answer = (url) => (url.includes('watch=1') ? { status: 200, body: watch } : json(list));
      const { told, asked } = await watched(4);
      if (problem === undefined) expect(told.problems).toEqual([]);
      else expect(told.problems[0]?.message).toMatch(problem);
      // The list request, and one watch request before each pause.
      expect(asked).toEqual([2, 3, 4, 5]);
    }
  });

  it('does not complete the list when its response is not a list', async () => {
    for (const body of [null, [], { items: 'x' }, { kind: 'Status' }]) {
      answer = () => json(body);
      const { told, asked } = await watched(3);
      expect(asked).toEqual([1, 2, 3]);
      expect(told.lines).toEqual([]);
      expect(told.problems[0]?.message).toMatch(/with a list/);
    }
  });

  it('is asked from the last version when a watch ends, and for a new list when that version is gone', async () => {
    const list = {
      kind: 'ThingList',
      apiVersion: 'v1',
      metadata: { resourceVersion: '5' },
      items: [{ metadata: { name: 'a' } }],
    };
    let watches = 0;
    const bookmark = '{"type":"BOOKMARK","object":{"metadata":{"resourceVersion":"9"}}}\n';
    const gone = '{"type":"ERROR","object":{"code":410,"message":"too old"}}\n';
    const from: (string | null)[] = [];
    answer = (url) => {
      const query = new URL(url, 'http://x').searchParams;
      if (query.get('watch') === null) return json(list);
      from.push(query.get('resourceVersion'));
      watches++;
      return { status: 200, body: watches === 2 ? gone : bookmark };
    };
    const { told } = await watched(3);
    expect(from).toEqual(['5', '9', '5']);
    expect(told.lines).toEqual(['+a', 'synced', '+a', 'synced']);
    expect(told.problems).toEqual([]);
  });
});
