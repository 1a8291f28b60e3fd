import { readdirSync, readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { plainTextScanner } from '../../../../src/scan/text/plain-text.ts';
import { scanBytes } from '../../../support/scan-bytes.ts';

/** Copied out of published packages by fixtures/make/real_configs.py. */
const FOLDER = 'fixtures/text/real';
const EXPECTED: Readonly<Record<string, string>> = {
  'anemoi_training-0.17.1-log-mlflow.yaml': 'suspicious',
  'anemoi_training-0.17.1-optimizer-zero.yaml': 'suspicious',
  'boltzgen-0.3.2-config-filtering.yaml': 'suspicious',
  'hydra_core-1.3.8-job_logging-default.yaml': 'suspicious',
  'matcha_tts-0.0.7.0-callbacks-model_summary.yaml': 'clean',
  'matcha_tts-0.0.7.0-data-ljspeech.yaml': 'suspicious',
  'matcha_tts-0.0.7.0-logger-mlflow.yaml': 'suspicious',
  'matcha_tts-0.0.7.0-optimizer-adam.yaml': 'clean',
  'spacy-3.8.18-tagger-parser-ner.cfg': 'clean',
  'spacy-3.8.18-textcat.cfg': 'clean',
  'speechbrain-1.1.2-speechbrain-log-config.yaml': 'suspicious',
  'torchtune-0.6.1-llama3_2-1B_lora_single_device.yaml': 'suspicious',
};

it('configurations of published packages have their verdicts, and none is malicious', async () => {
  const found: Record<string, string> = {};
  for (const file of readdirSync(FOLDER)) {
    const bytes = readFileSync(`${FOLDER}/${file}`);
    found[file] = (await scanBytes(bytes, file, [plainTextScanner], true)).verdict;
  }
  expect(found).toEqual(EXPECTED);
});
