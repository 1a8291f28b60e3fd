import { testFamily } from './cases.ts';

testFamily('meta');
