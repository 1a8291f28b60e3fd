import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { GRAMMARS } from '../../../src/workload/posture/table/servers.ts';
import { readTold } from '../../../src/workload/posture/told.ts';
import { PROGRAMS } from '../../../src/workload/table/programs.ts';

const words = (texts: readonly string[]) => texts.map((text, index) => ({ text, where: `/args/${index}` }));

describe('the grammar of', () => {
  it.each(GRAMMARS.map((grammar) => [grammar.title, grammar] as const))(
    '%s names a row, and no option twice',
    (_, grammar) => {
      const row = PROGRAMS.find(({ id }) => id === grammar.row);
      expect(row).toBeDefined();
      const lists = [grammar.switches, grammar.values, grammar.places].map((list) => [...list]);
      for (const [at, list] of lists.entries())
        for (const name of list) {
          expect(lists.filter((other, index) => index !== at && other.includes(name))).toEqual([]);
          // What names a model is never read as something harmless.
          const means = row?.takes[name];
          if (!grammar.places.has(name))
            expect({ name, finds: means !== undefined && 'finds' in means }).toEqual({ name, finds: false });
        }
    },
  );

  it('any program reads any words without an error, and knows no option that it does not list', () => {
    const known = (grammar: (typeof GRAMMARS)[number], name: string) =>
      grammar.switches.has(name) ||
      grammar.values.has(name) ||
      grammar.places.has(name) ||
      Object.hasOwn(grammar.chosen, name);
    fc.assert(
      fc.property(
        fc.constantFrom(...GRAMMARS),
        fc.array(fc.string({ maxLength: 12 }), { maxLength: 8 }),
        fc.stringMatching(/^--[a-z]{1,9}$/),
        (grammar, texts, option) => {
          expect(() => readTold(words(texts), grammar)).not.toThrow();
          const row = PROGRAMS.find(({ id }) => id === grammar.row);
          if (known(grammar, option) || Object.hasOwn(row?.takes ?? {}, option) || grammar.words === 'pairs') return;
          const { unknown } = readTold(words([option]), grammar);
          expect(unknown.map(({ where }) => where)).toEqual(['/args/0']);
        },
      ),
      { numRuns: 500 },
    );
  });
});
