import type { JudgedWaiver, WaiverOutcome } from '../../core/assessment/index.ts';
import { terminalText } from '../escape.ts';
import type { TextPage } from '../page.ts';
import { count, type Ink } from '../style.ts';

/** Waivers listed unless verbose. */
const MAX_WAIVERS = 10;

const INK: Readonly<Record<WaiverOutcome, Ink>> = {
  applied: 'yellow',
  expired: 'red',
  'other-artifact': 'dim',
  refused: 'red',
  unused: 'dim',
};

/** What became of a waiver, as a sentence without its subject; not yet safe to print. */
export function waiverMeaning({ outcome, findings, waiver }: JudgedWaiver): string {
  switch (outcome) {
    case 'applied':
      return findings.length === 0 ? 'applied' : `applied to ${count(findings.length, 'finding')}`;
    case 'expired':
      return `void: it expired on ${waiver.expires}`;
    case 'other-artifact':
      return 'void: it covers another digest';
    case 'refused':
      return 'refused: this rule cannot be waived';
    case 'unused':
      return 'not needed: the rule was not broken';
  }
}

/** Every waiver that was given: every waiver is reported. */
export function waiverRows(page: TextPage, waivers: readonly JudgedWaiver[], options: { verbose: boolean }): void {
  if (waivers.length === 0) return;
  page.gap();
  const order: readonly WaiverOutcome[] = ['refused', 'applied', 'expired', 'other-artifact', 'unused'];
  const sorted = [...waivers].sort((a, b) => order.indexOf(a.outcome) - order.indexOf(b.outcome));
  const shown = options.verbose ? sorted : sorted.slice(0, MAX_WAIVERS);
  for (const judged of shown) {
    const { waiver } = judged;
    const where = waiver.file === undefined ? '' : ` in ${terminalText(waiver.file)}`;
    page.row(
      'WAIVER',
      `${terminalText(waiver.rule)}${where}: ${terminalText(waiverMeaning(judged))}`,
      'bold',
      INK[judged.outcome],
    );
    page.row('', terminalText(waiver.reason));
    const until = `until ${terminalText(waiver.expires)}`;
    page.row('', `${terminalText(waiver.owner)} · ${until} · ${terminalText(waiver.from)}`, 'dim');
  }
  if (sorted.length > shown.length) {
    page.row('', `and ${count(sorted.length - shown.length, 'more waiver')}; --verbose shows all`, 'dim');
  }
}
