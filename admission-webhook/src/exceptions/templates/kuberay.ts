// Written by fixtures/make/operators/templates.py.
import type { ExceptionTemplate } from './template.ts';

export const KUBERAY: ExceptionTemplate = {
  id: 'kuberay',
  release: 'KubeRay 1.5.0',
  accepts: 'Ray runs the code, and loads the models, that jobs and Serve applications name',
  told: [
    {
      command: ['/bin/bash', '-c', '--'],
      args: [
        'ulimit -n 65536; ray start --head  --block  --dashboard-agent-listen-port={number}  --dashboard-host=0.0.0.0  --memory={number}  --metrics-export-port={number}  --num-cpus={number} ',
      ],
      env: [
        { name: 'RAY_CLUSTER_NAME', from: 'pod', field: "metadata.labels['ray.io/cluster']" },
        { name: 'RAY_CLOUD_INSTANCE_ID', from: 'pod', field: 'metadata.name' },
        { name: 'RAY_NODE_TYPE_NAME', from: 'pod', field: "metadata.labels['ray.io/group']" },
        {
          name: 'KUBERAY_GEN_RAY_START_CMD',
          value:
            'ray start --head  --block  --dashboard-agent-listen-port={number}  --dashboard-host=0.0.0.0  --memory={number}  --metrics-export-port={number}  --num-cpus={number} ',
        },
        { name: 'RAY_PORT', value: '{number}' },
        { name: 'RAY_ADDRESS', value: '{host:port}' },
        { name: 'RAY_USAGE_STATS_KUBERAY_IN_USE', value: '1' },
        { name: 'RAY_USAGE_STATS_EXTRA_TAGS', value: 'kuberay_version=v1.5.0;kuberay_crd={name}' },
        { name: 'RAY_DASHBOARD_ENABLE_K8S_DISK_USAGE', value: '1' },
      ],
      envFrom: [],
      mounts: [{ path: '/dev/shm', source: 'empty' }],
      workingDir: null,
      hooks: [
        [
          'bash',
          '-c',
          'wget --tries 1 -T 2 -q -O- http://localhost:52365/api/local_raylet_healthz | grep success && wget --tries 1 -T 10 -q -O- http://localhost:8265/api/gcs_healthz | grep success',
        ],
      ],
    },
    {
      command: ['/bin/bash', '-c', '--'],
      args: [
        '\n\t\t\t\t\tSECONDS=0\n\t\t\t\t\twhile true; do\n\t\t\t\t\t\tif (( SECONDS <= 120 )); then\n\t\t\t\t\t\t\tif ray health-check --address {host:port} > /dev/null 2>&1; then\n\t\t\t\t\t\t\t\techo "GCS is ready."\n\t\t\t\t\t\t\t\tbreak\n\t\t\t\t\t\t\tfi\n\t\t\t\t\t\t\techo "$SECONDS seconds elapsed: Waiting for GCS to be ready."\n\t\t\t\t\t\telse\n\t\t\t\t\t\t\tif ray health-check --address {host:port}; then\n\t\t\t\t\t\t\t\techo "GCS is ready. Any error messages above can be safely ignored."\n\t\t\t\t\t\t\t\tbreak\n\t\t\t\t\t\t\tfi\n\t\t\t\t\t\t\techo "$SECONDS seconds elapsed: Still waiting for GCS to be ready. For troubleshooting, refer to the FAQ at https://docs.ray.io/en/master/cluster/kubernetes/troubleshooting.html."\n\t\t\t\t\t\tfi\n\t\t\t\t\t\tsleep 5\n\t\t\t\t\tdone\n\t\t\t\t',
      ],
      env: [
        { name: 'FQ_RAY_IP', value: '{host:port}' },
        { name: 'RAY_IP', value: '{name}' },
      ],
      envFrom: [],
      mounts: [],
      workingDir: null,
      hooks: [],
    },
    {
      command: ['/bin/bash', '-c', '--'],
      args: [
        'ulimit -n 65536; ray start  --address={host:port}  --block  --dashboard-agent-listen-port={number}  --memory={number}  --metrics-export-port={number}  --num-cpus={number} ',
      ],
      env: [
        { name: 'FQ_RAY_IP', value: '{host:port}' },
        { name: 'RAY_IP', value: '{name}' },
        { name: 'RAY_CLUSTER_NAME', from: 'pod', field: "metadata.labels['ray.io/cluster']" },
        { name: 'RAY_CLOUD_INSTANCE_ID', from: 'pod', field: 'metadata.name' },
        { name: 'RAY_NODE_TYPE_NAME', from: 'pod', field: "metadata.labels['ray.io/group']" },
        {
          name: 'KUBERAY_GEN_RAY_START_CMD',
          value:
            'ray start  --address={host:port}  --block  --dashboard-agent-listen-port={number}  --memory={number}  --metrics-export-port={number}  --num-cpus={number} ',
        },
        { name: 'RAY_PORT', value: '{number}' },
        { name: 'RAY_ADDRESS', value: '{host:port}' },
        { name: 'RAY_USAGE_STATS_KUBERAY_IN_USE', value: '1' },
        { name: 'RAY_DASHBOARD_ENABLE_K8S_DISK_USAGE', value: '1' },
      ],
      envFrom: [],
      mounts: [{ path: '/dev/shm', source: 'empty' }],
      workingDir: null,
      hooks: [
        ['bash', '-c', 'wget --tries 1 -T 2 -q -O- http://localhost:52365/api/local_raylet_healthz | grep success'],
      ],
    },
    {
      command: ['/bin/bash', '-c', '--'],
      args: [
        'ulimit -n 65536; ray start --head  --block  --dashboard-agent-listen-port={number}  --dashboard-host=0.0.0.0  --memory={number}  --metrics-export-port={number}  --num-cpus={number}  --num-gpus={number} ',
      ],
      env: [
        { name: 'RAY_CLUSTER_NAME', from: 'pod', field: "metadata.labels['ray.io/cluster']" },
        { name: 'RAY_CLOUD_INSTANCE_ID', from: 'pod', field: 'metadata.name' },
        { name: 'RAY_NODE_TYPE_NAME', from: 'pod', field: "metadata.labels['ray.io/group']" },
        {
          name: 'KUBERAY_GEN_RAY_START_CMD',
          value:
            'ray start --head  --block  --dashboard-agent-listen-port={number}  --dashboard-host=0.0.0.0  --memory={number}  --metrics-export-port={number}  --num-cpus={number}  --num-gpus={number} ',
        },
        { name: 'RAY_PORT', value: '{number}' },
        { name: 'RAY_ADDRESS', value: '{host:port}' },
        { name: 'RAY_USAGE_STATS_KUBERAY_IN_USE', value: '1' },
        { name: 'RAY_USAGE_STATS_EXTRA_TAGS', value: 'kuberay_version=v1.5.0;kuberay_crd={name}' },
        { name: 'RAY_DASHBOARD_ENABLE_K8S_DISK_USAGE', value: '1' },
      ],
      envFrom: [],
      mounts: [{ path: '/dev/shm', source: 'empty' }],
      workingDir: null,
      hooks: [
        [
          'bash',
          '-c',
          'wget --tries 1 -T 2 -q -O- http://localhost:52365/api/local_raylet_healthz | grep success && wget --tries 1 -T 10 -q -O- http://localhost:8265/api/gcs_healthz | grep success',
        ],
      ],
    },
    {
      command: ['/bin/bash', '-c', '--'],
      args: [
        'ulimit -n 65536; ray start  --address={host:port}  --block  --dashboard-agent-listen-port={number}  --memory={number}  --metrics-export-port={number}  --num-cpus={number}  --num-gpus={number} ',
      ],
      env: [
        { name: 'FQ_RAY_IP', value: '{host:port}' },
        { name: 'RAY_IP', value: '{name}' },
        { name: 'RAY_CLUSTER_NAME', from: 'pod', field: "metadata.labels['ray.io/cluster']" },
        { name: 'RAY_CLOUD_INSTANCE_ID', from: 'pod', field: 'metadata.name' },
        { name: 'RAY_NODE_TYPE_NAME', from: 'pod', field: "metadata.labels['ray.io/group']" },
        {
          name: 'KUBERAY_GEN_RAY_START_CMD',
          value:
            'ray start  --address={host:port}  --block  --dashboard-agent-listen-port={number}  --memory={number}  --metrics-export-port={number}  --num-cpus={number}  --num-gpus={number} ',
        },
        { name: 'RAY_PORT', value: '{number}' },
        { name: 'RAY_ADDRESS', value: '{host:port}' },
        { name: 'RAY_USAGE_STATS_KUBERAY_IN_USE', value: '1' },
        { name: 'RAY_DASHBOARD_ENABLE_K8S_DISK_USAGE', value: '1' },
      ],
      envFrom: [],
      mounts: [{ path: '/dev/shm', source: 'empty' }],
      workingDir: null,
      hooks: [
        ['bash', '-c', 'wget --tries 1 -T 2 -q -O- http://localhost:52365/api/local_raylet_healthz | grep success'],
      ],
    },
  ],
};
