import { stringify } from 'yaml';
import type { ToldPattern } from '../../../src/workload/posture/exceptions/index.ts';

/** An exception to be reviewed: who owns it, why, and until when is for people to say. */
export interface WrittenException {
  readonly id: string;
  /** `sha256:<hex>`, or `null` where the object names none by its digest. */
  readonly image: string | null;
  readonly told: readonly ToldPattern[];
  readonly namespaces: readonly string[];
  readonly containers: readonly string[];
}

/** `spec.exceptions` of an AdmissionConfig. */
export function exceptionsYaml(exceptions: readonly WrittenException[]): string {
  const items = exceptions.map(({ id, image, told, namespaces, containers }) => ({
    id,
    owner: OWNER,
    reason: REASON,
    expires: EXPIRES,
    images: image === null ? [] : [image],
    told: told.map(toldItem),
    ...(namespaces.length === 0 ? {} : { namespaces }),
    ...(containers.length === 0 ? {} : { containers }),
  }));
  return stringify(
    { exceptions: items },
    { lineWidth: 0, aliasDuplicateObjects: false, defaultStringType: 'QUOTE_DOUBLE' },
  );
}

/** Placeholders that no configuration is read with. */
const OWNER = '';
const REASON = '';
const EXPIRES = '';

function toldItem({ command, args, env, envFrom, mounts, workingDir, hooks }: ToldPattern): object {
  return {
    ...(command === null ? {} : { command }),
    ...(args === null ? {} : { args }),
    ...(env.length === 0 ? {} : { env }),
    ...(envFrom.length === 0 ? {} : { envFrom: envFrom.map(({ kind, name }) => ({ [kind]: name })) }),
    ...(mounts.length === 0 ? {} : { mounts }),
    ...(workingDir === null ? {} : { workingDir }),
    ...(hooks.length === 0 ? {} : { hooks }),
  };
}
