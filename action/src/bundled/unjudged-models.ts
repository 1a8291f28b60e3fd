import { leaveUnjudged, type ScanContext, type ScanTarget } from '../../../src/scan/scanner/index.ts';

// Stands in for the readers of R and of Torch7, for which the bundle has no room: such files are not assessed, which no policy takes for clean.

function judgeNothing({ source, format }: ScanTarget, context: ScanContext): Promise<void> {
  leaveUnjudged(
    context,
    `format.${format.id}.scan`,
    `The GitHub Action does not judge files of this kind (${format.title}); assay scan does.`,
  );
  context.cover(0, source.size, 'opaque', 'not judged by the GitHub Action');
  return Promise.resolve();
}

export const judgeRds = judgeNothing;
export const judgeTorch7 = judgeNothing;
