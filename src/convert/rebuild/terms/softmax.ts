import { elementwiseTerm, sum, type Weighted, weights } from './algebra.ts';
import type { SymbolicShape } from './size.ts';
import type { Term, TermTable } from './table.ts';
import { HIDING, isMask, type MaskPart, visibility } from './visibility.ts';

/** The softmax of the last dimension of scores, of which a mask may hide some: which ones is what counts, not how they are hidden. */
export function softmaxTerm(terms: TermTable, scores: Term): Term {
  const parts: MaskPart[] = [];
  const bare = unmasked(terms, scores, scores.shape, parts);
  const seen = parts.length === 0 ? EVERYTHING : visibility(parts, scores.shape);
  const [arg, attribute] = seen === undefined ? [scores, 'unclear'] : [bare, hidesNothing(seen) ? EVERYTHING : seen];
  return terms.make({ op: 'softmax', attribute, args: [arg], shape: scores.shape });
}

const EVERYTHING = ';1';

function hidesNothing(seen: string): boolean {
  const rows = seen.slice(seen.indexOf(';') + 1).split(';');
  return rows.every((row) => row === '1');
}

/** The scores without what hides some of them, which is added to `parts`. */
function unmasked(terms: TermTable, scores: Term, shape: SymbolicShape, parts: MaskPart[]): Term {
  if (scores.op === 'Where') {
    const [condition, yes, no] = scores.args;
    if (condition === undefined || yes === undefined || no === undefined || !isMask(condition, shape)) return scores;
    if (hides(no)) {
      parts.push({ factor: Number.NEGATIVE_INFINITY, term: elementwiseTerm(terms, 'Not', [condition]) });
      return unmasked(terms, yes, shape, parts);
    }
    if (!hides(yes)) return scores;
    parts.push({ factor: Number.NEGATIVE_INFINITY, term: condition });
    return unmasked(terms, no, shape, parts);
  }
  // What is added and taken away again may take digits away.
  if (scores.op !== 'sum' || scores.attribute !== '') return scores;
  const own: Weighted[] = [];
  const masks: Weighted[] = [];
  for (const part of weights(scores)) (isMask(part[1], shape) ? masks : own).push(part);
  if (masks.length === 0) return scores;
  // The number that is added belongs to them: 1 - mask, times a large one.
  parts.push({ factor: 1, term: sum(terms, masks, scores.constant) });
  return unmasked(terms, sum(terms, own), shape, parts);
}

function hides(term: Term): boolean {
  const number = term.op === 'expand' ? term.args[0] : term;
  return number?.op === 'number' && number.constant <= HIDING;
}
