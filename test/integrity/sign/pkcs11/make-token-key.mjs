/** Makes a P-256 key in a token that wants its PIN for every signature: node make-token-key.mjs MODULE TOKEN LABEL PIN */
import pkcs11js from 'pkcs11js';

const [, , module, token, label, pin] = process.argv;
const library = new pkcs11js.PKCS11();
library.load(module);
library.C_Initialize();
const slot = library.C_GetSlotList(true).find((one) => library.C_GetTokenInfo(one).label.trimEnd() === token);
const session = library.C_OpenSession(slot, pkcs11js.CKF_SERIAL_SESSION | pkcs11js.CKF_RW_SESSION);
library.C_Login(session, pkcs11js.CKU_USER, pin);
const common = [
  { type: pkcs11js.CKA_TOKEN, value: true },
  { type: pkcs11js.CKA_LABEL, value: label },
  { type: pkcs11js.CKA_ID, value: Buffer.from(label) },
];
const P256 = Buffer.from('06082a8648ce3d030107', 'hex');
library.C_GenerateKeyPair(
  session,
  { mechanism: pkcs11js.CKM_EC_KEY_PAIR_GEN },
  [...common, { type: pkcs11js.CKA_VERIFY, value: true }, { type: pkcs11js.CKA_EC_PARAMS, value: P256 }],
  [
    ...common,
    { type: pkcs11js.CKA_SIGN, value: true },
    { type: pkcs11js.CKA_PRIVATE, value: true },
    { type: pkcs11js.CKA_ALWAYS_AUTHENTICATE, value: true },
  ],
);
library.C_Finalize();
