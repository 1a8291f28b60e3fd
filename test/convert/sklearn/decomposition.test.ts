import { testFamily } from './cases.ts';

testFamily('decomposition');
