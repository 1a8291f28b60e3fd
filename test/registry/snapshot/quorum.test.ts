import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Role } from '../../../src/registry/index.ts';
import { quorumOf, type Voice } from '../../../src/registry/snapshot/quorum.ts';

const voice = (person: string, roles?: string[], until?: number): Voice => ({
  person,
  until,
  ...(roles === undefined ? {} : { roles }),
});
const two: { role: Role; count: number }[] = [
  { role: 'reviewer', count: 1 },
  { role: 'security-approver', count: 1 },
];

describe('a quorum', () => {
  it('needs distinct people, each in a role that they hold', () => {
    expect(quorumOf(two, [voice('a', ['reviewer'])])).toBeUndefined();
    expect(quorumOf(two, [voice('a'), voice('a')])).toBeUndefined();
    expect(quorumOf(two, [voice('a', ['reviewer']), voice('b', ['reviewer'])])).toBeUndefined();
    expect(quorumOf(two, [voice('a', ['reviewer']), voice('b')])).toHaveLength(2);
    expect(quorumOf(two, [voice('a'), voice('b')])).toHaveLength(2);
  });

  it('assigns a voter with several roles to the role that nobody else can fill', () => {
    expect(quorumOf(two, [voice('a'), voice('b', ['reviewer'])])).toHaveLength(2);
    expect(quorumOf(two, [voice('a', ['security-approver', 'reviewer']), voice('b', ['reviewer'])])).toHaveLength(2);
  });

  it('takes the votes that last longest', () => {
    const voices = [
      voice('a', ['reviewer'], 10),
      voice('a', ['reviewer'], 30),
      voice('b', ['security-approver'], 20),
      voice('c', ['reviewer']),
    ];
    expect(
      quorumOf(two, voices)
        ?.map(({ until }) => until)
        .sort(),
    ).toEqual([20, 30]);
  });

  it('is found whenever one exists', () => {
    const roles = fc.constantFrom<Role>('reviewer', 'security-approver', 'admin');
    const voices = fc.array(
      fc.record({
        person: fc.constantFrom('a', 'b', 'c', 'd'),
        roles: fc.uniqueArray(roles, { minLength: 1 }),
        until: fc.constant(undefined),
      }),
      { maxLength: 6 },
    );
    const wanted = fc.uniqueArray(fc.record({ role: roles, count: fc.integer({ min: 1, max: 2 }) }), {
      selector: ({ role }) => role,
      minLength: 1,
    });
    fc.assert(
      fc.property(wanted, voices, (requests, all) => {
        const places = requests.flatMap(({ role, count }) => Array<Role>(count).fill(role));
        expect(quorumOf(requests, all) !== undefined).toBe(exists(places, all, new Set()));
      }),
    );
  });
});

/** Tries every assignment. */
function exists(places: readonly Role[], voices: readonly Voice[], taken: ReadonlySet<string>): boolean {
  const [first, ...rest] = places;
  if (first === undefined) return true;
  return voices.some(
    ({ person, roles }) =>
      !taken.has(person) && (roles ?? []).includes(first) && exists(rest, voices, new Set([...taken, person])),
  );
}
