import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { answerFor, GOOD, MANIFESTS, production, RUNS, runs, vllm } from './evasions.ts';

let state: Awaited<ReturnType<typeof production>>;
beforeAll(async () => {
  state = await production();
});

type Fields = Readonly<Record<string, unknown>>;

const name = fc.stringMatching(/^[a-z][a-z0-9-]{0,11}$/);
const path = fc.oneof(
  fc.constantFrom(
    '/root/.cache',
    '/models',
    '/usr/bin',
    '/',
    '/tmp',
    '/var/run/secrets',
    '/dev/shm',
    '/etc/x',
    '/assay/models',
  ),
  // Not where only logs are written.
  fc.stringMatching(/^(?:\/[a-k.]{1,6}){1,4}$/),
);
const word = fc.oneof(
  name,
  name.map((one) => `--x-${one}`),
  fc.constantFrom('--', '-', '--model', 'evil/model', '$(M)', '-m', '-c', '@x', '=', '', '--model=evil/model', 'serve'),
  fc.string({ maxLength: 12 }),
);
const variable = fc.record({
  name: fc.oneof(
    name.map((one) => `X_${one.toUpperCase()}`),
    fc.constantFrom('HF_HOME', 'M', 'MODEL_ID', 'PATH', 'LD_PRELOAD'),
  ),
  value: fc.oneof(path, name, fc.constantFrom('evil/model', 'good/model', GOOD)),
});
const program = fc.oneof(
  name.map((one) => `/x/${one}`),
  fc.constantFrom('sh', 'bash', 'python3', 'env', 'xargs', '/bin/x', 'busybox'),
);
const source = fc.constantFrom(
  { hostPath: { path: '/x' } },
  { nfs: { server: 's', path: '/' } },
  { csi: { driver: 'd' } },
  { ephemeral: {} },
  { persistentVolumeClaim: { claimName: 'c' } },
);

/** One thing that no table knows is added to a container. */
const addition: fc.Arbitrary<(container: Fields, spec: Fields) => readonly [Fields, Fields]> = fc.oneof(
  word.map(
    (one) => (container: Fields, spec: Fields) =>
      [{ ...container, args: [...list(container.args), one] }, spec] as const,
  ),
  word.map(
    (one) => (container: Fields, spec: Fields) =>
      [{ ...container, args: [one, ...list(container.args)] }, spec] as const,
  ),
  variable.map(
    (one) => (container: Fields, spec: Fields) => [{ ...container, env: [...list(container.env), one] }, spec] as const,
  ),
  variable.map(
    (one) => (container: Fields, spec: Fields) => [{ ...container, env: [one, ...list(container.env)] }, spec] as const,
  ),
  program.map(
    (one) => (container: Fields, spec: Fields) =>
      [{ ...container, command: [one, ...list(container.command)] }, spec] as const,
  ),
  fc.tuple(path, source).map(([mountPath, of]) => (container: Fields, spec: Fields) => {
    const volumes = [...list(spec.volumes), { name: 'added', ...of }];
    return [
      { ...container, volumeMounts: [...list(container.volumeMounts), { name: 'added', mountPath }] },
      { ...spec, volumes },
    ] as const;
  }),
);

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

const podWith = (container: Fields, spec: Fields) => ({
  apiVersion: 'v1',
  kind: 'Pod',
  spec: { ...spec, containers: [container, ...list(spec.containers).slice(1)] },
});

/** Pods that are refused, with their first container. */
const REFUSED = MANIFESTS.filter(({ expect: wanted, object }) => wanted === 'deny' && object.kind === 'Pod');
const refused = fc.constantFrom(...REFUSED).map(({ object }) => {
  const { spec } = object as unknown as { readonly spec: Fields };
  return { container: list(spec.containers)[0] as Fields, spec };
});
const admitted = fc.constantFrom<Fields>(
  { name: 'c', ...vllm() },
  { name: 'c', ...runs('acme/x', { command: ['vllm', 'serve', 'good/model', '--revision', GOOD] }) },
  { name: 'c', ...runs('busybox', { command: ['sh', '-c', 'sleep 1'] }) },
  { name: 'c', image: `nginx@${RUNS}` },
);

describe('whatever no table knows', () => {
  it('admits nothing that was refused', () => {
    fc.assert(
      fc.property(refused, fc.array(addition, { minLength: 1, maxLength: 3 }), ({ container, spec }, additions) => {
        const [more, around] = additions.reduce(([one, of], add) => add(one, of), [container, spec] as readonly [
          Fields,
          Fields,
        ]);
        expect(answerFor(podWith(more, around), state).allowed).toBe(false);
      }),
      { numRuns: 1_500 },
    );
  });

  it('is refused in what was admitted: a program, a variable, a volume', () => {
    const unknown = fc.oneof(
      name.map(
        (one) => (container: Fields) => [{ ...container, env: [{ name: `X_${one}`, value: 'y' }] }, {}] as const,
      ),
      name.map(
        (one) => (container: Fields) =>
          [{ ...container, command: [`/x/${one}`, ...list(container.command)] }, {}] as const,
      ),
      name.map(
        (one) => (container: Fields) => [{ ...container, args: [...list(container.args), `--x-${one}`] }, {}] as const,
      ),
      fc.tuple(path, source).map(([mountPath, of]) => (container: Fields) => {
        return [
          { ...container, volumeMounts: [{ name: 'v', mountPath }] },
          { volumes: [{ name: 'v', ...of }] },
        ] as const;
      }),
    );
    fc.assert(
      fc.property(admitted, unknown, (container, add) => {
        expect(answerFor(podWith(container, {}), state).allowed).toBe(true);
        const [more, spec] = add(container);
        const inert = list(container.command)[0] === 'sh' && Object.hasOwn(more, 'volumeMounts');
        // A shell that only sleeps reads no volume.
        if (!inert) expect(answerFor(podWith(more, spec), state).allowed).toBe(false);
      }),
      { numRuns: 600 },
    );
  });
});
