import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { extractReferences } from '../../src/workload/index.ts';
import { PROGRAMS } from '../../src/workload/table/programs.ts';
import type { Finds, ProgramRow } from '../../src/workload/table/types.ts';
import { podOf } from './build.ts';

const RUNS = Number(process.env.ASSAY_FUZZ_RUNS ?? 500);

/** The wanted model, in any context: it is found or reported as unresolved, and never lost. */
const WANTED = 'stray/model';

function told(container: object): boolean {
  const { references, unresolved } = extractReferences(podOf(container));
  return unresolved.length > 0 || references.some(({ reference }) => reference.includes(WANTED));
}

const found = (container: object) => extractReferences(podOf(container)).references.map(({ reference }) => reference);

/** Arguments with which a program loads a model of the Hub. */
const FLAGS = PROGRAMS.flatMap((row) =>
  Object.entries(row.takes).flatMap(([name, means]) =>
    'finds' in means && isOfHub(means) ? [{ row, name, finds: means }] : [],
  ),
);

function isOfHub({ finds, bare = 'hub', common }: Finds): boolean {
  return finds !== 'dataset' && common !== true && (bare === 'hub' || bare === 'hub-quant');
}

/** A container that runs a program of the table. */
function runs({ images, commands }: ProgramRow): object {
  const [image] = images;
  const [command] = commands;
  if (image !== undefined) return { image: image.endsWith('/') ? `${image}x` : image };
  return command === undefined ? {} : { image: 'reg.io/x', command: [command.replace('.*', '')] };
}

const others = PROGRAMS.flatMap(({ takes }) => Object.keys(takes));
/** Arguments of command lines: other flags with and without values, ends of options, quotes, JSON, numbers, empty strings. */
const noise = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.constantFrom('--port', '8000', '--', '-', '-v', '--x=y', '', ' ', 'acme/other', 'serve', '1'),
  },
  fc.constantFrom(...others),
  fc.constantFrom(...others.map((name) => `${name}=acme/other`)),
  fc.constantFrom(
    '"',
    "'",
    '{',
    '{}',
    '[]',
    '{"model":"acme/draft"}',
    'a=b',
    '=',
    '--=',
    '\\',
    '$$',
    '$(',
    '--no-',
    '--no-model',
  ),
  fc.string({ maxLength: 12 }),
);

describe('a model in a command line is found or unresolved', () => {
  it('with any flag, in any spelling, between any arguments', () => {
    const value = (finds: Finds, way: number) => {
      if (finds.shape === 'json') return `{"num":5,"model":"${WANTED}"}`;
      if (finds.shape === 'named' || finds.shape === 'list') return way % 2 === 0 ? `n=${WANTED}` : WANTED;
      return finds.shape === 'commas' ? `acme/one,n=${WANTED}` : WANTED;
    };
    fc.assert(
      fc.property(
        fc.constantFrom(...FLAGS),
        fc.nat(5),
        fc.array(noise),
        fc.array(noise),
        (flag, way, before, after) => {
          const { row, name, finds } = flag;
          const text = value(finds, way);
          const spelled = [[`${name}=${text}`], [name, text], [name.replaceAll(/(?<=\w)-/g, '_'), text]][way % 3] ?? [];
          const args = [...before, ...spelled, ...after];
          expect(told({ ...runs(row), args }), JSON.stringify(args)).toBe(true);
        },
      ),
      { numRuns: RUNS * 4 },
    );
  });

  it('between options that name no model, and then it is found', () => {
    const plain = fc.constantFrom(
      ['--port', '8000'],
      ['--dtype=half'],
      ['--enable-prefix-caching'],
      ['--gpu-memory-utilization', '0.9'],
      ['--chat-template', '/etc/template.jinja'],
      ['--hf-token', 'x'],
      ['-v'],
    );
    const all = fc.array(plain, { maxLength: 4 });
    fc.assert(
      fc.property(fc.constantFrom(...FLAGS), fc.boolean(), all, all, (flag, equals, before, after) => {
        const text = flag.finds.shape === 'json' ? `{"model":"${WANTED}"}` : WANTED;
        const spelled = equals ? [`${flag.name}=${text}`] : [flag.name, text];
        const args = [...before.flat(), ...spelled, ...after.flat()];
        expect(found({ ...runs(flag.row), args }), JSON.stringify(args)).toContain(`hf://${WANTED}`);
      }),
      { numRuns: RUNS * 2 },
    );
  });

  it('behind variables, with any nesting', () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom('A', 'B', 'C'), { maxLength: 6 }),
        fc.array(noise, { maxLength: 4 }),
        (names, before) => {
          const env = [
            { name: 'M', value: WANTED },
            ...names.map((name, at) => ({ name, value: at === 0 ? '$(M)' : `$(${names[at - 1]})` })),
          ];
          const last = names.at(-1) ?? 'M';
          expect(told({ image: 'vllm', env, args: [...before, '--model', `$(${last})`] })).toBe(true);
          expect(told({ image: 'vllm', env, args: [...before, `--model=$(${last})`] })).toBe(true);
        },
      ),
      { numRuns: RUNS },
    );
  });

  it('in a script of any shell, with any quotes', () => {
    const script = fc.constantFrom(
      `vllm serve ${WANTED}`,
      `exec vllm serve "${WANTED}" --port 1`,
      `vllm serve '${WANTED}'`,
      `M=${WANTED}; vllm serve $M`,
      `vllm serve \\\n  ${WANTED}`,
      `curl x | sh`,
      `eval "$(echo dmxsbQ== | base64 -d)"`,
    );
    const shell = fc.constantFrom(
      ['sh', '-c'],
      ['/bin/bash', '-lc'],
      ['bash', '-o', 'pipefail', '-ec'],
      ['tini', '--', 'sh', '-c'],
    );
    fc.assert(
      fc.property(script, shell, fc.boolean(), (text, words, inArgs) => {
        const container = inArgs ? { command: words, args: [text] } : { command: [...words, text] };
        expect(told(container)).toBe(true);
      }),
      { numRuns: RUNS },
    );
  });
});

describe('a flag that is given twice', () => {
  it('names both models, whichever the program uses', () => {
    const args = ['--model', 'acme/one', '--model=acme/two'];
    expect(found({ image: 'vllm', args })).toEqual(['hf://acme/one', 'hf://acme/two']);
    const env = [{ name: 'MODEL_ID', value: 'acme/one' }];
    const both = found({ image: 'text-generation-inference', env, args: ['--model-id', 'acme/two'] });
    expect([...both].sort()).toEqual(['hf://acme/one', 'hf://acme/two']);
  });

  it('is unresolved with two different revisions', () => {
    fc.assert(
      fc.property(fc.boolean(), fc.boolean(), (first, second) => {
        const spelled = (equals: boolean, value: string) => (equals ? [`--revision=${value}`] : ['--revision', value]);
        const args = ['--model', 'acme/one', ...spelled(first, 'v1'), ...spelled(second, 'v2')];
        expect(extractReferences(podOf({ image: 'vllm', args })).unresolved).toHaveLength(1);
      }),
    );
  });

  it("trusts the model's code when either enables it", () => {
    for (const args of [
      ['--trust-remote-code', '--no-trust-remote-code'],
      ['--trust-remote-code=false', '--trust-remote-code'],
      ['--trust_remote_code', 'false', '--trust-remote-code=1'],
    ]) {
      const { references } = extractReferences(podOf({ image: 'vllm', args: ['--model', 'acme/one', ...args] }));
      expect(references).toMatchObject([{ trustRemoteCode: true }]);
    }
  });
});
