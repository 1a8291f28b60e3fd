import type { Refused, Sample } from '../sample.ts';
import { BATCH } from './batch.ts';
import { AROUND, CORE } from './core.ts';
import { FLAGS } from './flags.ts';
import { PROGRAM_LINES, UNTOLD, UNTOLD_FIELDS } from './programs.ts';
import { SERVING } from './serving.ts';

/** Objects of every kind, each naming one model. */
export const SAMPLES: readonly Sample[] = [...CORE, ...AROUND, ...SERVING, ...BATCH, ...PROGRAM_LINES, ...FLAGS];
export const REFUSED: readonly Refused[] = [...UNTOLD, ...UNTOLD_FIELDS];
