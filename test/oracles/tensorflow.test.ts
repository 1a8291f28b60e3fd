import { testTensorflowModels } from './tensorflow/models.ts';

testTensorflowModels(4, 10);
