import { testFamily } from './cases.ts';

testFamily('compose');
