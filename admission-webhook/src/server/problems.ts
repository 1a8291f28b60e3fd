import type { Vitals } from '../vitals.ts';

/** Why the newest of each part is not taken, by part; `null` while all is well. */
export function webhookProblems(vitals: Vitals): ReadonlyMap<string, string | null> {
  const { feed, certificate, config, breakGlass, namespaces, clients } = vitals;
  const parts: Readonly<Record<string, { readonly problem: string | null } | null>> = {
    snapshot: feed,
    certificate,
    config,
    'break-glass': breakGlass,
    namespaces,
    clients,
  };
  const known = Object.entries(parts).filter((entry) => entry[1] !== null);
  return new Map(known.map(([part, health]) => [part, health?.problem ?? null]));
}

const LOOK_MS = 2_000;

/** Says each problem once when it comes, and that it has gone. @returns how to end it */
export function tellProblems(vitals: () => Vitals, tell: (line: string) => void): () => void {
  const told = new Map<string, string>();
  const look = () => {
    for (const [part, problem] of webhookProblems(vitals())) {
      if (problem === null) {
        if (told.delete(part)) tell(`${part}: recovered`);
      } else if (told.get(part) !== problem) {
        told.set(part, problem);
        tell(`${part}: ${problem}; the last good one stays in use`);
      }
    }
  };
  const timer = setInterval(look, LOOK_MS);
  look();
  return () => clearInterval(timer);
}
