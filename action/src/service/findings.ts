import type { Finding } from '../../../src/core/assessment/index.ts';
import { withHint } from '../../../src/core/index.ts';
import { CHANGE_RULES } from '../../../src/scan/rules/index.ts';
import { changeFinding } from '../change/index.ts';
import type { ServiceDecision } from './decision-service.ts';

/** Where a person is led to. */
interface Spot {
  readonly file: string;
  readonly line?: number;
}

/** What the service says of an artifact, as findings of the change. @param spotsOf the places of some files of the artifact */
export function serviceFindings(
  { service, assessment }: ServiceDecision,
  spotsOf: (paths: readonly string[]) => readonly Spot[],
): readonly Finding[] {
  if (service.kind === 'answered') {
    return service.denials.flatMap(({ about, paths, why }) =>
      spotsOf(paths).map(({ file, line }) =>
        changeFinding(
          CHANGE_RULES.serviceDenied,
          file,
          `${about} is denied by ${service.by}: ${why}`,
          `${about} ${why}`,
          line,
        ),
      ),
    );
  }
  if (service.kind !== 'unknown') return [];
  const { artifact, files } = assessment;
  return spotsOf(files.map(({ path }) => path).slice(0, 1)).map(({ file, line }) => {
    const message = `${service.by} does not know ${artifact.pinned === '.' ? 'the model files of the change' : artifact.pinned}: the policy of this run alone decided.`;
    return changeFinding(CHANGE_RULES.serviceUnknown, file, message, artifact.pinned, line);
  });
}

/** What there is to say when the service was not asked. */
export function unavailableFinding({ service }: ServiceDecision, { file, line }: Spot): Finding | undefined {
  if (service.kind !== 'unavailable') return undefined;
  const { error } = service;
  const subject = error.subject === undefined ? '' : `${error.subject} `;
  const message = `the service of the organisation gave no decision: ${subject}${withHint(error)}`;
  return changeFinding(CHANGE_RULES.serviceUnavailable, file, message, '', line);
}
