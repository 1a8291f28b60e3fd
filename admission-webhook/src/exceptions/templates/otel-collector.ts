// Written by fixtures/make/operators/templates.py.
import type { ExceptionTemplate } from './template.ts';

export const OTEL_COLLECTOR: ExceptionTemplate = {
  id: 'otel-collector',
  release: 'the OpenTelemetry operator 0.158.0',
  accepts: 'its settings are in a ConfigMap',
  told: [
    {
      command: null,
      args: ['--config=/conf/collector.yaml'],
      env: [
        { name: 'POD_NAME', from: 'pod', field: 'metadata.name' },
        { name: 'GOMEMLIMIT', from: 'resource' },
        { name: 'GOMAXPROCS', from: 'resource' },
      ],
      envFrom: [],
      mounts: [{ path: '/conf', source: 'settings' }],
      workingDir: null,
      hooks: [],
    },
  ],
};
