import { testFamily } from './cases.ts';

testFamily('linear');
