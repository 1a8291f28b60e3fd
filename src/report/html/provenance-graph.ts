import type { InputRole } from '../../core/lineage/index.ts';
import { terminalText } from '../escape.ts';
import { displayWidth } from '../style.ts';
import { type Html, html } from './html.ts';
import { bulletList, fold } from './parts.ts';
import type { Review } from './review.ts';
import { ACTION_WORDS, SIGNATURE_STATUSES } from './words.ts';

/** Base models, data sets and signers drawn of each kind. */
const MAX_DRAWN = 3;

/** One box: what it is, and its name. `proven` boxes have a solid line, what is only declared a dashed one. */
interface Node {
  readonly kind: string;
  readonly name: string;
  readonly proven: boolean;
}

interface Graph {
  readonly inputs: readonly Node[];
  readonly artifact: Node;
  readonly decision: Node;
}

const BOX = { height: 48, gap: 12, padding: 12 } as const;
/** Pixels of a column of text; boxes cut what is wider all the same. */
const COLUMN = 7.4;
const WIDE = { width: 760, input: 268, middle: 216, right: 168, gap: 54 } as const;
const NARROW = { width: 330, rail: 10, indent: 26 } as const;

/** Source, signers and declared origins, leading to the artifact, leading to the decision: drawn, and in words. */
export function provenanceFigure(review: Review): Html {
  const graph = graphOf(review);
  return html`<figure class="graph">
<div class="wide-only">${wideGraph(graph)}</div>
<div class="narrow-only">${narrowGraph(graph)}</div>
<figcaption>A solid line marks fetched or verified facts; a dashed line marks declared or unverified ones.</figcaption>
</figure>
${fold('The graph in words', bulletList(inWords(graph)))}`;
}

function graphOf({ assessment, decision }: Review): Graph {
  const { artifact, checks, declared, signatures, training = [] } = assessment;
  const signers = signatures.map(({ status, signer }) => ({
    kind: `Signature: ${SIGNATURE_STATUSES[status].text.toLowerCase()}`,
    name: signer === null ? 'no trusted signer was named' : signerName(signer),
    proven: status === 'verified' || status === 'partial',
  }));
  const said = (kind: string, names: readonly string[]) =>
    names.map((name) => ({ kind: `${kind}, declared`, name, proven: false }));
  const verified = checks.some(({ id, status }) => id === 'data.provenance' && status === 'pass');
  const attested = (kind: string, wanted: InputRole) =>
    training
      .flatMap(({ inputs }) => inputs)
      .filter(({ role }) => role === wanted)
      .map(({ name }) => ({ kind: `${kind}, attested`, name, proven: verified }));
  return {
    inputs: [
      { kind: 'Source', name: artifact.ref, proven: true },
      ...drawn(signers, 'signatures'),
      ...drawn(attested('Training data', 'data'), 'files of training data, attested'),
      ...drawn(attested('Base model', 'base'), 'base models, attested'),
      ...drawn(said('Base model', declared.baseModels), 'base models, declared'),
      ...drawn(said('Training data', declared.datasets), 'data sets, declared'),
    ],
    artifact: { kind: 'Artifact', name: artifact.digest ?? 'no digest', proven: true },
    decision: { kind: `Policy ${decision.policy}`, name: ACTION_WORDS[decision.action].text, proven: true },
  };
}

function drawn(nodes: readonly Node[], many: string): Node[] {
  const more = nodes.length - MAX_DRAWN;
  if (more <= 0) return [...nodes];
  return [...nodes.slice(0, MAX_DRAWN), { kind: 'And', name: `${more} more ${many}`, proven: false }];
}

function signerName(signer: NonNullable<Review['assessment']['signatures'][number]['signer']>): string {
  switch (signer.kind) {
    case 'key':
      return `key ${signer.keyHint}`;
    case 'certificate':
      return signer.names[0] ?? signer.subject;
    case 'sigstore':
      return signer.identity;
  }
}

function inWords({ inputs, artifact, decision }: Graph): Html[] {
  return [
    ...inputs.map(({ kind, name }) => html`${kind}: <code>${name}</code>`),
    html`${artifact.kind}: <code>${artifact.name}</code>`,
    html`${decision.kind}: ${decision.name}`,
  ];
}

