import { testFamily } from './cases.ts';

testFamily('trees');
