import { testLibrary } from './cases.ts';

testLibrary('lightgbm');
