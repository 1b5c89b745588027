// JOSE with what browsers have: whether a list is the site's own (JWS, ES256), a digest as lists hold
// it, and a sale that only the site can open (JWE, ECDH-ES with A256GCM).
const P256 = { namedCurve: "P-256" };
const text = (words) => new TextEncoder().encode(words);

export function fromBase64(written) {
  const plain = atob(written.replace(/-/g, "+").replace(/_/g, "/"));
  return Uint8Array.from(plain, (sign) => sign.charCodeAt(0));
}

function toBase64(bytes) {
  const plain = Array.from(new Uint8Array(bytes), (byte) => String.fromCharCode(byte)).join("");
  return btoa(plain).replace(/\+/g, "-").replace(/\//g, "_").replace(/=/g, "");
}

const digest = async (bytes) => new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));

function joined(...parts) {
  const whole = new Uint8Array(parts.reduce((length, part) => length + part.byteLength, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(new Uint8Array(part), at);
    at += part.byteLength;
  }
  return whole;
}

function number(value) {
  const bytes = new DataView(new ArrayBuffer(4));
  bytes.setUint32(0, value);
  return bytes.buffer;
}

// The terms of a list, or null unless the site signed them and the digests are theirs.
export async function verified({ signed, digests }, jwk) {
  const [head, claims, signature] = signed.split(".");
  const ecdsa = { name: "ECDSA", ...P256 };
  const key = await crypto.subtle.importKey("jwk", publicHalf(jwk), ecdsa, false, ["verify"]);
  const how = { name: "ECDSA", hash: "SHA-256" };
  const said = text(`${head}.${claims}`);
  if (!(await crypto.subtle.verify(how, key, fromBase64(signature), said))) return null;
  const terms = JSON.parse(new TextDecoder().decode(fromBase64(claims)));
  return toBase64(await digest(fromBase64(digests))) === terms.digests ? terms : null;
}

// What a list holds of a person: the first bits of a salted digest of the ID number.
export async function shortDigest({ salt, bits }, idNumber) {
  const whole = await digest(joined(fromBase64(salt), text(idNumber)));
  return new DataView(whole.buffer).getUint32(0) >>> (32 - bits);
}

// Digests of three bytes each, in order: is this one among them?
export function holds(digests, wanted) {
  const bytes = fromBase64(digests);
  let [low, high] = [0, bytes.length / 3];
  while (low < high) {
    const middle = (low + high) >> 1;
    const at = middle * 3;
    const found = (bytes[at] << 16) | (bytes[at + 1] << 8) | bytes[at + 2];
    if (found === wanted) return true;
    if (found < wanted) low = middle + 1;
    else high = middle;
  }
  return false;
}

// A compact JWE of `data` for the holder of the private half of `jwk`.
export async function sealed(data, jwk) {
  const ecdh = { name: "ECDH", ...P256 };
  const theirs = await crypto.subtle.importKey("jwk", publicHalf(jwk), ecdh, false, []);
  const ours = await crypto.subtle.generateKey(ecdh, true, ["deriveBits"]);
  const { kty, crv, x, y } = await crypto.subtle.exportKey("jwk", ours.publicKey);
  const header = { alg: "ECDH-ES", enc: "A256GCM", kid: jwk.kid, epk: { kty, crv, x, y } };
  const head = toBase64(text(JSON.stringify(header)));
  const shared = await crypto.subtle.deriveBits(
    { name: "ECDH", public: theirs }, ours.privateKey, 256,
  );
  // Concat KDF of RFC 7518, 4.6.2: one round, since 256 bits are wanted of a digest of 256
  const about = joined(number(7), text("A256GCM"), number(0), number(0), number(256));
  const secret = await digest(joined(number(1), shared, about));
  const key = await crypto.subtle.importKey("raw", secret, "AES-GCM", false, ["encrypt"]);
  const iv = crypto.getRandomValues(new Uint8Array(12));
  const how = { name: "AES-GCM", iv, additionalData: text(head) };
  const whole = await crypto.subtle.encrypt(how, key, text(JSON.stringify(data)));
  const tag = whole.byteLength - 16;
  return [head, "", ...[iv, whole.slice(0, tag), whole.slice(tag)].map(toBase64)].join(".");
}

const publicHalf = ({ kty, crv, x, y }) => ({ kty, crv, x, y });
