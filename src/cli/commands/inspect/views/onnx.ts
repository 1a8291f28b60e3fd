import { type OnnxSurvey, surveyOnnx } from '../../../../formats/onnx/survey/index.ts';
import { count, humanBytes } from '../../../../report/index.ts';
import type { FormatView } from './listing.ts';

/** Versions, operators, functions, files that tensors are in, and texts. */
export const showOnnx: FormatView = async (source, listing, budget) => {
  const { survey, stopped } = await surveyOnnx(source, budget);
  const sets = survey.opsets.map(({ domain, version }) => `${nameOf(domain)} ${version}`);
  listing.line(`IR version ${survey.irVersion ?? 'not given'}`, `operator sets ${sets.join(', ') || 'none'}`);
  listing.line(
    count(survey.graphs, 'graph'),
    count(survey.nodes, 'node'),
    count(survey.tensors, 'tensor'),
    count(survey.functions.length, 'function'),
  );
  listing.list('operators', operatorLines(survey));
  listing.list(
    'functions',
    survey.functions.map(({ domain, name }) => `${nameOf(domain)}:${name}`),
  );
  listing.list('tensors in other files', externalLines(survey));
  listing.list(
    'metadata',
    survey.texts.filter(({ where }) => where === 'metadata').map(({ key, value }) => `${key}: ${value}`),
  );
  if (stopped !== undefined) throw stopped;
};

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

function nameOf(domain: string): string {
  return domain === '' ? 'ai.onnx' : domain;
}
