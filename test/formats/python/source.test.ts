import { describe, expect, it } from 'vitest';
import { pythonSource } from '../../../src/formats/python/source.ts';

const latin1 = (text: string) => Buffer.from(text, 'latin1');

describe('the text of a Python file', () => {
  it.each([
    ['UTF-8', Buffer.from('x = "ä"\n'), 'x = "ä"\n'],
    ['UTF-8 with a mark', Buffer.from('\ufeffx = 1\n'), 'x = 1\n'],
    ['UTF-8 that it declares', Buffer.from('# -*- coding: utf-8 -*-\nx = "ä"\n'), '# -*- coding: utf-8 -*-\nx = "ä"\n'],
    ['latin-1 that it declares', latin1('# coding: latin-1\nx = "\xe4"\n'), '# coding: latin-1\nx = "ä"\n'],
    [
      'latin-1 in the second line',
      latin1('#!/usr/bin/python\n# vim: fileencoding=iso-8859-1\nx'),
      '#!/usr/bin/python\n# vim: fileencoding=iso-8859-1\nx',
    ],
    ['other ends of lines', latin1('a\rb\r\nc\n'), 'a\nb\nc\n'],
    ['a form feed', latin1('a\n\x0cb\n'), 'a\n\x0cb\n'],
  ])('is read: %s', (_, bytes, text) => {
    expect(pythonSource(bytes)).toEqual({ text, doubt: undefined });
  });

  it.each([
    ['UTF-7', '# coding: utf-7\nx = 1 #+AAo-import os'],
    ['an encoding that changes letters', '# coding: rot13\nvzcbeg bf'],
    ['a codec of escapes', '#coding=unicode_escape\nx = 1 # \\nimport os'],
    ['a codec of hexadecimal', '\n# coding: hex\n'],
    ['an encoding beside a mark of UTF-8', '\xef\xbb\xbf# coding: latin-1\n'],
  ])('is doubted: %s', (_, text) => {
    expect(pythonSource(latin1(text)).doubt).toContain('declares the encoding');
  });

  it('is doubted where it holds a byte of zero, or is not UTF-8', () => {
    expect(pythonSource(latin1('x = 1\0import os')).doubt).toContain('bytes of zero');
    expect(pythonSource(latin1('x = "\xe4"')).doubt).toContain('not valid UTF-8');
    expect(pythonSource(latin1('x = 1\n\n# coding: latin-1\ny = "\xe4"')).doubt).toContain('not valid UTF-8');
  });

  it('takes a declaration for one only where Python does', () => {
    expect(pythonSource(latin1('x = 1  # coding: utf-7\n')).doubt).toBeUndefined();
    expect(pythonSource(latin1('x = 1\n# coding: utf-7\n')).doubt).toBeUndefined();
  });
});
