import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Verdict, worseVerdict } from '../../../src/core/assessment/verdict.ts';
import { assess } from '../../../src/pipeline/assess.ts';
import { artifactOf, memoryFile } from '../../support/artifacts.ts';
import { requirePart } from '../../support/parts.ts';
import { canJail, findInterpreter, jailed } from '../jail.ts';

/** The files of a model, by path. */
type Files = ReadonlyMap<string, Uint8Array>;

interface Loaded {
  /** Files that were opened outside of the model, or written; processes and sockets. */
  readonly events: readonly string[];
  readonly end: string;
}

/** A process in a jail that composes models, and loads them in the real loaders. */
class Jail {
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #lines: AsyncIterator<string>;
  #said = '';

  constructor(program: string) {
    const command = jailed({ program }, 'tensorflow/worker.py', true);
    this.#child = spawn(command.program, [...command.args]);
    this.#child.stderr.on('data', (data: Buffer) => {
      this.#said = `${this.#said}${data.toString('utf8')}`.slice(-4_000);
    });
    this.#lines = createInterface({ input: this.#child.stdout })[Symbol.asyncIterator]();
  }

  async compose(seed: number): Promise<Files> {
    const { files } = (await this.#ask({ compose: seed })) as { readonly files: Readonly<Record<string, string>> };
    return new Map(Object.entries(files).map(([path, content]) => [path, Buffer.from(content, 'base64')]));
  }

  async load(files: Files): Promise<Loaded> {
    const content = [...files].map(([path, bytes]) => [path, Buffer.from(bytes).toString('base64')]);
    return (await this.#ask({ load: Object.fromEntries(content) })) as Loaded;
  }

  async #ask(request: object): Promise<object> {
    this.#child.stdin.write(`${JSON.stringify(request)}\n`);
    const line = await this.#lines.next();
    if (line.done === true) throw new Error(`the jail ended: ${this.#said}`);
    const answer = JSON.parse(line.value) as { readonly error?: string };
    if (answer.error !== undefined) throw new Error(`the jail failed: ${answer.error}`);
    return answer;
  }

  close(): void {
    this.#child.stdin.end();
    this.#child.kill();
  }
}

async function verdictOf(files: Files): Promise<Verdict> {
  const { files: judged } = await assess(artifactOf([...files].map(([path, bytes]) => memoryFile(path, bytes))));
  return judged.reduce<Verdict>((worst, { verdict }) => worseVerdict(worst, verdict), 'clean');
}

/** Changes to a graph: a byte set, and a stretch that is doubled, removed, or moved to another place. */
const change = fc.record({
  kind: fc.constantFrom('set', 'set', 'double', 'cut', 'move'),
  at: fc.nat(),
  to: fc.nat(),
  length: fc.nat(64),
  value: fc.nat(255),
});

function changed(
  bytes: Uint8Array,
  { kind, at, to, length, value }: { kind: string; at: number; to: number; length: number; value: number },
): Buffer {
  const start = at % bytes.length;
  const end = Math.min(bytes.length, start + length);
  const other = to % bytes.length;
  if (kind === 'set') return Buffer.from(bytes).fill(value, start, start + 1);
  if (kind === 'double') return Buffer.concat([bytes.subarray(0, end), bytes.subarray(start)]);
  if (kind === 'cut') return Buffer.concat([bytes.subarray(0, start), bytes.subarray(end)]);
  const moved = Buffer.from(bytes);
  moved.set(bytes.subarray(start, Math.min(end, start + bytes.length - other)), other);
  return moved;
}

const python = canJail() ? findInterpreter('tensorflow') : undefined;

/**
 * Composes models of TensorFlow and changes their bytes; loads them in a jail, calls their signatures once, and compares what that
 * opened with the verdict. @param models @param changes of each model; only those that stay clean are loaded
 */
export function testTensorflowModels(models: number, changes: number): void {
  requirePart(
    'jail with TensorFlow',
    python !== undefined,
    'install bubblewrap, and tensorflow-cpu into .venv (fixtures/python/requirements-ci.txt)',
    'models of TensorFlow, in its loaders',
    () => {
      let jail: Jail;
      beforeAll(() => {
        jail = new Jail(python?.program ?? '');
      });
      afterAll(() => jail.close());

      describe('a model that is clean', () => {
        test(`opens nothing beside its own files, of ${models} composed ones and ${changes} changes of each`, async () => {
          const count = { clean: 0, reaching: 0, called: 0, changedClean: 0 };
          for (let seed = 0; seed < models; seed++) {
            const files = await jail.compose(seed);
            const verdict = await verdictOf(files);
            const { events, end } = await jail.load(files);
            if (events.length > 0) count.reaching++;
            if (end.includes('called')) count.called++;
            if (verdict === 'clean') count.clean++;
            if (events.length > 0) expect(verdict, `model ${seed} opened ${events.join()}`).not.toBe('clean');
            count.changedClean += await checkChanges(jail, files, seed, changes);
          }
          // Of both kinds there are some, and most of them run.
          expect(count.reaching).toBeGreaterThan(0);
          expect(count.called).toBeGreaterThan(models / 3);
          expect(count.clean).toBeGreaterThan(0);
          console.info(JSON.stringify(count));
        });
      });
    },
  );
}

/** @returns how many changed models are clean, each of which was loaded */
async function checkChanges(jail: Jail, files: Files, seed: number, changes: number): Promise<number> {
  const graph = files.get('saved_model.pb');
  if (graph === undefined) throw new Error('a composed model has no graph');
  let clean = 0;
  for (const list of fc.sample(fc.array(change, { minLength: 1, maxLength: 3 }), { numRuns: changes, seed })) {
    const bytes = list.reduce<Uint8Array>((before, one) => changed(before, one), graph);
    const other = new Map([...files, ['saved_model.pb', bytes] as const]);
    if ((await verdictOf(other)) !== 'clean') continue;
    clean++;
    const { events } = await jail.load(other);
    expect(events, `model ${seed} with ${JSON.stringify(list)}`).toEqual([]);
  }
  return clean;
}
