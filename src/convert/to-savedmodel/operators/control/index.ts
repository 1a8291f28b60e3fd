import type { OperatorFamily } from '../../call/index.ts';
import { tfChoice } from './choice.ts';
import { loop } from './loop.ts';

export const CONTROL: OperatorFamily = { If: tfChoice, Loop: loop };
