import { testFamily } from './cases.ts';

testFamily('preprocessing');
