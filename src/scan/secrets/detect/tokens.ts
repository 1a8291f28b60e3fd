import { crc32 } from 'node:zlib';
import {
  beginsWord,
  type DetectedString,
  isTokenByte,
  type SearchWindow,
  type StringDetector,
  textBetween,
} from '../../strings/index.ts';
import { TOKEN, WEBHOOK } from '../rules.ts';
import { foundSecret } from './found.ts';
import { isPlaceholder } from './placeholder.ts';

interface TokenForm {
  readonly title: string;
  readonly needle: string;
  /** Of the whole token; the characters of a token before and after it make it another word. */
  readonly form: RegExp;
  /** Characters that all tokens of the form share. */
  readonly prefix: number;
  readonly rule?: typeof TOKEN;
  /** What else every token of the form keeps. */
  readonly keeps?: (token: string) => boolean;
  /** Characters of the token before the needle. */
  readonly before?: number;
}

const MAX_TOKEN = 600;
const BASE62 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

/**
 * Tokens by their published form. GitHub: github.blog/2021-04-05-behind-githubs-new-authentication-token-formats; npm:
 * github.blog/2021-09-23-announcing-npms-new-access-token-format; GitLab: docs.gitlab.com/security/tokens#token-prefixes.
 */
const FORMS: readonly TokenForm[] = [
  { title: 'a token of the Hugging Face Hub', needle: 'hf_', form: /hf_[A-Za-z0-9]{34}/y, prefix: 3, keeps: mixesCase },
  {
    title: 'a token of an organisation of the Hugging Face Hub',
    needle: 'api_org_',
    form: /api_org_[A-Za-z0-9]{34}/y,
    prefix: 8,
    keeps: mixesCase,
  },
  ...['ghp_', 'gho_', 'ghu_', 'ghs_', 'ghr_'].map((needle) => ({
    title: 'a token of GitHub',
    needle,
    form: /gh[pousr]_[A-Za-z0-9]{36}/y,
    prefix: 4,
    keeps: hasChecksum,
  })),
  {
    title: 'a fine-grained token of GitHub',
    needle: 'github_pat_',
    form: /github_pat_[A-Za-z0-9]{22}_[A-Za-z0-9]{59}/y,
    prefix: 11,
  },
  { title: 'a token of npm', needle: 'npm_', form: /npm_[A-Za-z0-9]{36}/y, prefix: 4, keeps: hasChecksum },
  ...['glpat-', 'gldt-', 'glrt-', 'glcbt-', 'glptt-', 'glsoat-'].map((needle) => ({
    title: 'a token of GitLab',
    needle,
    form: /gl(?:pat|dt|rt|cbt|ptt|soat)-(?:[A-Za-z0-9_-]{27,300}\.[0-9a-z]{2}\.?[0-9a-z]{7}|[0-9a-f]{40}|[A-Za-z0-9_-]{20})/y,
    prefix: needle.length,
  })),
  {
    title: 'a token of PyPI',
    needle: 'pypi-AgEIcHlwaS5vcmc',
    form: /pypi-[A-Za-z0-9_-]{85,500}/y,
    prefix: 5,
    keeps: isMacaroon,
  },
  {
    title: 'a token of TestPyPI',
    needle: 'pypi-AgENdGVzdC5weXBpLm9yZw',
    form: /pypi-[A-Za-z0-9_-]{85,500}/y,
    prefix: 5,
    keeps: isMacaroon,
  },
  {
    title: 'a key of OpenAI',
    needle: 'sk-',
    form: /sk-(?:(?:proj|svcacct|admin|None)-)?[A-Za-z0-9_-]{20,120}T3BlbkFJ[A-Za-z0-9_-]{20,120}/y,
    prefix: 3,
  },
  { title: 'a key of Anthropic', needle: 'sk-ant-', form: /sk-ant-[a-z]{3,6}\d{2}-[A-Za-z0-9_-]{93}AA/y, prefix: 13 },
  { title: 'a key of OpenRouter', needle: 'sk-or-v1-', form: /sk-or-v1-[0-9a-f]{64}/y, prefix: 9 },
  {
    title: 'a token of Slack',
    needle: 'xox',
    form: /xox[baprs]-\d{10,13}-\d{10,13}(?:-\d{10,13})?-[A-Za-z0-9]{24,64}/y,
    prefix: 5,
  },
  {
    title: 'an app token of Slack',
    needle: 'xapp-',
    form: /xapp-\d-[A-Z0-9]{9,12}-\d{10,14}-[0-9a-f]{64}/y,
    prefix: 7,
  },
  { title: 'a secret key of Stripe', needle: '_live_', before: 2, form: /[sr]k_live_[A-Za-z0-9]{24,247}/y, prefix: 8 },
  { title: 'a signing secret of Stripe', needle: 'whsec_', form: /whsec_[A-Za-z0-9+/]{32,64}={0,2}/y, prefix: 6 },
  { title: 'a key of Google', needle: 'AIza', form: /AIza[A-Za-z0-9_-]{35}/y, prefix: 4 },
  { title: 'a client secret of Google', needle: 'GOCSPX-', form: /GOCSPX-[A-Za-z0-9_-]{28}/y, prefix: 7 },
  { title: 'a key of Groq', needle: 'gsk_', form: /gsk_[A-Za-z0-9]{52}/y, prefix: 4 },
  { title: 'a token of Replicate', needle: 'r8_', form: /r8_[A-Za-z0-9]{37}/y, prefix: 3 },
  { title: 'a key of NVIDIA', needle: 'nvapi-', form: /nvapi-[A-Za-z0-9_-]{60,72}/y, prefix: 6 },
  { title: 'a token of Databricks', needle: 'dapi', form: /dapi[0-9a-f]{32}(?:-\d)?/y, prefix: 4 },
  { title: 'a token of DigitalOcean', needle: 'dop_v1_', form: /dop_v1_[0-9a-f]{64}/y, prefix: 7 },
  { title: 'a key of SendGrid', needle: 'SG.', form: /SG\.[A-Za-z0-9_-]{22}\.[A-Za-z0-9_-]{43}/y, prefix: 3 },
  {
    title: 'a token of a bot of Telegram',
    needle: ':AA',
    before: 10,
    form: /\d{8,10}:AA[A-Za-z0-9_-]{33}/y,
    prefix: 0,
  },
  {
    title: 'the address of a webhook of Slack',
    needle: 'hooks.slack.com/',
    form: /hooks\.slack\.com\/(?:services\/T[A-Z0-9]{8,12}\/B[A-Z0-9]{8,12}\/[A-Za-z0-9]{24}|workflows\/T[A-Z0-9]{8,12}\/A[A-Z0-9]{8,12}\/\d{17,19}\/[A-Za-z0-9]{24})/y,
    prefix: 25,
    rule: WEBHOOK,
  },
  ...['discord.com/api/', 'discordapp.com/api/'].map((needle) => ({
    title: 'the address of a webhook of Discord',
    needle,
    form: /discord(?:app)?\.com\/api\/(?:v\d{1,2}\/)?webhooks\/\d{17,20}\/[A-Za-z0-9_-]{60,80}/y,
    prefix: needle.length + 9,
    rule: WEBHOOK,
  })),
  {
    title: 'the address of a webhook of Teams',
    needle: '.webhook.office.com/',
    form: /\.webhook\.office\.com\/webhookb2\/[0-9a-f-]{36}@[0-9a-f-]{36}\/IncomingWebhook\/[0-9a-f]{32}\/[0-9a-f-]{36}/y,
    prefix: 30,
    rule: WEBHOOK,
  },
];

