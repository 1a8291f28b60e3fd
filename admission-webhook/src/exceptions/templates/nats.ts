// Written by fixtures/make/operators/templates.py.
import type { ExceptionTemplate } from './template.ts';

export const NATS: ExceptionTemplate = {
  id: 'nats',
  release: 'the chart nats 2.14.2',
  accepts: 'its settings are in a ConfigMap',
  told: [
    {
      command: null,
      args: ['--config', '/etc/nats-config/nats.conf'],
      env: [
        { name: 'POD_NAME', from: 'pod', field: 'metadata.name' },
        { name: 'SERVER_NAME', value: '$(POD_NAME)' },
      ],
      envFrom: [],
      mounts: [
        { path: '/etc/nats-config', source: 'settings' },
        { path: '/var/run/nats', source: 'empty' },
      ],
      workingDir: null,
      hooks: [['nats-server', '-sl=ldm=/var/run/nats/nats.pid']],
    },
  ],
};