/** Three columns: inputs, the artifact, the decision. */
function wideGraph({ inputs, artifact, decision }: Graph): Html {
  const height = inputs.length * (BOX.height + BOX.gap) - BOX.gap + 4;
  const middle = (height - BOX.height) / 2;
  const artifactX = WIDE.input + WIDE.gap;
  const decisionX = WIDE.width - WIDE.right - 2;
  const boxes = inputs.map((node, i) => {
    const y = 2 + i * (BOX.height + BOX.gap);
    const from = y + BOX.height / 2;
    const to = middle + BOX.height / 2;
    const bend = WIDE.input + WIDE.gap / 2;
    const path = `M${WIDE.input + 2} ${from} C${bend} ${from} ${bend} ${to} ${artifactX - 6} ${to}`;
    return html`<path class="edge ${lineOf(node)}" d="${path}"/>${box(node, 2, y, WIDE.input)}`;
  });
  const y = middle + BOX.height / 2;
  return svg('wide', WIDE.width, height, [
    ...boxes,
    box(artifact, artifactX, middle, WIDE.middle),
    arrowHead(artifactX - 1, y, 'right'),
    html`<path class="edge solid" d="M${artifactX + WIDE.middle} ${y} L${decisionX - 6} ${y}"/>`,
    arrowHead(decisionX - 1, y, 'right'),
    box(decision, decisionX, middle, WIDE.right),
  ]);
}

/** One column for a phone: a rail at the left leads down to the artifact and the decision. */
function narrowGraph({ inputs, artifact, decision }: Graph): Html {
  const step = BOX.height + BOX.gap;
  const width = NARROW.width - NARROW.indent - 2;
  const boxes = inputs.map((node, i) => {
    const y = 2 + i * step;
    const from = y + BOX.height / 2;
    return html`<path class="edge ${lineOf(node)}" d="M${NARROW.indent} ${from} L${NARROW.rail} ${from}"/>${box(node, NARROW.indent, y, width)}`;
  });
  const artifactY = 2 + inputs.length * step + BOX.gap;
  const decisionY = artifactY + step + BOX.gap;
  const into = artifactY + BOX.height / 2;
  const down = NARROW.indent + width / 2;
  return svg('narrow', NARROW.width, decisionY + BOX.height + 2, [
    ...boxes,
    html`<path class="edge solid" d="M${NARROW.rail} ${2 + BOX.height / 2} L${NARROW.rail} ${into} L${NARROW.indent - 6} ${into}"/>`,
    arrowHead(NARROW.indent - 1, into, 'right'),
    box(artifact, NARROW.indent, artifactY, width),
    html`<path class="edge solid" d="M${down} ${artifactY + BOX.height} L${down} ${decisionY - 6}"/>`,
    arrowHead(down, decisionY - 1, 'down'),
    box(decision, NARROW.indent, decisionY, width),
  ]);
}

function svg(id: string, width: number, height: number, content: readonly Html[]): Html {
  return html`<svg viewBox="0 0 ${width} ${height}" role="img" aria-labelledby="graph-${id}-title">
<title id="graph-${id}-title">The origin of the artifact, and the decision; a text version follows</title>
${content.map((part) => html`${part}\n`)}</svg>`;
}

/** A nested drawing cuts what does not fit: no text of an artifact leaves its box. */
function box(node: Node, x: number, y: number, width: number): Html {
  const columns = Math.floor((width - 2 * BOX.padding) / COLUMN);
  return html`<svg x="${x}" y="${y}" width="${width}" height="${BOX.height}">
<rect class="box ${lineOf(node)}" x="1" y="1" width="${width - 2}" height="${BOX.height - 2}" rx="5"/>
<text class="box-kind" x="${BOX.padding}" y="19">${fitting(node.kind, columns)}</text>
<text class="box-name" x="${BOX.padding}" y="37">${fitting(node.name, columns)}</text></svg>`;
}

function lineOf({ proven }: Node): string {
  return proven ? 'solid' : 'dashed';
}

function arrowHead(x: number, y: number, to: 'right' | 'down'): Html {
  const points =
    to === 'right' ? `${x - 7},${y - 4} ${x},${y} ${x - 7},${y + 4}` : `${x - 4},${y - 7} ${x},${y} ${x + 4},${y - 7}`;
  return html`<polygon class="head" points="${points}"/>`;
}

/** The text, or its start and its end: names of models differ at both. */
function fitting(text: string, columns: number): string {
  const safe = terminalText(text);
  if (displayWidth(safe) <= columns) return safe;
  const characters = [...safe];
  const tail = Math.floor(columns / 3);
  const take = (from: readonly string[], most: number) => {
    let taken = '';
    for (const character of from) {
      if (displayWidth(taken + character) > most) break;
      taken += character;
    }
    return taken;
  };
  const end = [...take(characters.toReversed(), tail)].reverse().join('');
  return `${take(characters, columns - tail - 1)}…${end}`;
}
