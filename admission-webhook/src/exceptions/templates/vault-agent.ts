// Written by fixtures/make/operators/templates.py.
import type { ExceptionTemplate } from './template.ts';

export const VAULT_AGENT: ExceptionTemplate = {
  id: 'vault-agent',
  release: 'vault-k8s 1.7.6',
  accepts: 'the agent runs the commands that its configuration names: it stands in the exception, word for word',
  told: [
    {
      command: ['/bin/sh', '-ec'],
      args: [
        'echo ${VAULT_CONFIG?} | base64 -d > /home/vault/config.json && vault agent -config=/home/vault/config.json',
      ],
      env: [
        { name: 'NAMESPACE', from: 'pod', field: 'metadata.namespace' },
        { name: 'HOST_IP', from: 'pod', field: 'status.hostIP' },
        { name: 'POD_IP', from: 'pod', field: 'status.podIP' },
        { name: 'VAULT_LOG_LEVEL', value: '{name}' },
        { name: 'VAULT_LOG_FORMAT', value: '{name}' },
        { name: 'VAULT_CONFIG', value: '{=config}' },
      ],
      envFrom: [],
      mounts: [
        { path: '/home/vault', source: 'empty' },
        { path: '/var/run/secrets/kubernetes.io/serviceaccount', source: 'settings' },
        { path: '/vault/secrets', source: 'empty' },
      ],
      workingDir: null,
      hooks: [],
    },
  ],
};
