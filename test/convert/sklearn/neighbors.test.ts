import { testFamily } from './cases.ts';

testFamily('neighbors');
