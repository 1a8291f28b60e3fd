import { readdirSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { judgeTemplate } from '../../../src/scan/text/template.ts';

const FOLDER = 'fixtures/text/chat-templates';

function judged(text: string): 'plain' | 'malicious' | 'suspicious' | 'unproved' {
  const { malicious, suspicious, unproved } = judgeTemplate(text);
  if (malicious.length > 0) return 'malicious';
  if (suspicious.length > 0) return 'suspicious';
  return unproved.length > 0 ? 'unproved' : 'plain';
}

describe('a chat template', () => {
  it.each(readdirSync(FOLDER))('in the style of a published model is plain: %s', (name) => {
    expect(judgeTemplate(readFileSync(`${FOLDER}/${name}`, 'utf8'))).toEqual({
      malicious: [],
      suspicious: [],
      unproved: [],
    });
  });

  it.each([
    "{{ ''.__class__.__mro__ }}",
    "{{ x['__class__'] }}",
    "{{ x['\\x5f\\x5fclass\\x5f\\x5f'] }}",
    "{{ x['\\137_class__'] }}",
    "{{ x['\\N{LOW LINE}\\N{LOW LINE}class__'] }}",
    "{{ x['__cla' 'ss__'] }}",
    "{{ x['__cla' ~ 'ss__'] }}",
    "{{ x['__cla' + 'ss__'] }}",
    "{{ x[['__','class','__']|join] }}",
    "{{ x[('__','class','__')|join('')] }}",
    "{{ x['__ssalc__'|reverse] }}",
    "{{ x|attr('__class__') }}",
    '{{ x|attr(y) }}',
    "{{ x|attr('_' * 2 ~ 'class') }}",
    "{{ x|map('attr', '__class__')|list }}",
    "{{ x|map('map', 'attr', '__class__')|list }}",
    "{{ x|map(attribute='a.__class__')|list }}",
    "{{ x|selectattr('__class__')|list }}",
    "{{ x|groupby('__class__')|list }}",
    '{{ lipsum.x }}',
    "{{ cycler['x'] }}",
    '{{ self.x }}',
    '{{ joiner.x }}',
    '{{ request.x }}',
    '{% set n = namespace() %}{{ n.__init__ }}',
    '{% if x.__class__ %}{% endif %}',
    '{% for a in x.__class__ %}{% endfor %}',
    '{% macro m(a=x.__class__) %}{% endmacro %}',
    '{% set a %}{{ x.__class__ }}{% endset %}',
    '{{ {"a": x.__class__} }}',
    '{{ f(a=x.__class__) }}',
    '{{ a if x.__class__ else b }}',
    '{{ x[y.__class__:] }}',
    '{#- c -#}{{- x.__class__ -}}',
    '{% raw %}{{ {% endraw %}{{ x.__class__ }}',
  ])('that reaches objects is malicious: %s', (text) => {
    expect(judged(text)).toBe('malicious');
  });

  it.each([
    "{{ '%c%c'|format(95, 95) }}",
    "{{ '%c' % 95 }}",
    "{{ '{0.x}'.format(a) }}",
    "{% set k = '__class__' %}{{ x[k] }}",
    '{{ lipsum() }}',
    '{{ x._private }}',
    '{{ x.gi_frame }}',
    '{% for i in range(999999999) %}x{% endfor %}',
    '{% for i in range(9 ** 9) %}x{% endfor %}',
    "{{ x[a ~ 'b'] }}",
    '{{ x.__class__',
    '{% for i in range(1000) %}{% for j in range(1000) %}x{% endfor %}{% endfor %}',
    '{% macro f(a) %}{{ f(a) }}{% endmacro %}{{ f(1) }}',
    '{% macro f(n) %}{% if n > 0 %}{{ f(n - 1) }}{{ f(n - 1) }}{% endif %}{% endmacro %}{{ f(60) }}',
    '{% macro f(a) %}{% for m in messages %}{{ f(m) }}{% endfor %}{% endmacro %}{{ f(1) }}',
    '{% macro f(a) %}{% for m in [1, 1] %}{{ f(m) }}{% endfor %}{% endmacro %}{{ f(1) }}',
    '{% macro f(a) %}{{ h(a) }}{% endmacro %}{% macro h(a) %}{{ f(a) }}{% endmacro %}{{ f(1) }}',
    "{% set ns = namespace(a='x') %}{% for i in messages %}{% set ns.a = ns.a ~ ns.a %}{% endfor %}",
    "{% set ns = namespace(a='x') %}{% for i in messages %}{% set ns.a = [ns.a, ns.a]|join %}{% endfor %}",
    `{% set a = 'x' %}${'{% set a = a + a %}'.repeat(40)}`,
  ])('with an operation that no template needs is suspicious: %s', (text) => {
    expect(judged(text)).toBe('suspicious');
  });

  it.each([
    '{% macro type(spec) %}{% if spec.items %}{{ type(spec.items) }}{% endif %}{% for one in spec.oneOf %}{{ type(one) }}{% endfor %}{% endmacro %}{{ type(tools[0]) }}',
    "{% macro type(spec, depth) %}{% for name, one in spec.get('properties').items() %}{{ type(one, depth) }}{% endfor %}{% endmacro %}",
    "{% set ns = namespace(a='') %}{% for m in messages %}{% set ns.a = ns.a ~ m.content %}{% endfor %}{{ ns.a }}",
    "{% for m in messages %}{% set content = content.split('a')[0] + content.split('b')[1] %}{% endfor %}",
    '{% for i in range(10) %}{% for j in range(10) %}x{% endfor %}{% endfor %}',
    '{% set _args = message.arguments %}{{ _args.a }}',
    '{% macro extra(d, handled) %}{% for k in d if k not in handled %}{{ d[k] }}{% endfor %}{% endmacro %}{% for t in tools %}{{ extra(t.parameters, ["type"]) }}{% endfor %}',
    '{% set tools = tools or [] %}{% macro extra(d) %}{% for k in d %}{{ d[k] }}{% endfor %}{% endmacro %}{% for n, t in tools|items %}{{ extra(t) }}{% endfor %}',
    '{% for k in settings %}{{ settings[k] }}{% endfor %}',
  ])('that ends with the conversation is plain: %s', (text) => {
    expect(judged(text)).toBe('plain');
  });

  it.each([
    '{{ x[y] }}',
    '{{ _args.a }}',
    '{% set _ = 1 %}{{ 1 }}',
    '{% for k in y %}{{ x[k] }}{% endfor %}',
    "{% set d = ['a'] %}{% for k in d %}{{ d[k] }}{% endfor %}",
    "{% set d = x.a ~ 'b' %}{% for k in d %}{{ d[k] }}{% endfor %}",
    "{% macro m(d) %}{% for k in d %}{{ d[k] }}{% endfor %}{% endmacro %}{{ m(tools) }}{{ m(['a', 'b']) }}",
    "{% macro m(d=['a']) %}{% for k in d %}{{ d[k] }}{% endfor %}{% endmacro %}{{ m() }}",
    '{% macro m(d) %}{% for k in d %}{{ d[k] }}{% endfor %}{% endmacro %}',
    '{% for k in eos_token %}{{ eos_token[k] }}{% endfor %}',
    "{% for k in d %}{{ d[k] }}{% endfor %}{% set d = ['a'] %}",
    "{% for k in d %}{% set k = 'a' %}{{ d[k] }}{% endfor %}",
    '{{ f(x) }}',
    '{{ x.f(y) }}',
    '{{ x|pprint }}',
    '{{ x is filter }}',
    "{% include 'x' %}",
    "{% import 'x' as y %}",
    "{% extends 'x' %}",
    '{% block a %}{% endblock %}',
    '{% call f() %}{% endcall %}',
    '{% set raise_exception = x.y %}{{ raise_exception() }}',
    '{% set lipsum = 1 %}{{ lipsum }}',
    "{{ x['a'|int(y)] }}",
    '{% set i = x.y %}{{ x[i] }}',
    '{% set ns = namespace(i=0) %}{% set ns = x %}{{ y[ns.i] }}',
    '{% for i in x %}{{ y[i] }}{% endfor %}',
    "{{ 'a' * 99999 }}",
    '{{ x(*y) }}',
    "{% if 'a' in messages[0] %}<script src=http://evil.example/x.js>{% endif %}",
    '{{ x',
    '{% for %}',
    '{{ \u00ff.x }}',
  ])('that cannot be proved harmless is unproved: %s', (text) => {
    expect(judged(text)).toBe('unproved');
  });

  it('gives a result for any text and any nesting', () => {
    expect(judged(`{{ ${'('.repeat(10_000)} }}`)).toBe('unproved');
    expect(judged(`{{ ${'('.repeat(200)}a${')'.repeat(200)} }}`)).toBe('unproved');
    expect(judged(`{{ a${'.b'.repeat(10_000)} }}`)).toBe('plain');
    const piece = fc.constantFrom(
      ...[
        '{{',
        '}}',
        '{%',
        '%}',
        '{#',
        '#}',
        'a',
        '.',
        '[',
        ']',
        '(',
        ')',
        '|',
        'if ',
        'else ',
        'for ',
        ' in ',
        'set ',
        '=',
      ],
      ...["'", '"', '\\', '-', '+', '~', ',', ':', '1', ' is ', 'not ', 'raw', 'endraw', '{', '}', '*', 'macro '],
    );
    const text = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.array(piece, { maxLength: 40 }).map((all) => all.join('')),
    );
    fc.assert(
      fc.property(text, (one) => {
        judgeTemplate(one);
      }),
      { numRuns: 2_000 },
    );
  });
});
