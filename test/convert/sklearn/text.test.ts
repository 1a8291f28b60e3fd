import { testFamily } from './cases.ts';

testFamily('text');
