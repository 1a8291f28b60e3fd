// Written by fixtures/make/operators/templates.py.
import type { ExceptionTemplate } from './template.ts';

export const LWS: ExceptionTemplate = {
  id: 'lws',
  release: 'LeaderWorkerSet 0.9.0, its example of vLLM',
  accepts: 'Ray runs the code that the leader sends to its workers',
  told: [
    {
      command: [
        'sh',
        '-c',
        'bash /vllm-workspace/examples/online_serving/multi-node-serving.sh leader --ray_cluster_size=$(LWS_GROUP_SIZE); {=server}',
      ],
      args: null,
      env: [{ name: 'HF_TOKEN', from: 'secret' }],
      envFrom: [],
      mounts: [{ path: '/dev/shm', source: 'empty' }],
      workingDir: null,
      hooks: [],
    },
    {
      command: [
        'sh',
        '-c',
        'bash /vllm-workspace/examples/online_serving/multi-node-serving.sh worker --ray_address=$(LWS_LEADER_ADDRESS)',
      ],
      args: null,
      env: [{ name: 'HF_TOKEN', from: 'secret' }],
      envFrom: [],
      mounts: [{ path: '/dev/shm', source: 'empty' }],
      workingDir: null,
      hooks: [],
    },
  ],
};
