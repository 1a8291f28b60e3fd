import { ACCURACY } from './accuracy.ts';
import { ADVERSARIAL, HOTFLIP } from './adversarial/index.ts';
import { GRAPH_AUDIT, STRIP, TOKEN_TRIGGER_SEARCH, TRIGGER_SEARCH, WEIGHT_DIFFERENCE } from './backdoor/index.ts';
import { CORRUPTION } from './corruption.ts';
import { DETERMINISM } from './determinism.ts';
import { DIRECTION } from './direction.ts';
import { ENVELOPE } from './envelope.ts';
import { IBP } from './ibp.ts';
import { INVARIANCE } from './invariance.ts';
import type { TestKind } from './kind.ts';
import { ANSWERS, GENERATION, LEAK, REFUSAL, TRIGGER_PHRASE } from './language/index.ts';
import { OUTPUTS } from './outputs.ts';
import { INVERSION, MEMBERSHIP } from './privacy/index.ts';
import { RANGE } from './range.ts';
import { RANKING } from './ranking.ts';
import { SMOOTHING } from './smoothing.ts';
import { TEXT_EDITS } from './text-edits.ts';
import { EXTRACTION, QUERY_LOG, WATERMARK } from './theft/index.ts';

/** Every kind of test that a suite can name. */
export const TEST_KINDS: readonly TestKind[] = [
  OUTPUTS,
  ACCURACY,
  RANKING,
  RANGE,
  DETERMINISM,
  INVARIANCE,
  DIRECTION,
  ENVELOPE,
  ADVERSARIAL,
  MEMBERSHIP,
  INVERSION,
  EXTRACTION,
  QUERY_LOG,
  WATERMARK,
  GRAPH_AUDIT,
  WEIGHT_DIFFERENCE,
  TRIGGER_SEARCH,
  TOKEN_TRIGGER_SEARCH,
  STRIP,
  CORRUPTION,
  TEXT_EDITS,
  HOTFLIP,
  SMOOTHING,
  IBP,
  GENERATION,
  ANSWERS,
  REFUSAL,
  LEAK,
  TRIGGER_PHRASE,
];