export const tokenDetectors: readonly StringDetector[] = FORMS.map((form) => ({
  needles: [form.needle],
  detect: (window, at) => detect(form, window, at),
}));

function detect(form: TokenForm, window: SearchWindow, at: number): DetectedString | undefined {
  const { bytes } = window;
  for (let back = form.before ?? 0; back >= Math.min(form.before ?? 0, 2); back--) {
    const start = at - back;
    if (start < 0 || (form.rule === undefined && !beginsWord(window, start))) continue;
    const text = textBetween(window, start, start + MAX_TOKEN);
    form.form.lastIndex = 0;
    const token = form.form.exec(text)?.[0];
    if (token === undefined || isTokenByte(bytes[start + token.length])) continue;
    if (isPlaceholder(token.slice(form.prefix)) || form.keeps?.(token) === false) return undefined;
    return foundSecret(form.rule ?? TOKEN, form.title, token, form.prefix, start + token.length);
  }
  return undefined;
}

/** Whether a text begins with a token of one of the forms. */
export function beginsWithToken(text: string): boolean {
  return FORMS.some(({ form }) => {
    form.lastIndex = 0;
    return form.test(text);
  });
}

/** A word of a program with this prefix is of one case. */
function mixesCase(token: string): boolean {
  const body = token.slice(token.lastIndexOf('_') + 1);
  return /[a-z]/.test(body) && /[A-Z]/.test(body);
}

/** The last six characters are the CRC-32 of those between them and the prefix. */
function hasChecksum(token: string): boolean {
  const body = token.slice(4, -6);
  let left = crc32(body);
  let text = '';
  for (; left > 0; left = Math.floor(left / 62)) text = (BASE62[left % 62] ?? '') + text;
  return token.slice(-6) === text.padStart(6, '0');
}

/** A macaroon of version 2 (github.com/rescrv/libmacaroons, doc/format.txt): fields, each with its length, and 32 bytes of signature at the end. */
function isMacaroon(token: string): boolean {
  const bytes = Buffer.from(token.slice(5), 'base64url');
  let at = 1;
  if (bytes[0] !== 2) return false;
  while (at < bytes.length) {
    const kind = bytes[at++];
    if (kind === 0) continue;
    let length = 0;
    for (let shift = 0; shift < 21; shift += 7) {
      const byte = bytes[at++] ?? 0;
      length |= (byte & 0x7f) << shift;
      if (byte < 0x80) break;
    }
    if (kind === 6) return length === 32 && at + 32 === bytes.length;
    if (kind === undefined || kind > 6) return false;
    at += length;
  }
  return false;
}
