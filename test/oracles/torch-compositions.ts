import { Random } from '../support/pickle-programs.ts';
import { scanPickleBytes } from '../support/scan-pickle-bytes.ts';
import type { Interpreter } from './jail.ts';
import { archiveOf, moduleSource, runScripts, type ScriptModel } from './torch-scripts.ts';

/** What a step gives to a name: `torch`, `ops`, the namespace `aten`, an operator that writes, one that computes, or a value. */
type Kind = 'torch' | 'ops' | 'aten' | 'save' | 'relu' | 'value';

const QUOTES = ['"save"', "'save'", '"""save"""', '"sa" "ve"', '"s\\141ve"'] as const;

/** Source of a random path to an operator: names that are given values, attributes and `getattr` in any order, with tokens in between. */
export function composedScript(seed: number): string {
  const random = new Random(seed);
  const kinds = new Map<string, Kind>([
    ['torch', 'torch'],
    ['ops', 'ops'],
    ['x', 'value'],
  ]);
  const one = (names: readonly string[]) => names[random.below(names.length)] ?? 'x';
  const of = (...wanted: Kind[]) => one([...kinds].filter(([, kind]) => wanted.includes(kind)).map(([name]) => name));
  const filler = () => random.pick(['', '', ' ', ' \\\n      ']);
  const attribute = (value: string, name: string) => {
    if (random.below(3) === 0) return `getattr(${value}, ${name === 'save' ? random.pick(QUOTES) : `"${name}"`})`;
    return `${random.below(4) === 0 ? `(${value})` : value}${filler()}.${filler()}${name}`;
  };
  const step = (): readonly [Kind, string] => {
    const operators = of('torch', 'aten');
    switch (random.below(9)) {
      case 0:
        return [kinds.get(operators) ?? 'torch', operators];
      case 1:
        return ['ops', of('ops')];
      case 2:
        return ['aten', attribute(of('ops'), 'aten')];
      case 3:
        return ['aten', attribute(of('torch'), 'autograd')];
      case 4:
      case 5:
        return ['save', attribute(operators, 'save')];
      case 6:
        return ['relu', attribute(operators, 'relu')];
      case 7:
        return ['value', random.pick(['"torch.save(x)"', "'''\"'''", '1.5e-3', 'x'])];
      default:
        return ['value', `${attribute(operators, 'relu')}(x)`];
    }
  };
  const lines: string[] = [];
  for (let i = random.below(6); i >= 0; i--) {
    const [kind, text] = step();
    const name = random.pick(['save', 'relu', 't', 'self_', `_${i}`]);
    lines.push(`${name} = ${text}${random.below(5) === 0 ? '  # " \' """' : ''}`);
    kinds.set(name, kind);
  }
  const saves = [...kinds].filter(([, kind]) => kind === 'save').map(([name]) => name);
  const last = random.below(3);
  if (last === 0 && saves.length > 0) lines.push(`_9 = ${one(saves)}(x, "made")`);
  else if (last === 1) lines.push(`_9 = ${attribute(of('torch', 'aten'), 'save')}(x, "made")`);
  else lines.push(`_9 = ${attribute(of('torch', 'aten'), 'relu')}(x)`);
  return moduleSource(lines.join('\n    '));
}

export async function composedScripts(seed: number, count: number): Promise<ScriptModel[]> {
  const models: ScriptModel[] = [];
  for (let i = 0; i < count; i++) {
    const bytes = await archiveOf(composedScript(seed + i));
    models.push({ title: `composition ${seed + i}`, name: 'm.pt', bytes });
  }
  return models;
}

/**
 * Holds what PyTorch did with each model against its verdict.
 * @returns how many made a file, and how many were clean
 * @throws Error for a clean model that made a file
 */
export async function holdAgainstTorch(
  interpreter: Interpreter,
  models: readonly ScriptModel[],
): Promise<{ readonly acted: number; readonly clean: number }> {
  let acted = 0;
  let clean = 0;
  for (const [index, { made, end }] of runScripts(interpreter, models).entries()) {
    const { title, name, bytes } = models[index] ?? { title: '', name: '', bytes: new Uint8Array(0) };
    const { verdict } = await scanPickleBytes(Buffer.from(bytes), name);
    if (made.length > 0 && verdict === 'clean') throw new Error(`${title} is clean, and made ${made.join()}: ${end}`);
    acted += made.length > 0 ? 1 : 0;
    clean += verdict === 'clean' ? 1 : 0;
  }
  return { acted, clean };
}
