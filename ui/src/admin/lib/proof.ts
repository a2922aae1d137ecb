/** Proofs of possession (RFC 9449): the key is made for this page, cannot be read, and is gone with it. */
export const base64url = (bytes: ArrayBuffer | Uint8Array) =>
  btoa(String.fromCharCode(...new Uint8Array(bytes as ArrayBuffer))).replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '');

export const sha256 = (text: string) => crypto.subtle.digest('SHA-256', new TextEncoder().encode(text));

export const random = () => base64url(crypto.getRandomValues(new Uint8Array(32)));

const json = (value: object) => base64url(new TextEncoder().encode(JSON.stringify(value)));

const makeKey = async () => {
  const pair = await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, false, ['sign', 'verify']);
  const { kty, crv, x, y } = await crypto.subtle.exportKey('jwk', pair.publicKey); // a public key can always be exported
  return { sign: pair.privateKey, jwk: { kty, crv, x, y } };
};

let key: ReturnType<typeof makeKey> | undefined;
/** What the server wants in the next proof (§8); each answer may bring another. */
let nonce: string | undefined;

/** Returns a proof for one request (§4.2); token is what it is sent with. */
export async function proof(method: string, address: string, token?: string): Promise<string> {
  key ??= makeKey();
  const { sign, jwk } = await key;
  const head = json({ typ: 'dpop+jwt', alg: 'ES256', jwk });
  const body = json({
    jti: crypto.randomUUID(), htm: method, htu: address.replace(/[?#].*/, ''), iat: Math.floor(Date.now() / 1000), nonce,
    ath: token && base64url(await sha256(token)),
  });
  const signature = await crypto.subtle.sign({ name: 'ECDSA', hash: 'SHA-256' }, sign, new TextEncoder().encode(`${head}.${body}`));
  return `${head}.${body}.${base64url(signature)}`;
}

/** Keeps the nonce that an answer brings; reports whether it came because the proof had none, or an old one. */
export function takeNonce(response: Response): boolean {
  const next = response.headers.get('DPoP-Nonce');
  if (next) nonce = next;
  return Boolean(next) && (response.status === 400 || response.status === 401);
}
