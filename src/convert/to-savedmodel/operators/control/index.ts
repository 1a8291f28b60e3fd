import type { OperatorFamily } from '../../call/index.ts';
import { choice } from './choice.ts';
import { loop } from './loop.ts';

export const CONTROL: OperatorFamily = { If: choice, Loop: loop };
