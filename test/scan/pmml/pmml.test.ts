import { describe, expect, it } from 'vitest';
import { SCANNERS } from '../../../src/scan/scanners.ts';
import { fixtureFiles, scanBytes } from '../../support/scan-bytes.ts';

const MODELS = fixtureFiles('fixtures/pmml');
const HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n';
const BODY = '<Header/><DataDictionary><DataField name="a" optype="continuous" dataType="double"/></DataDictionary>';
const pmml = (inner: string, attributes = 'xmlns="http://www.dmg.org/PMML-4_4" version="4.4"') =>
  `<PMML ${attributes}>${BODY}${inner}</PMML>`;
const apply = (name: string) =>
  `<TransformationDictionary><DerivedField name="d" optype="continuous" dataType="double"><Apply function="${name}"><FieldRef field="a"/></Apply></DerivedField></TransformationDictionary>`;

async function scan(text: string | Uint8Array) {
  const { verdict, context, format } = await scanBytes(Buffer.from(text), 'm.pmml', SCANNERS, true);
  return {
    verdict,
    rules: context.ruleIds(),
    format: context.format ?? format.id,
    checks: context.checks.map(({ id }) => id),
  };
}

describe('a PMML model', () => {
  it.each([...MODELS.keys()])('of a real program is clean: %s', async (name) => {
    expect(await scan(MODELS.get(name) ?? '')).toMatchObject({ verdict: 'clean', rules: [], format: 'pmml' });
  });

  it.each([
    ['without a declaration', pmml('')],
    [
      'with a prefix for its namespace',
      `<p:PMML xmlns:p="http://www.dmg.org/PMML-4_2" version="4.2"><p:Header/></p:PMML>`,
    ],
    ['with a byte order mark', `\ufeff${HEAD}${pmml('')}`],
    ['with a listed function', HEAD + pmml(apply('log10'))],
    [
      'with a function that it defines behind its use',
      HEAD +
        pmml(
          `${apply('twice')}<TransformationDictionary><DefineFunction name="twice" optype="continuous"/></TransformationDictionary>`,
        ),
    ],
    [
      'with a table whose columns have any name',
      HEAD +
        pmml(
          '<TransformationDictionary><InlineTable><row><data:input xmlns:data="http://jpmml.org/jpmml-model/InlineTable">1</data:input><x>2</x></row></InlineTable></TransformationDictionary>',
        ),
    ],
    ['with an extension that holds text', HEAD + pmml('<Extension name="repr" value="x">StandardScaler()</Extension>')],
    ['with references to characters', HEAD + pmml('<Annotation>&lt;b&gt; &#233; &#xe9; &amp;</Annotation>')],
    ['with CDATA and comments', HEAD + pmml('<!-- <script> --><Annotation><![CDATA[<script>]]></Annotation>')],
    [
      'with the place of its schema',
      HEAD +
        pmml(
          '',
          'xmlns="http://www.dmg.org/PMML-4_4" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:schemaLocation="http://www.dmg.org/PMML-4_4 http://www.dmg.org/v4-4/pmml-4-4.xsd" version="4.4"',
        ),
    ],
  ])('%s is clean', async (_, text) => {
    expect(await scan(text)).toMatchObject({ verdict: 'clean', rules: [] });
  });

  it('in Latin-1 is read as it declares', async () => {
    const text = `<?xml version="1.0" encoding="ISO-8859-1"?>${pmml(`<Annotation>${'a'.repeat(6_000)}\u00e9</Annotation>`)}`;
    expect(await scan(Buffer.from(text, 'latin1'))).toMatchObject({ verdict: 'clean' });
  });
});

describe('a PMML model that reaches outside is malicious:', () => {
  it.each([
    ['an external entity', `${HEAD}<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>${pmml('')}`],
    [
      'an external entity with a public name',
      `${HEAD}<!DOCTYPE x [<!ENTITY e PUBLIC "a" "http://a.example/x">]>${pmml('')}`,
    ],
    ['a parameter entity', `${HEAD}<!DOCTYPE x [<!ENTITY % p "x"> %p;]>${pmml('')}`],
    ['a parameter entity behind line ends', `${HEAD}<!DOCTYPE x [\n<!ENTITY\n%\np "x">]>${pmml('')}`],
    ['an external document type', `${HEAD}<!DOCTYPE PMML SYSTEM "http://a.example/x.dtd">${pmml('')}`],
    [
      'an entity that hides behind quotes',
      `${HEAD}<!DOCTYPE x [<!ENTITY a "]>"><!ENTITY e SYSTEM "file:///x">]>${pmml('')}`,
    ],
    ['another file', HEAD + pmml('<xi:include xmlns:xi="http://www.w3.org/2001/XInclude" href="file:///etc/passwd"/>')],
    ['another file, without a prefix', HEAD + pmml('<include xmlns="http://www.w3.org/2001/XInclude" href="x"/>')],
    [
      'another file, within a table',
      HEAD +
        pmml('<InlineTable><row><q:include xmlns:q="http://www.w3.org/2001/XInclude" href="x"/></row></InlineTable>'),
    ],
  ])('%s', async (_, text) => {
    const found = await scan(text);
    expect(found.verdict).toBe('malicious');
    expect(found.rules).toContain('pmml.external-entity');
  });
});

