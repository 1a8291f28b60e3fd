import { describe, expect, it } from 'vitest';
import type { DecisionRecord } from '../../../admission-webhook/src/answer.ts';
import { DecisionLog } from '../../../admission-webhook/src/server/decision-log.ts';
import { emptyRecord } from '../../../admission-webhook/src/server/refusal.ts';

const record = (more: Partial<DecisionRecord> = {}): DecisionRecord => ({ ...emptyRecord('uid', new Date()), ...more });

describe('the decision log', () => {
  it('drops and counts lines when its output is blocked', () => {
    const waiting: (() => void)[] = [];
    let [written, dropped] = [0, 0];
    const sink = {
      write: (text: string, gone: () => void) => {
        written += text.length;
        waiting.push(gone);
      },
    };
    const log = new DecisionLog({ choice: 'decisions', sink, onDropped: () => dropped++ });
    for (let n = 0; n < 20_000; n++) log.add(record({ name: 'x'.repeat(500) }));
    expect(dropped).toBeGreaterThan(5_000);
    expect(written).toBeLessThan(4.1 * 1024 * 1024);
    for (const gone of waiting) gone();
    const before = dropped;
    log.add(record());
    expect(dropped).toBe(before);
  });

  it('keeps the most severe of many rulings, and states their number', () => {
    const lines: string[] = [];
    const sink = { write: (text: string, gone: () => void) => [lines.push(text), gone()] };
    const log = new DecisionLog({ choice: 'decisions', sink, onDropped: () => {} });
    const ruling = (action: 'allow' | 'deny', reference: string) => ({
      outcome: 'unlisted' as const,
      action,
      reference,
      where: '/spec',
      container: 'a',
      message: 'm'.repeat(5_000),
    });
    const rulings = [...Array.from({ length: 1_000 }, (_, n) => ruling('allow', `a${n}`)), ruling('deny', 'the one')];
    log.add(record({ rulings }));
    const written = JSON.parse(lines[0] ?? '');
    expect(written.rulings).toHaveLength(20);
    expect(written.rulings[0]).toMatchObject({ action: 'deny', reference: 'the one' });
    expect(written.moreRulings).toBe(981);
    expect(lines[0]?.length).toBeLessThan(32 * 1024);
    expect(log.recent()[0]?.rulings).toHaveLength(20);
  });
});
