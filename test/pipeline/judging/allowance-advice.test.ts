import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadKnowledge } from '../../../src/pipeline/judging/knowledge.ts';
import type { AllowanceAdvice } from '../../../src/report/index.ts';
import { runCli } from '../../cli/run-cli.ts';
import { tempFolder } from '../../support/temp.ts';

const FIXTURES = new URL('../../../fixtures/', import.meta.url).pathname;
const scratch = tempFolder();

interface Tried {
  readonly module: string;
  readonly name: string;
  readonly uses: readonly string[];
}

function allowFile(entries: readonly Tried[]): string {
  const path = join(scratch, 'allow.yaml');
  const rest = { owner: 'ml@acme.example', reason: 'a test', expires: '9999-12-31' };
  writeFileSync(path, JSON.stringify({ allow: entries.map((entry) => ({ ...entry, ...rest })) }));
  return path;
}

/** The verdict of one file, with these allowances. */
async function verdictWith(target: string, entries: readonly Tried[]): Promise<string | undefined> {
  const knowledge = await loadKnowledge(entries.length === 0 ? undefined : allowFile(entries));
  return (await knowledge.judge(target, {})).files[0]?.verdict;
}

async function adviceOn(target: string): Promise<AllowanceAdvice | undefined> {
  const knowledge = await loadKnowledge(undefined);
  const assessment = await knowledge.judge(target, {});
  return [...(await knowledge.advise(assessment)).values()][0];
}

/** A pickle that the opcodes of `pickletools` make, in the text protocol. */
function pickled(name: string, text: string): string {
  const path = join(scratch, name);
  writeFileSync(path, Buffer.from(text, 'latin1'));
  return path;
}

describe('the allowances that a report advises', () => {
  it.each([
    ['a name of a package with capitals', () => `${FIXTURES}unlisted/rdkit/2026.09.1/Mol.p4.pkl`, ['call', 'new']],
    ['a name that is imported alone', () => `${FIXTURES}pickle-probes/gadget-unknown-module/a.pkl`, ['import']],
    ['a function that is called', () => pickled('call.pkl', 'cacme.models\nload\n(I1\ntR.'), ['call']],
    ['a class that is given a state', () => pickled('state.pkl', 'cacme.models\nRanker\n)\x81}b.'), ['new']],
    ['a class that is filled', () => pickled('items.pkl', 'cacme.models\nBag\n)\x81(I1\nI2\ne.'), ['new', 'items']],
  ])('admit %s, with the uses that it needs and no other', async (_, target, uses) => {
    const path = target();
    expect(await verdictWith(path, [])).toBe('suspicious');
    const advice = await adviceOn(path);
    if (advice?.kind !== 'entries') throw new Error(`no entries: ${JSON.stringify(advice)}`);
    expect(advice.entries.map((entry) => entry.uses)).toEqual([uses]);
    expect(await verdictWith(path, advice.entries)).toBe('clean');
    const [entry] = advice.entries;
    for (const use of entry?.uses ?? []) {
      const fewer = uses.filter((one) => one !== use);
      // An entry without a use is not one: then its absence was the first verdict.
      if (entry !== undefined && fewer.length > 0)
        expect(await verdictWith(path, [{ ...entry, uses: fewer }])).not.toBe('clean');
    }
  });

  it.each([
    ['code that the file brings', 'code-by-value/dill-0.4.0-py313/function.pkl', 'dill._dill._create_code'],
    ['a function that runs programs', 'pickle-probes/st-nested-bytes-inert/a.pkl', 'os.system'],
  ])('do not exist for %s', async (_, file, name) => {
    expect(await adviceOn(FIXTURES + file)).toMatchObject({ kind: 'refused', name });
  });

  it.each([
    ['the state is bytes', 'unlisted/polars/2.1.0/DataFrame.p4.pkl', 'its state is bytes instead of a dict or a tuple'],
    ['a loader opens another file', 'loader-probes/joblib-nd/a.pkl', 'opens "b.npy"'],
  ])('do not exist where %s', async (_, file, because) => {
    expect(await adviceOn(FIXTURES + file)).toMatchObject({
      kind: 'insufficient',
      because: expect.stringContaining(because),
    });
  });

  it('are not looked for in files that are clean, or in another store', async () => {
    const knowledge = await loadKnowledge(undefined);
    const clean = await knowledge.judge(`${FIXTURES}pickle-probes/ok-dict`, {});
    expect(await knowledge.advise(clean)).toEqual(new Map());
    const suspicious = await knowledge.judge(pickled('remote.pkl', 'cacme.models\nload\n.'), {});
    const pinned = { ...suspicious.artifact, pinned: `hf://acme/model@${'a'.repeat(40)}` };
    expect(await knowledge.advise({ ...suspicious, artifact: pinned })).toEqual(new Map());
  });

  it.each([
    ['more names than are tried', 'cacme.m\na\n0cacme.m\nb\n0cacme.m\nc\n0cacme.m\nd\n0cacme.m\ne\n0cacme.m\nf\n.'],
    ['a name of more parts than are tried', `c${'a.'.repeat(25)}m\nf\n.`],
  ])('are not looked for where a file holds %s', async (_, text) => {
    const path = pickled('many.pkl', text);
    expect(await verdictWith(path, [])).toBe('suspicious');
    expect(await adviceOn(path)).toBeUndefined();
  });

  it('are looked for in the file itself, whatever its folder is called', async () => {
    const cwd = join(scratch, 'named');
    mkdirSync(join(cwd, 'models:', 'acme'), { recursive: true });
    writeFileSync(join(cwd, 'models:', 'acme', '1'), 'cacme.models\nload\n(I1\ntR.');
    const { stdout } = await runCli(['scan', '.'], { cwd });
    expect(stdout).toContain('- module: acme.models');
    expect(stdout).toContain('assay repro ./models:/acme/1\n');
  });

  it('are left out when the time for them is over, but a user who stops the program stops them, too', async () => {
    const knowledge = await loadKnowledge(undefined);
    const assessment = await knowledge.judge(pickled('slow.pkl', 'cacme.models\nload\n.'), {});
    const over = AbortSignal.abort();
    expect(await knowledge.advise(assessment, new AbortController().signal, over)).toEqual(new Map());
    await expect(knowledge.advise(assessment, AbortSignal.abort())).rejects.toMatchObject({ code: 'aborted' });
  });

  it('are printed as an entry that the next scan takes', async () => {
    const path = pickled('printed.pkl', 'cacme.models\nload\n(I1\ntR.');
    const { stdout, code } = await runCli(['scan', path]);
    expect(code).toBe(1);
    const lines = stdout.split('\n').map((line) => line.slice(14));
    const entry = lines.slice(lines.indexOf('allow:'), lines.indexOf('allow:') + 7).join('\n');
    const file = join(scratch, 'pasted.yaml');
    writeFileSync(file, entry.replace('YYYY-MM-DD', '9999-12-31'));
    expect(await runCli(['scan', path, '--allow', file])).toMatchObject({ code: 0 });
  });
});
