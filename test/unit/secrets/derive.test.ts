import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { deriveKey, formatSecret, generateSecret, hkdfSha256, parseSecret } from '../../../src/secrets/derive.ts';

const toHex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');
const range = (first: number, last: number) => Uint8Array.from({ length: last - first + 1 }, (_, i) => first + i);

const SECRET = range(0, 31);
const TEXT = 'rostrum-secret-1:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8';

function codeOf(action: () => void): string {
  try {
    action();
  } catch (error) {
    return (error as { code: string }).code;
  }
  return 'done';
}

describe('HKDF-SHA256', () => {
  it.each([
    {
      case: 'RFC 5869 A.1',
      secret: new Uint8Array(22).fill(0x0b),
      salt: range(0x00, 0x0c),
      info: range(0xf0, 0xf9),
      okm: '3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865',
    },
    {
      case: 'RFC 5869 A.2',
      secret: range(0x00, 0x4f),
      salt: range(0x60, 0xaf),
      info: range(0xb0, 0xff),
      okm:
        'b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c59045a99cac7827271cb41c65e590e09' +
        'da3275600c2f09b8367793a9aca3db71cc30c58179ec3e87c14c01d5c1f3434f1d87',
    },
    {
      case: 'RFC 5869 A.3',
      secret: new Uint8Array(22).fill(0x0b),
      salt: new Uint8Array(0),
      info: new Uint8Array(0),
      okm: '8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8',
    },
  ])('gives the key of $case', ({ secret, salt, info, okm }) => {
    expect(toHex(hkdfSha256(secret, { salt, info, lengthBytes: okm.length / 2 }))).toBe(okm);
  });
});

describe('the key for a purpose', () => {
  it.each([
    ['nats-seal', '819abd1b5a8998e2795332fa203decb5b884d6c4777987cb5efc72c7d57ec667'],
    ['mesh-psk', '4cec884e545eca79931c73b6f0ca6242776ebacc91c0334da5008cf0c2762bec'],
  ])('"%s" is known', (purpose, expected) => {
    expect(toHex(deriveKey(SECRET, purpose))).toBe(expected);
  });

  it('is another for each purpose and each secret', () => {
    const keys = ['nats-seal', 'nats-seal ', 'mesh-psk:a', 'mesh-psk:b'].map((purpose) => deriveKey(SECRET, purpose));
    keys.push(deriveKey(range(1, 32), 'nats-seal'));
    expect(new Set(keys.map(toHex)).size).toBe(5);
    expect(keys.every((key) => key.length === 32)).toBe(true);
  });

  it('is refused for a secret that is too short and a purpose that is none', () => {
    expect(codeOf(() => deriveKey(SECRET.subarray(1), 'nats-seal'))).toBe('secret-length');
    expect(codeOf(() => deriveKey(SECRET, ''))).toBe('bad-purpose');
    expect(codeOf(() => deriveKey(SECRET, 'ü'.repeat(128)))).toBe('bad-purpose');
  });
});

describe('the text of a cluster secret', () => {
  it('is a prefix and base64url', () => {
    expect(formatSecret(SECRET)).toBe(TEXT);
    expect(parseSecret(`  ${TEXT}\n`)).toEqual(SECRET);
  });

  it('gives the secret back', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 32, maxLength: 32 }), (secret) => {
        expect(parseSecret(formatSecret(secret))).toEqual(secret);
      }),
    );
    expect(generateSecret()).not.toEqual(generateSecret());
    expect(parseSecret(formatSecret(generateSecret()))).toHaveLength(32);
  });

  it.each([
    ['nothing', ' \n', 'secret-empty'],
    ['a password', 'correct horse battery staple', 'secret-prefix'],
    ['a later version', TEXT.replace('-1:', '-2:'), 'secret-prefix'],
    ['no secret', 'rostrum-secret-1:', 'secret-length'],
    ['one byte less', TEXT.slice(0, -2), 'secret-length'],
    ['one byte more', `${TEXT}AA`, 'secret-length'],
    ['two lines', `${TEXT}\n${TEXT}`, 'secret-encoding'],
    ['plain base64', TEXT.replace('AAEC', '+/EC'), 'secret-encoding'],
    ['padding', `${TEXT}=`, 'secret-encoding'],
    ['bits of no byte', `${TEXT.slice(0, -1)}9`, 'secret-encoding'],
  ])('is refused if it is %s', (_, text, code) => {
    expect(codeOf(() => parseSecret(text))).toBe(code);
  });

  it('is in no error', () => {
    const words = [`${TEXT}=`, `${TEXT}AA`, TEXT.replace('-1:', '-2:')];
    for (const text of words) {
      expect(() => parseSecret(text)).toThrow(
        expect.not.objectContaining({ message: expect.stringContaining('AAECAw') }),
      );
    }
  });
});
