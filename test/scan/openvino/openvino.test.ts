import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { openvinoScanner } from '../../../src/scan/openvino/scanner.ts';
import { SCANNERS } from '../../../src/scan/scanners.ts';
import { scanBytes } from '../../support/scan-bytes.ts';

const FOLDER = 'fixtures/openvino';

async function scan(bytes: Uint8Array | string, file = 'd/model.xml') {
  const given = typeof bytes === 'string' ? Buffer.from(bytes) : bytes;
  const { verdict, format, context } = await scanBytes(given, file, SCANNERS, true);
  return { verdict, format: format.id, rules: [...new Set(context.ruleIds())].sort(), context };
}

const layer = (type: string, set = 'opset1', more = '', id = 7) =>
  `<layer id="${id}" name="l" type="${type}" version="${set}">${more}</layer>`;
const net = (layers: string, rest = '', version = '11') =>
  `<?xml version="1.0"?>\n<net name="m" version="${version}"><layers>${layer('Parameter', 'opset1', '', 0)}${layers}</layers><edges/>${rest}</net>`;
const constant = (data: string) => layer('Const', 'opset1', `<data ${data}/>`);
const body = (name: string, inner: string) => `<${name}><layers>${inner}</layers></${name}>`;

describe('a real OpenVINO model', () => {
  it.each([
    ['network', 240],
    ['loop', 13],
    ['stateful', 16],
  ])('%s is clean, and has its constants in the file beside it', async (name, size) => {
    const { verdict, format, rules, context } = await scan(readFileSync(`${FOLDER}/${name}.xml`), `d/${name}.xml`);
    expect({ verdict, format, rules }).toEqual({ verdict: 'clean', format: 'openvino', rules: [] });
    expect(context.referred).toMatchObject([{ path: `d/${name}.bin`, ranges: [{ start: 0, end: size }] }]);
  });
});

const CUSTOM = 'openvino.custom-code';
const UNLISTED = 'openvino.unlisted-operator';
const DATA = 'openvino.data-file';
const STRUCTURE = 'openvino.structure';
const HIDDEN = 'openvino.hidden-content';

type Case = readonly [title: string, document: string, verdict: string, rule: string];
const hostile: readonly Case[] = [
  ['an operation of a library', net(layer('EvilOp', 'extension')), 'suspicious', CUSTOM],
  ['an operation of a set of its own', net(layer('Add', 'my_opset')), 'suspicious', CUSTOM],
  ['an operation without a set', net(layer('Add', '')), 'suspicious', CUSTOM],
  ['an operation that no set has', net(layer('EvilOp')), 'suspicious', UNLISTED],
  ['a listed name in another case', net(layer('add')), 'suspicious', UNLISTED],
  ['a name that ends in a blank', net(layer('Add ')), 'suspicious', UNLISTED],
  ['a name as a reference', net(layer('&#69;vil')), 'suspicious', UNLISTED],
  ['an operation of tokenizers in a standard set', net(layer('BPETokenizer')), 'suspicious', UNLISTED],
  [
    'an operation in the body of a loop',
    net(layer('Loop', 'opset5', body('body', layer('Evil')))),
    'suspicious',
    UNLISTED,
  ],
  [
    'an operation in a branch',
    net(layer('If', 'opset8', body('else_body', layer('E', 'extension')))),
    'suspicious',
    CUSTOM,
  ],
  [
    'an operation in a body of a body',
    net(layer('Loop', 'opset5', body('body', layer('If', 'opset8', body('then_body', layer('Evil')))))),
    'suspicious',
    UNLISTED,
  ],
  [
    'a constant of other bytes than its shape',
    net(constant('element_type="f32" shape="2, 2" offset="0" size="15"')),
    'suspicious',
    DATA,
  ],
  [
    'a constant of a negative place',
    net(constant('element_type="f32" shape="1" offset="-4" size="4"')),
    'suspicious',
    DATA,
  ],
  [
    'a constant of a place that wraps',
    net(constant('element_type="f32" shape="1" offset="18446744073709551615" size="4"')),
    'suspicious',
    DATA,
  ],
  ['a constant without a place', net(constant('element_type="f32" shape="1"')), 'suspicious', DATA],
  [
    'a constant of an unknown type',
    net(constant('element_type="object" shape="1" offset="0" size="8"')),
    'suspicious',
    DATA,
  ],
  [
    'a constant of too many elements',
    net(constant('element_type="f32" shape="99999999,99999999" offset="0" size="4"')),
    'suspicious',
    DATA,
  ],
  ['two layers of one number', net(layer('Add') + layer('Add')), 'suspicious', STRUCTURE],
  [
    'a document type',
    `<!DOCTYPE net [<!ENTITY x SYSTEM "file:///etc/passwd">]>${net('&x;').slice(22)}`,
    'suspicious',
    STRUCTURE,
  ],
  ['a document type and nothing else', `<!DOCTYPE x><net version="11"><layers/></net>`, 'suspicious', STRUCTURE],
  ['an entity', net('<a>&evil;</a>'), 'suspicious', STRUCTURE],
  ['a section of characters', net('<![CDATA[<layer type="Evil"/>]]>'), 'suspicious', STRUCTURE],
  ['an instruction', net('<?php echo 1 ?>'), 'suspicious', STRUCTURE],
  ['an attribute twice', net('<layer id="1" type="Add" type="Evil" version="opset1"/>'), 'suspicious', STRUCTURE],
  ['a second root', `${net('')}<net version="11"/>`, 'suspicious', STRUCTURE],
  ['text behind it', `${net('')}os.system()`, 'suspicious', STRUCTURE],
  ['an end too early', net('').slice(0, -7), 'suspicious', STRUCTURE],
  ['a value without quotes', net('<layer id=1 type="Evil" version="opset1"/>'), 'suspicious', STRUCTURE],
  [
    'a script in its notes',
    net('', '<rt_info><a value="&lt;script>alert(1)&lt;/script>"/></rt_info>'),
    'suspicious',
    HIDDEN,
  ],
  ['a call in its notes', net('', `<rt_info><a>__import__('os')</a></rt_info>`), 'suspicious', HIDDEN],
  [
    'a chat template that reaches Python',
    net('', `<rt_info><chat_template value="{{ ''.__class__.__mro__[1].__subclasses__() }}"/></rt_info>`),
    'malicious',
    'template.reaches-objects',
  ],
];

