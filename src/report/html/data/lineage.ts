import type { DataLineage, EdgeStatus } from '../../../core/lineage/index.ts';
import { count } from '../../style.ts';
import { type Html, html } from '../html.ts';
import { bulletList, capped, chip, table, told } from '../parts.ts';
import type { ReportWord } from '../words.ts';

const MAX_EDGES = 200;

const WORDS: Readonly<Record<EdgeStatus, ReportWord>> = {
  verified: { text: 'Verified', tone: 'good' },
  claimed: { text: 'Claimed', tone: 'caution' },
  absent: { text: 'Absent', tone: 'open' },
  malformed: { text: 'Malformed', tone: 'dark' },
  mismatched: { text: 'Mismatched', tone: 'bad' },
};

/** Where the data and the model came from: each step, how well it holds, and who says so. */
export function lineageBlock({ nodes, edges, notes }: DataLineage): Html {
  const nameOf = (id: string | null) => (id === null ? 'nothing' : (nodes.find((node) => node.id === id)?.name ?? id));
  const [shown, rest] = capped(edges, MAX_EDGES, (left) => `${count(left, 'more step')}: the report in JSON has all.`);
  const rows = shown.map(({ from, relation, to, status, why, documents }) => [
    relation === 'describes' ? told(nameOf(from)) : html`${told(nameOf(from))} ${relation} ${told(nameOf(to))}`,
    chip(WORDS[status]),
    told(why),
    told(documents.join(', ')),
  ]);
  const columns = [{ label: 'Step' }, { label: 'Holds' }, { label: 'Why' }, { label: 'Says so' }];
  return html`<p>A step is verified by the signature of a trusted signer over both ends; anybody can claim one.</p>
${table({ caption: 'From the model to the sources of its data', columns, rows })}${rest}${bulletList(notes.map(told))}`;
}
