import { describe, expect, it } from 'vitest';
import { type AllowanceAdvice, renderTable } from '../../../src/report/index.ts';
import { displayWidth, humanBytes, humanDuration, wrap } from '../../../src/report/style.ts';
import { CONTEXT, file, judged, mixed, tableOptions } from '../sample.ts';

const trainingArgs = () =>
  judged({
    files: [
      file({
        path: 'training_args.bin',
        format: 'torch-zip',
        imports: ['transformers.training_args.TrainingArguments', 'torch.device'],
      }),
    ],
  });

describe('the advice on names that are on no list', () => {
  const using = (count: number) => {
    const imports = Array.from({ length: count }, (_, at) => `acme.parts.Part${at}`);
    return judged({ files: [file({ path: 'model.pkl', format: 'pickle', verdict: 'suspicious', imports })] });
  };
  const shown = (count: number, advice?: AllowanceAdvice) => {
    const options = tableOptions({ width: 200, advice: new Map(advice === undefined ? [] : [['model.pkl', advice]]) });
    return renderTable(using(count), CONTEXT, options);
  };

  it('prints the entries that admit the file, as one allow list', () => {
    const entries = ['Part0', 'Part1'].map((name) => ({ module: 'acme.parts', name, uses: ['call', 'new'] }));
    const table = shown(2, { kind: 'entries', entries });
    expect(table).toContain('If you know the 2 names and trust them, allow each in your own file, with --allow FILE:');
    expect(table.match(/- module: acme\.parts\n +name: Part\d\n +uses: \[call, new\]$/gm)).toHaveLength(2);
    expect(table.match(/allow:$/gm)).toHaveLength(1);
  });

  it.each<[string, AllowanceAdvice | undefined, string]>([
    [
      'a name cannot be allowed',
      { kind: 'refused', name: 'os.system', why: 'runs programs' },
      'os.system runs programs.',
    ],
    [
      'names are not all',
      { kind: 'insufficient', because: 'is handed bytes' },
      'the 7 names is not enough: is handed bytes.',
    ],
    ['nothing was tried', undefined, 'with --allow FILE (assay scan --help shows an entry).'],
  ])('prints no entry where %s, and says so', (_, advice, text) => {
    const table = shown(7, advice);
    expect(table).toContain(text);
    expect(table).not.toContain('allow:');
  });
});

describe('the table', () => {
  it.each([80, 120])('equals the golden file at %i columns, and no line is wider', async (width) => {
    const table = renderTable(mixed(), CONTEXT, tableOptions({ width }));
    await expect(table).toMatchFileSnapshot(`../../golden/table-${width}.txt`);
    for (const line of table.split('\n')) expect(displayWidth(line)).toBeLessThanOrEqual(width);
  });

  it('equals the golden file with --verbose', async () => {
    const table = renderTable(
      mixed('strict'),
      { ...CONTEXT, coverage: true },
      tableOptions({ verbose: true, width: 100 }),
    );
    await expect(table).toMatchFileSnapshot('../../golden/table-verbose.txt');
  });

  it('takes linear time in the number of files', () => {
    const looks = (count: number) => {
      let reads = 0;
      const { findings, files } = mixed().assessment;
      const [found] = findings;
      const [first] = files;
      if (found === undefined || first === undefined) throw new Error('the sample is empty');
      const paths = Array.from({ length: count }, (_, at) => `weights/${at}.bin`);
      const sample = judged({
        files: paths.map((path) => ({
          ...first,
          path,
          verdict: 'malicious' as const,
          get format() {
            reads++;
            return 'pickle';
          },
        })),
        findings: paths.map((path) => ({
          ...found,
          get file() {
            reads++;
            return path;
          },
        })),
      });
      renderTable(sample, CONTEXT, tableOptions({ verbose: true }));
      return reads / count;
    };
    expect(looks(400)).toBeLessThan(2 * looks(10));
  });

  it('explains how to load a clean checkpoint', async () => {
    await expect(renderTable(trainingArgs(), CONTEXT, tableOptions())).toMatchFileSnapshot(
      '../../golden/table-clean.txt',
    );
  });

  it('states the decision and the worst verdict first, and nothing else with --quiet', () => {
    const lines = renderTable(mixed(), CONTEXT, tableOptions({ quiet: true }))
      .trimEnd()
      .split('\n');
    expect(lines[0]).toBe('DENY          malicious: 1 of 6 files would run code or do harm when loaded');
    expect(lines).toHaveLength(2);
    expect(renderTable(mixed('research'), CONTEXT, tableOptions())).toMatch(/^WARN {10}malicious/);
    expect(renderTable(judged({ files: [] }), CONTEXT, tableOptions())).toMatch(/^DENY {10}no files were scanned/);
  });

  it('states that an incomplete artifact was not fully scanned', () => {
    expect(renderTable(judged({ status: 'incomplete' }), CONTEXT, tableOptions())).toContain(
      'denied because: part of the artifact was not looked at',
    );
  });

  it('contains colour only on request', () => {
    expect(renderTable(mixed(), CONTEXT, tableOptions())).not.toContain('\u001b');
    const coloured = renderTable(mixed(), CONTEXT, tableOptions({ color: true }));
    expect(coloured).toContain('\u001b[31mDENY\u001b[39m');
    // biome-ignore lint/suspicious/noControlCharactersInRegex: colour is control characters
    expect(coloured.replace(/\u001b\[\d+m/g, '')).toBe(renderTable(mixed(), CONTEXT, tableOptions()));
  });

  it('omits rows above a limit, and states how many', () => {
    const files = Array.from({ length: 50 }, (_, i) => file({ path: `${i}.onnx`, verdict: 'not-assessed' }));
    expect(renderTable(judged({ files }), CONTEXT, tableOptions())).toContain(
      'and 30 more files to look at; --verbose shows all',
    );
    expect(renderTable(judged({ files }), CONTEXT, tableOptions({ verbose: true }))).not.toContain(
      'more files to look at',
    );
  });
});

describe('the formatting of the table', () => {
  it('wraps between words, breaks longer ones, and counts wide characters as two', () => {
    expect(wrap('one two three', 7)).toEqual(['one two', 'three']);
    expect(wrap('abcdefghij', 4)).toEqual(['abcd', 'efgh', 'ij']);
    expect(wrap('模型模型', 4)).toEqual(['模型', '模型']);
    expect(wrap('', 4)).toEqual(['']);
    expect(displayWidth('é模🤗')).toBe(5);
  });

  it('prints sizes and durations in readable units', () => {
    expect([0, 1, 1023, 1024, 1_572_864, 5e12].map(humanBytes)).toEqual([
      '0 bytes',
      '1 byte',
      '1023 bytes',
      '1.0 KiB',
      '1.5 MiB',
      '4.5 TiB',
    ]);
    expect([12, 9_990, 59_400, 125_000].map(humanDuration)).toEqual(['0.01 s', '9.99 s', '59 s', '2 min 5 s']);
  });
});
