import { surveyOrt } from '../../formats/onnx/survey/index.ts';
import { leaveUnjudged, type ScanContext, type ScanTarget } from '../scanner/index.ts';
import { reportUnlisted } from './judge-operators.ts';
import { firstVersion } from './operators.ts';

/**
 * Judges the operators of a model of ONNX Runtime. It is not assessed even when all are listed: its kernels, plans and tensors are read by
 * native code, and nothing here looks at them.
 */
export async function judgeOrt(target: ScanTarget, context: ScanContext): Promise<void> {
  const { source } = target;
  const uses = await surveyOrt(source, context.budget, context.limits.maxHeaderBytes);
  for (const use of uses) if (firstVersion(use.domain, use.name) === undefined) reportUnlisted(use, context);
  leaveUnjudged(
    context,
    'format.ort.scan',
    'Of a model in the format of ONNX Runtime, only the operators are judged: ask for the ONNX model that it was made from.',
  );
  context.cover(0, source.size, 'opaque', 'a model of ONNX Runtime, of which only the operators are judged');
}
