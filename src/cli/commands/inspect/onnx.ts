import type { ByteSource } from '../../../core/bytes/index.ts';
import { DEFAULT_LIMITS, FileBudget } from '../../../core/index.ts';
import { type OnnxSurvey, surveyOnnx } from '../../../formats/onnx/survey/index.ts';
import { count, humanBytes } from '../../../report/index.ts';

/** Lines of one list that are printed. */
const MAX_LINES = 40;

/** Prints what an ONNX model holds: versions, operators, functions, files that its tensors are in, and texts. */
export async function listOnnx(source: ByteSource, print: (line: string) => void): Promise<void> {
  const { survey, stopped } = await surveyOnnx(source, new FileBudget(DEFAULT_LIMITS, source.size));
  const sets = survey.opsets.map(({ domain, version }) => `${nameOf(domain)} ${version}`);
  print(`IR version ${survey.irVersion ?? 'not given'} · operator sets ${sets.join(', ') || 'none'}`);
  print(
    `${count(survey.graphs, 'graph')} · ${count(survey.nodes, 'node')} · ${count(survey.tensors, 'tensor')} · ${count(survey.functions.length, 'function')}`,
  );
  list('operators', operatorLines(survey), print);
  list(
    'functions',
    survey.functions.map(({ domain, name }) => `${nameOf(domain)}:${name}`),
    print,
  );
  list('tensors in other files', externalLines(survey), print);
  list(
    'metadata',
    survey.texts.filter(({ where }) => where === 'metadata').map(({ key, value }) => `${key}: ${value}`),
    print,
  );
  if (stopped !== undefined) print(`the rest was not read: ${stopped.message}`);
}

function operatorLines({ uses }: OnnxSurvey): string[] {
  const counts = new Map<string, number>();
  for (const { domain, name, count: nodes } of uses.values()) {
    const key = `${nameOf(domain)}:${name}`;
    counts.set(key, (counts.get(key) ?? 0) + nodes);
  }
  return [...counts].sort(([, a], [, b]) => b - a).map(([name, nodes]) => `${name} × ${nodes}`);
}

function externalLines({ external }: OnnxSurvey): string[] {
  const files = new Map<string, { tensors: number; bytes: number }>();
  for (const { locations, bytes = 0 } of external) {
    for (const location of locations.length === 0 ? ['(no name)'] : locations) {
      const known = files.get(location) ?? { tensors: 0, bytes: 0 };
      files.set(location, { tensors: known.tensors + 1, bytes: known.bytes + bytes });
    }
  }
  return [...files].map(([file, { tensors, bytes }]) => `${file} · ${count(tensors, 'tensor')} · ${humanBytes(bytes)}`);
}

function list(title: string, lines: readonly string[], print: (line: string) => void): void {
  if (lines.length === 0) return;
  print(`${title}:`);
  for (const line of lines.slice(0, MAX_LINES)) print(`  ${line}`);
  if (lines.length > MAX_LINES) print(`  and ${lines.length - MAX_LINES} more`);
}

function nameOf(domain: string): string {
  return domain === '' ? 'ai.onnx' : domain;
}
