import { testTensorflowModels } from '../oracles/tensorflow/models.ts';

testTensorflowModels(60, 30);
