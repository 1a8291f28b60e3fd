import { AssayError } from '../../core/index.ts';
import { formatTime, parseTime } from './time.ts';

/** What an approval approves. */
export interface ApprovedStage {
  /** `production`, `pre-production`: words of small letters and digits. */
  readonly stage: string;
  /** The approval holds until then; for ever, when absent. */
  readonly until?: Date;
}

export const APPROVED_FOR = 'ASSAY_APPROVED_FOR_';

const STAGE = /^[a-z][a-z0-9]*(?:-[a-z0-9]+)*$/;
const MAX_STAGE = 64;
const PROPERTY = /^ASSAY_APPROVED_FOR_([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)*?)(?:_UNTIL_(\d{8}T\d{6}Z))?$/;

export function isStage(stage: string): boolean {
  return stage.length <= MAX_STAGE && STAGE.test(stage) && !stage.split('-').includes('until');
}

/** @throws AssayError `usage` for what is not a stage. */
export function approvalProperty({ stage, until }: ApprovedStage): string {
  if (!isStage(stage)) {
    throw new AssayError('usage', `"${stage}" is not a stage`, {
      hint: 'use lowercase letters, digits and dashes, and not the word "until"',
    });
  }
  const name = `${APPROVED_FOR}${stage.toUpperCase().replaceAll('-', '_')}`;
  return until === undefined ? name : `${name}_UNTIL_${formatTime(until).replace(/[-:]/g, '')}`;
}

/** `undefined` for a property that approves nothing. */
export function parseApprovalProperty(property: string): ApprovedStage | undefined {
  const [, name, end] = PROPERTY.exec(property) ?? [];
  if (name === undefined) return undefined;
  const stage = name.toLowerCase().replaceAll('_', '-');
  if (!isStage(stage)) return undefined;
  if (end === undefined) return { stage };
  const time = parseTime(end.replace(/^(....)(..)(..)T(..)(..)(..)Z$/, '$1-$2-$3T$4:$5:$6Z'));
  return time === undefined ? undefined : { stage, until: new Date(time) };
}

/** What an approval approves: the first of its properties that says so. */
export function approvedBy(properties: readonly string[]): ApprovedStage | undefined {
  for (const property of properties) {
    const approved = parseApprovalProperty(property);
    if (approved !== undefined) return approved;
  }
  return undefined;
}
