import { testFamily } from './cases.ts';

testFamily('svm');
