import { AssayError } from '../../core/index.ts';
import { PADDLE_PROGRAM, type StreamField, streamFields } from '../../formats/protobuf/index.ts';
import { leaveUnjudged, type ScanContext, type Scanner, type ScanTarget } from '../scanner/index.ts';

interface ModelKind {
  readonly check: string;
  readonly detail: string;
}

const KINDS: ReadonlyMap<string, ModelKind> = new Map([
  [
    PADDLE_PROGRAM.id,
    { check: 'format.paddle.scan', detail: 'A Paddle program may hold custom operations; no scanner judges them yet.' },
  ],
]);

/** Checks that a model written as Protocol Buffers is valid at its top level; no scanner judges its content yet. */
export const protoModelScanner: Scanner = {
  id: 'proto-models',
  formats: [...KINDS.keys()],
  rules: [],
  async scanFile(target, context) {
    const kind = KINDS.get(target.format.id);
    if (kind === undefined) throw new AssayError('internal', `no kind of model for format ${target.format.id}`);
    await walkTop(target, context);
    context.cover(0, target.source.size, 'opaque', 'a message whose fields no scanner judges yet');
    leaveUnjudged(context, kind.check, kind.detail);
  },
};

async function walkTop(target: ScanTarget, context: ScanContext): Promise<StreamField[]> {
  const fields: StreamField[] = [];
  for await (const field of streamFields(target.source, 0, target.source.size, context.limits.maxMembers))
    fields.push(field);
  return fields;
}
