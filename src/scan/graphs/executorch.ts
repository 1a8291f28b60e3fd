import { quotedName } from '../../core/index.ts';
import { readExecutorch } from '../../formats/executorch/index.ts';
import { judgeBuffers, leaveUnjudged, readOrReport, type ScanContext, type ScanTarget } from '../scanner/index.ts';
import { graphOperator } from './operators.ts';
import { EXECUTORCH_RULES } from './rules.ts';

/** Judges a program of ExecuTorch by its operators; what it leaves to backends is named, and not assessed. */
export async function judgeExecutorch(target: ScanTarget, context: ScanContext): Promise<void> {
  const { source } = target;
  const { budget, limits } = context;
  const { structure, custom, hidden } = EXECUTORCH_RULES;
  const program = await readOrReport(target, context, structure, () =>
    readExecutorch(source, budget, limits.maxHeaderBytes),
  );
  if (program === undefined) return;
  for (const name of new Set(program.operators)) {
    if (graphOperator('executorch', name).kind === 'allowed') continue;
    const message = `The operator ${quotedName(name)} is not one of the kernels of ExecuTorch: the program must bring it.`;
    context.report({ rule: custom, subject: name, message, evidence: name });
  }
  const delegates = [...new Set(program.delegates)].map(quotedName);
  if (delegates.length > 0) {
    const detail = `Parts of the program are left to ${delegates.slice(0, 10).join(', ')}: what these backends are given is not judged.`;
    leaveUnjudged(context, 'format.executorch.delegates', detail);
  }
  const parts = [...program.blobs, ...program.segments];
  const buffers = parts.map(({ start, end }, index) => ({ where: `segment ${index}`, start, end, numbers: true }));
  await judgeBuffers(target, context, hidden, buffers);
  context.cover(0, program.programEnd, 'opaque', 'numbers of tensors, and tables whose operators were all judged');
  context.cover(program.programEnd, source.size, 'opaque', 'segments of the program: numbers, and data of backends');
}
