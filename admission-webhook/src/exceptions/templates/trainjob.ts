// Written by fixtures/make/operators/templates.py.
import type { ExceptionTemplate } from './template.ts';

export const TRAINJOB: ExceptionTemplate = {
  id: 'trainjob',
  release: 'Kubeflow SDK 0.5.0',
  accepts: 'the code loads what it names: it stands in the exception, word for word',
  told: [
    {
      command: [
        'bash',
        '-c',
        '\nread -r -d \'\' SCRIPT << EOM\n\n{=code}\nEOM\nprintf "%s" "$SCRIPT" > "{=file}"\n{=entrypoint} "{=file}"',
      ],
      args: null,
      env: [],
      envFrom: [],
      mounts: [],
      workingDir: null,
      hooks: [],
    },
  ],
};
