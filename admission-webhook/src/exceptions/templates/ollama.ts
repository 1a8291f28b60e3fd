// Written by fixtures/make/operators/templates.py.
import type { ExceptionTemplate } from './template.ts';

export const OLLAMA: ExceptionTemplate = {
  id: 'ollama',
  release: 'the chart ollama 1.77.0',
  accepts: 'Ollama loads every model that its API is asked for',
  told: [
    {
      command: null,
      args: null,
      env: [{ name: 'OLLAMA_HOST', value: '{host:port}' }],
      envFrom: [],
      mounts: [{ path: '/root/.ollama', source: 'empty' }],
      workingDir: null,
      hooks: [],
    },
  ],
};
