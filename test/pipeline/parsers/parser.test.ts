import { Worker } from 'node:worker_threads';
import { describe, expect, it } from 'vitest';
import { MemorySource } from '../../../src/core/bytes/byte-source.ts';
import { DEFAULT_LIMITS, type Limits } from '../../../src/core/limits.ts';
import { Board } from '../../../src/pipeline/parsers/board.ts';
import type { ParseOrder, ParseSettings } from '../../../src/pipeline/parsers/messages.ts';
import { FileParser } from '../../../src/pipeline/parsers/parser.ts';
import { tempFolder } from '../../support/temp.ts';
import { until } from '../../support/until.ts';

const scratch = tempFolder();

/** A thread that reports the file at `index` as its current one, and then runs `then`. */
function threadThat(then: string, index = 1) {
  const code = `
    const { parentPort } = require('node:worker_threads');
    let words;
    parentPort.on('message', (message) => {
      if (message.kind === 'settings') words = new Int32Array(message.settings.board);
      if (message.kind !== 'parse') return;
      Atomics.store(words, 1, ${index});
      ${then}
    });`;
  return { worker: new Worker(code, { eval: true }), scratch, failure: undefined };
}

function settingsWith(board: Board, limits: Partial<Limits> = {}): ParseSettings {
  return {
    id: 0,
    limits: { ...DEFAULT_LIMITS, parserGraceMs: 0, parserStopMs: 0, ...limits },
    rules: undefined,
    allowances: [],
    provided: new Set(),
    plans: [],
    shows: false,
    tells: false,
    board: board.buffer,
    share: 1_000_000,
  };
}

const source = new MemorySource(Buffer.from('N.'), 'a');
const order: ParseOrder = {
  path: 'a',
  size: 2,
  distance: 'near',
  claimed: undefined,
  bytes: { kind: 'bytes', name: 'a', bytes: Buffer.from('N.') },
  lost: undefined,
};
const handlers = {
  sources: [source, source],
  onProgress: () => undefined,
  onReadError: () => undefined,
  onTarget: undefined,
};

describe('a parser', () => {
  it('that never ends is terminated at the time limit of its file', async () => {
    const board = Board.of(1);
    const parser = new FileParser(0, board, DEFAULT_LIMITS, threadThat('for (;;);'));
    const end = await parser.parse([order, order], settingsWith(board, { maxFileMs: 0 }), handlers, undefined);
    expect(end).toEqual({ kind: 'lost', index: 1, why: 'took longer than 0 ms (maxFileMs)' });
    expect(parser.isLost).toBe(true);
  });

  it('that never ends is stopped when the caller aborts', async () => {
    const board = Board.of(1);
    const parser = new FileParser(0, board, DEFAULT_LIMITS, threadThat('for (;;);'));
    const stop = new AbortController();
    const parsing = parser.parse([order, order], settingsWith(board), handlers, stop.signal);
    await until('the parser is at its file', () => board.current(0) === 1);
    stop.abort();
    expect(await parsing).toEqual({ kind: 'stopped' });
    expect(parser.isLost).toBe(true);
  });

  it('that throws reports the error and its file', async () => {
    const board = Board.of(1);
    const parser = new FileParser(0, board, DEFAULT_LIMITS, threadThat("throw new TypeError('a defect');"));
    const end = await parser.parse([order, order], settingsWith(board), handlers, undefined);
    expect(end).toMatchObject({ kind: 'lost', index: 1, why: expect.stringContaining('a defect') });
  });

  it('that is terminated releases the memory lock that others wait for', async () => {
    const board = Board.of(2);
    const parser = new FileParser(0, board, DEFAULT_LIMITS, threadThat('Atomics.store(words, 0, 1); for (;;);'));
    const stop = new AbortController();
    const parsing = parser.parse([order, order], settingsWith(board), handlers, stop.signal);
    await until('the parser is at its file', () => board.current(0) === 1);
    const waits = new Worker(
      `const { parentPort, workerData } = require('node:worker_threads');
      const words = new Int32Array(workerData);
      parentPort.postMessage('waits');
      while (Atomics.compareExchange(words, 0, 0, 2) !== 0) Atomics.wait(words, 0, 1);
      parentPort.postMessage('has it');`,
      { eval: true, workerData: board.buffer },
    );
    const said: unknown[] = [];
    waits.on('message', (message) => said.push(message));
    await until('another waits', () => said.length > 0);
    stop.abort();
    await parsing;
    await until('the other has the memory', () => said.at(-1) === 'has it');
    await waits.terminate();
  });
});
