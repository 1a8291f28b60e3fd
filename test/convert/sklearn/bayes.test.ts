import { testFamily } from './cases.ts';

testFamily('bayes');