describe('an OpenVINO model with', () => {
  it.each(hostile)('%s is found', async (_, document, verdict, rule) => {
    const scanned = await scan(document);
    expect(scanned).toMatchObject({ format: 'openvino', verdict });
    expect(scanned.rules).toContain(rule);
  });

  it.each(['BPETokenizer', 'StringTensorPack', 'RegexSplit'])(
    'the operation %s of its tokenizers is clean',
    async (type) => {
      const set = type === 'StringTensorPack' ? 'opset15' : 'extension';
      expect(await scan(net(layer(type, set)))).toMatchObject({ verdict: 'clean', rules: [] });
    },
  );

  it.each([
    ['an older format', net('', '', '7')],
    ['a newer format', net('', '', '12')],
    ['no version', net('', '', '')],
    ['a newer operation set', net(layer('Add', 'opset18'))],
  ])('%s is not assessed', async (_, document) => {
    const { verdict, context } = await scan(document);
    expect({ verdict, check: context.checks[0]?.id }).toEqual({
      verdict: 'not-assessed',
      check: 'format.openvino.version',
    });
  });

  it('a long comment before it is not taken for a document of nothing', async () => {
    const { verdict } = await scan(`<?xml version="1.0"?><!--${' '.repeat(100_000)}-->${net(layer('Evil')).slice(22)}`);
    expect(verdict).toBe('not-assessed');
  });

  it('a comment before it, or a mark of its encoding, is judged', async () => {
    const evil = net(layer('Evil'));
    for (const document of [
      evil.replace('<net', '<!-- net --><net'),
      `\ufeff${evil}`,
      evil.replace('name="m"', 'name="a>b"'),
    ])
      expect(await scan(document)).toMatchObject({ verdict: 'suspicious', format: 'openvino' });
  });

  it('deep nesting is unknown', async () => {
    const deep = `${'<a>'.repeat(200)}${'</a>'.repeat(200)}`;
    expect((await scan(net('', deep))).verdict).toBe('unknown');
  });

  it('any edit gives a verdict', async () => {
    const document = readFileSync(`${FOLDER}/loop.xml`);
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.nat(), fc.integer({ min: 9, max: 126 })), { maxLength: 5 }),
        async (edits) => {
          const changed = Buffer.from(document);
          for (const [at, value] of edits) changed[at % changed.length] = value;
          await scanBytes(changed, 'm.xml', [openvinoScanner]);
        },
      ),
      { numRuns: 200 },
    );
  });
});
