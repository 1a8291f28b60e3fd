import type { Role } from '../api/index.ts';
import type { StageRules } from '../registry.ts';

/** The parts of an approval that matter for a quorum. */
export interface Voice {
  /** Who approves: one person counts once. */
  readonly person: string;
  /** The roles that the signer may use; any, when absent. */
  readonly roles?: readonly string[];
  /** Milliseconds since 1970; `undefined`: no end. */
  readonly until: number | undefined;
}

/**
 * The approvals that satisfy a stage for the longest time; `undefined` when they do not satisfy it. One person counts once.
 */
export function quorumOf<V extends Voice>(
  wanted: StageRules['approvals'],
  voices: readonly V[],
): readonly V[] | undefined {
  const ends = [...new Set(voices.map(({ until }) => until ?? Number.POSITIVE_INFINITY))].sort((a, b) => b - a);
  for (const end of ends) {
    const lasting = voices.filter(({ until }) => (until ?? Number.POSITIVE_INFINITY) >= end);
    const filled = fill(places(wanted), lasting);
    if (filled !== undefined) return filled;
  }
  return undefined;
}

function places(wanted: StageRules['approvals']): Role[] {
  return wanted.flatMap(({ role, count }) => Array<Role>(count).fill(role));
}

/**
 * A bipartite matching of required roles and people, role by role; assigned people can be moved to other roles (Kuhn, 1955).
 */
function fill<V extends Voice>(roles: readonly Role[], voices: readonly V[]): readonly V[] | undefined {
  const people = new Map<string, V[]>();
  for (const voice of voices) people.set(voice.person, [...(people.get(voice.person) ?? []), voice]);
  const seats = new Map<string, number>();
  const seat = (place: number, tried: Set<string>): boolean => {
    for (const [person, own] of people) {
      if (tried.has(person) || !own.some((voice) => speaksAs(voice, roles[place]))) continue;
      tried.add(person);
      const taken = seats.get(person);
      if (taken !== undefined && !seat(taken, tried)) continue;
      seats.set(person, place);
      return true;
    }
    return false;
  };
  for (let place = 0; place < roles.length; place++) if (!seat(place, new Set())) return undefined;
  return [...seats].flatMap(([person, place]) => {
    return people.get(person)?.find((voice) => speaksAs(voice, roles[place])) ?? [];
  });
}

function speaksAs({ roles }: Voice, role: Role | undefined): boolean {
  return role !== undefined && (roles === undefined || roles.includes(role));
}
