import type { AssessedLineage } from '../../../../../pipeline/lineage/index.ts';
import { count, terminalText } from '../../../../../report/index.ts';

/** Edges that are shown. */
const MAX_EDGES = 40;

const WORDS = { pass: 'PASS', fail: 'FAIL', 'not-assessed': 'NOT ASSESSED', error: 'ERROR' } as const;

/** The lineage of a model and its data, for people: what contradicts first. */
export function lineageText({ check, lineage: { nodes, edges, notes }, inputs }: AssessedLineage): string {
  const nameOf = (id: string | null) =>
    terminalText(id === null ? 'nothing' : (nodes.find((node) => node.id === id)?.name ?? id));
  const width = Math.max(0, ...edges.map(({ status }) => status.length));
  const shown = edges.slice(0, MAX_EDGES).map(({ from, relation, to, status, why, documents }) => {
    const what = relation === 'describes' ? nameOf(from) : `${nameOf(from)} ${relation} ${nameOf(to)}`;
    const by = documents.length === 0 ? '' : ` (${documents.map((name) => terminalText(name)).join(', ')})`;
    return `  ${status.padEnd(width)}  ${what}: ${terminalText(why)}${by}`;
  });
  const more = edges.length - shown.length;
  const model = inputs.model === null ? 'no model' : terminalText(inputs.model.name);
  const lines = [
    `${model} · ${count(inputs.data.length, 'file')} of data · ${count(inputs.documents.length, 'document')}`,
    '',
    `${WORDS[check.status]}  ${check.id}: ${terminalText(check.detail)}`,
    '',
    ...shown,
    ...(more > 0 ? [`  and ${more} more: --format json`] : []),
    ...notes.map((note) => `note: ${terminalText(note)}`),
  ];
  return `${lines.join('\n')}\n`;
}
