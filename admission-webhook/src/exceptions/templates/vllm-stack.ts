// Written by fixtures/make/operators/templates.py.
import type { ExceptionTemplate } from './template.ts';

export const VLLM_STACK: ExceptionTemplate = {
  id: 'vllm-stack',
  release: 'the chart vllm-stack at a6c01db',
  accepts: 'the router loads no model',
  told: [
    {
      command: null,
      args: [
        '--host',
        '0.0.0.0',
        '--port',
        '{number}',
        '--service-discovery',
        'k8s',
        '--k8s-namespace',
        '{name}',
        '--k8s-service-discovery-type',
        'pod-ip',
        '--k8s-label-selector',
        '{=label-selector}',
        '--routing-logic',
        'roundrobin',
        '--engine-stats-interval',
        '{number}',
        '--request-stats-window',
        '{number}',
      ],
      env: [
        { name: 'PYTHONHASHSEED', value: '123' },
        { name: 'LMCACHE_LOG_LEVEL', value: 'INFO' },
      ],
      envFrom: [],
      mounts: [],
      workingDir: null,
      hooks: [],
    },
  ],
};
