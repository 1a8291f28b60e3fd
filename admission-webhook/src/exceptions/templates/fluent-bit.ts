// Written by fixtures/make/operators/templates.py.
import type { ExceptionTemplate } from './template.ts';

export const FLUENT_BIT: ExceptionTemplate = {
  id: 'fluent-bit',
  release: 'the chart fluent-bit 0.58.1',
  accepts: 'its settings are in a ConfigMap, which may name Lua scripts and plug-ins',
  told: [
    {
      command: ['/fluent-bit/bin/fluent-bit'],
      args: ['--workdir=/fluent-bit/etc', '--config=/fluent-bit/etc/conf/fluent-bit.conf'],
      env: [],
      envFrom: [],
      mounts: [
        { path: '/fluent-bit/etc/conf', source: 'settings' },
        { path: '/var/log', source: 'shared' },
        { path: '/var/lib/docker/containers', source: 'shared' },
        { path: '/etc/machine-id', source: 'shared' },
      ],
      workingDir: null,
      hooks: [],
    },
  ],
};
