import { renameSync, writeFileSync } from 'node:fs';
import { denied, signed } from '../../snapshot/samples.ts';
import { approved, RECORDED, recorded, reviewOf, sha256 } from '../decide/support.ts';
import { type Reply, reviewed } from './ground.ts';

const COMMIT = 'c'.repeat(40);
const DAY_MS = 86_400_000;

/** In an odd version `day` is approved and `night` denied, in an even one the reverse; `always` and `never` do not change. */
export async function writeSnapshot(snapshotFile: string, version: number): Promise<void> {
  const ref = (name: string) => `hf://acme/${name}@${COMMIT}`;
  const no = (name: string) => denied({ model: `acme/${name}`, digest: sha256(name), refs: [ref(name)] });
  const yes = (name: string) => approved(ref(name));
  const entries = [
    yes('always'),
    no('never'),
    ...(version % 2 === 1 ? [yes('day'), no('night')] : [no('day'), yes('night')]),
  ];
  const now = Date.now();
  const at = (time: number) => `${new Date(time).toISOString().slice(0, 19)}Z`;
  const bytes = await signed({ version, issued: at(now), expires: at(now + DAY_MS), entries });
  writeFileSync(`${snapshotFile}.new`, bytes);
  renameSync(`${snapshotFile}.new`, snapshotFile);
}

export interface Question {
  readonly body: Buffer;
  readonly uid: string;
  /** The expected answer from a version; `undefined`: the same from all versions, once it was answered. */
  readonly expected: ((version: number) => boolean) | undefined;
  readonly name: string;
}

export function questions(): readonly Question[] {
  const models: Record<string, (version: number) => boolean> = {
    always: () => true,
    never: () => false,
    unknown: () => false,
    day: (version) => version % 2 === 1,
    night: (version) => version % 2 === 0,
  };
  const asked = Object.entries(models).map(([name, expected]): Question => {
    const args = ['--model', `acme/${name}`, '--revision', COMMIT];
    const containers = [{ name: 'server', image: 'vllm/vllm-openai', args }];
    const pod = { apiVersion: 'v1', kind: 'Pod', metadata: { name }, spec: { containers } };
    return { name, expected, uid: `uid-of-${name}`, body: reviewOf(pod, { uid: `uid-of-${name}` }) };
  });
  const real = RECORDED.map((name): Question => {
    const body = recorded(name);
    return { name, expected: undefined, uid: JSON.parse(body.toString('utf8')).request.uid, body };
  });
  return [...asked, ...asked, ...asked, ...real];
}

/** Compares answers with their requests. `wrong` lists each answer that differs from what its version requires. */
export class AnswerCheck {
  readonly wrong: string[] = [];
  readonly #others = new Map<string, string>();

  /** The number of requests whose answer is the same from all versions. */
  get same(): number {
    return this.#others.size;
  }

  /** @returns the version of the snapshot that the answer names */
  check({ expected, uid, name }: Question, reply: Reply): number {
    const response = reviewed(reply);
    if (response.uid !== uid) this.wrong.push(`${name}: the uid of another`);
    const version = Number(response.auditAnnotations?.snapshot);
    if (expected !== undefined && response.allowed !== expected(version))
      this.wrong.push(`${name}: ${response.allowed} from version ${version}`);
    if (expected === undefined) {
      const { auditAnnotations, ...rest } = response;
      const text = JSON.stringify([rest, { ...auditAnnotations, snapshot: '' }]);
      if ((this.#others.get(name) ?? text) !== text) this.wrong.push(`${name}: another answer than before`);
      this.#others.set(name, text);
    }
    return version;
  }
}
