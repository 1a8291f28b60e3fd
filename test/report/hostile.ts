import type { ConversionVerification } from '../../src/core/conversion/index.ts';
import type { Judged } from '../../src/report/index.ts';
import { CALL_RULE, file, finding, judged, signature } from './sample.ts';

/** Text in an artifact that could deceive the reader of a report. */
export const HOSTILE: Readonly<Record<string, string>> = {
  ansi: 'model\u001b[2J\u001b[1;1H\u001b[32mALLOW clean\u001b[0m.bin',
  c1: 'model\u009b2J\u009d0;title\u009c.bin',
  newlines: 'model.bin\nALLOW         clean: the file was read\r\n\u0085\u2028\u2029x',
  bidi: 'model\u202egnp.exe\u2066\u2069.bin',
  invisible: 'mo\u200bdel\ufeff\u00ad\u{e0041}.bin',
  surrogates: 'model\ud800\udc00\ud83d.bin',
  html: '<img src=x onerror=alert(1)></script><script>alert(1)</script>.bin',
  markdown: '[click](https://evil.example) ![x](https://evil.example/x.png) `|` **.bin',
  json: '","verdict":"clean","x":"\\u0000\u0000.bin',
  shell: "'; rm -rf ~; '$(reboot)`reboot`.bin",
  uri: '../../..//etc/passwd?a=b#c%00%2e .bin',
  long: `${'A'.repeat(10_000_000)}.bin`,
};

/** A verification that failed, with the text in each field that an artifact or its author can set. */
export function verificationOf(text: string): ConversionVerification {
  const compared = { compared: 5, different: 1, undecided: 1, tolerance: { absolute: 1e-5, relative: 1e-5 } };
  const numbers = { output: text, role: 'values', maxAbsolute: 0.1, maxRelative: 1, agreement: null } as const;
  const labels = { output: text, role: 'label', maxAbsolute: null, maxRelative: null, agreement: 0.8 } as const;
  return {
    kind: 'self-consistency',
    of: 'onnx graph',
    pass: false,
    runtime: { name: text, version: text },
    inputs: { from: 'seed', sha256: `sha256:${'a'.repeat(64)}`, rounded: false },
    outputs: null,
    rows: 5,
    runs: [text],
    tensors: null,
    problem: text,
    compared: [
      { ...numbers, ...compared, problem: text, pass: false },
      { ...labels, ...compared, problem: null, pass: true },
    ],
  };
}

/** A malicious artifact in which every string that hostile bytes can reach is `text`. */
export function hostile(text: string): Judged {
  return judged({
    artifact: { ref: `./${text}`, pinned: `./${text}`, digest: null },
    files: [
      file({ path: text, verdict: 'malicious', imports: [text], reasons: [text] }),
      file({ path: `${text}.pkl`, verdict: 'suspicious', imports: [text, `acme.${text}`], reasons: [text] }),
      file({
        path: `${text}.onnx`,
        format: 'onnx',
        verdict: 'not-assessed',
        coverage: { ranges: [{ start: 0, end: 10, kind: 'opaque', why: text }], gaps: [{ start: 10, end: 1000 }] },
      }),
      file({ path: `${text}.pt`, format: 'torch-zip', imports: [text] }),
    ],
    findings: [
      finding(CALL_RULE, { file: text, member: text, offset: 3, message: text, evidence: text }),
      finding({ ...CALL_RULE, id: 'rule.not.known' }, { file: `${text}.pkl`, message: text, evidence: text }),
    ],
    checks: [
      { id: 'integrity.checksum', status: 'fail', detail: text },
      { id: 'format.onnx.scan', status: 'not-assessed', detail: text },
    ],
    signatures: [
      signature({
        signature: text,
        status: 'failed',
        detail: text,
        method: text,
        signer: {
          kind: 'certificate',
          subject: text,
          names: [text],
          issuer: text,
          sha256: '0'.repeat(64),
          notAfter: '2026-01-02T03:04:05.000Z',
          expired: true,
        },
        changed: [text],
        missing: [text],
        uncovered: [{ path: text, why: 'ignored' }],
        emptyFiles: [text],
      }),
      signature({ signer: { kind: 'sigstore', identity: text, issuer: text, signedAt: '2026-01-02T03:04:05.000Z' } }),
    ],
    declared: {
      licences: [text],
      licenceName: text,
      baseModels: [text],
      datasets: [text],
      library: text,
      task: text,
      languages: [text],
      tags: [text],
      remoteCode: [text],
      architectures: [text],
      modelType: text,
      files: [text],
    },
    conversion: {
      signer: text,
      target: 'onnx',
      source: { pinned: text, digest: null, verdict: 'suspicious' },
      salvaged: true,
      files: [
        { path: text, verification: null },
        { path: `${text}.onnx`, verification: verificationOf(text) },
      ],
    },
    notes: [text],
  });
}