describe('a PMML model is suspicious with', () => {
  it.each([
    ['a document type', `${HEAD}<!DOCTYPE PMML>${pmml('')}`, 'pmml.document-type'],
    [
      'entities that grow',
      `${HEAD}<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>${pmml('')}`,
      'pmml.document-type',
    ],
    ['a style sheet', `${HEAD}<?xml-stylesheet href="x.xsl"?>${pmml('')}`, 'pmml.document-type'],
    ['an entity that is not declared', HEAD + pmml('<Annotation>&e;</Annotation>'), 'pmml.structure'],
    ['a reference to an entity in an attribute', HEAD + pmml('<Extension name="&e;"/>'), 'pmml.structure'],
    ['a Java class as a function', HEAD + pmml(apply('org.jpmml.evaluator.functions.Exec')), 'pmml.unlisted-function'],
    ['a function that nobody defines', HEAD + pmml(apply('run')), 'pmml.unlisted-function'],
    ['a function of PMML in other letters', HEAD + pmml(apply('LOG10')), 'pmml.unlisted-function'],
    [
      'a function of PMML that it defines again',
      HEAD + pmml('<TransformationDictionary><DefineFunction name="log10"/></TransformationDictionary>'),
      'pmml.structure',
    ],
    ['an element of another language', HEAD + pmml('<script>x</script>'), 'pmml.unlisted-element'],
    ['an element of another namespace', HEAD + pmml('<Header xmlns="http://a.example"/>'), 'pmml.unlisted-element'],
    ['an element whose prefix is not bound', HEAD + pmml('<x:Header/>'), 'pmml.unlisted-element'],
    ['an element within an extension', HEAD + pmml('<Extension><object/></Extension>'), 'pmml.unlisted-element'],
    ['an element whose name starts with X-', HEAD + pmml('<X-Call/>'), 'pmml.unlisted-element'],
    [
      'a script in a table',
      HEAD + pmml('<InlineTable><row><script>x</script></row></InlineTable>'),
      'pmml.unlisted-element',
    ],
    [
      'another namespace for the whole',
      HEAD + pmml('', 'xmlns="http://a.example/PMML-4_4" version="4.4"'),
      'pmml.unlisted-element',
    ],
    ['UTF-7 declared', `<?xml version="1.0" encoding="UTF-7"?>${pmml('')}`, 'pmml.encoding'],
    ['EBCDIC declared', `<?xml version="1.0" encoding="IBM037"?>${pmml('')}`, 'pmml.encoding'],
    ['UTF-16 declared over bytes', `<?xml version="1.0" encoding="UTF-16"?>${pmml('')}`, 'pmml.encoding'],
    ['a tag that is not closed', `${HEAD}<PMML version="4.4"><Header>`, 'pmml.structure'],
    ['tags that cross', HEAD + pmml('<Header><Annotation></Header></Annotation>'), 'pmml.structure'],
    ['a second document behind it', `${HEAD}${pmml('')}${pmml('')}`, 'pmml.structure'],
    ['text behind it', `${HEAD}${pmml('')}rest`, 'pmml.structure'],
    ['an attribute twice', HEAD + pmml('<Extension name="a" name="b"/>'), 'pmml.structure'],
    ['an attribute without quotes', HEAD + pmml('<Extension name=a/>'), 'pmml.structure'],
    ['a tag within an attribute', HEAD + pmml('<Extension name="<x>"/>'), 'pmml.structure'],
    ['a comment with two hyphens', HEAD + pmml('<!-- a -- b -->'), 'pmml.structure'],
    ['a declaration behind the start', `<!-- a -->${HEAD}${pmml('')}`, 'pmml.structure'],
  ])('%s', async (_, text, rule) => {
    const found = await scan(text);
    expect(found.verdict).toBe('suspicious');
    expect(found.rules).toContain(rule);
  });

  it('UTF-16', async () => {
    const found = await scan(Buffer.from(`\ufeff${pmml('')}`, 'utf16le'));
    expect(found).toMatchObject({ verdict: 'suspicious', rules: ['pmml.encoding'] });
  });
});

it('a PMML model behind a long comment is never clean', async () => {
  for (const start of [HEAD, ''])
    expect((await scan(`${start}<!--${'x'.repeat(6_000)}-->${pmml(apply('a.B'))}`)).verdict).not.toBe('clean');
});
