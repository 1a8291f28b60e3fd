import { testLibrary } from './cases.ts';

testLibrary('catboost');
