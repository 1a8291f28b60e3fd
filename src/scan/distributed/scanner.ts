import type { Scanner } from '../scanner/index.ts';
import { PLACE_ODD, PLACE_OUTSIDE } from './rules.ts';

/** The metadata of a checkpoint of torch.distributed.checkpoint, which is a pickle: where it says that values are. */
export const distributedScanner: Scanner = {
  id: 'distributed-checkpoint',
  formats: ['pickle'],
  rules: [PLACE_OUTSIDE, PLACE_ODD],
  async scanFile(target, context) {
    if (target.member !== undefined || !/(?:^|\/)\.metadata$/.test(target.file)) return;
    const { judgePlaces } = await import('./places.ts');
    await judgePlaces(target, context);
  },
};
