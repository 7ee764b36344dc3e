/**
 * Just enough arithmetic of edwards25519 to say whether a public key may be used (M-115). RFC 8032 leaves room in which
 * libraries differ (unreduced encodings, points of small or mixed order); a key from that room makes a signature that is
 * good here and bad there. Runs once per key, a few milliseconds; signatures themselves are OpenSSL's.
 */
const P = 2n ** 255n - 19n;
/** Order of the prime subgroup. */
export const L = 2n ** 252n + 27742317777372353535851937790883648493n;

const mod = (n: bigint): bigint => ((n % P) + P) % P;

function power(base: bigint, exponent: bigint): bigint {
  let result = 1n;
  for (let square = mod(base), bits = exponent; bits > 0n; bits >>= 1n) {
    if (bits & 1n) result = mod(result * square);
    square = mod(square * square);
  }
  return result;
}

const D = mod(-121665n * power(121666n, P - 2n));
const SQRT_MINUS_1 = power(2n, (P - 1n) / 4n);

export const littleEndian = (bytes: Uint8Array): bigint => BigInt(`0x${Buffer.from(bytes).reverse().toString('hex')}`);

type Point = readonly [x: bigint, y: bigint, z: bigint, t: bigint];

/** RFC 8032 5.1.3; undefined when the bytes are not the one canonical encoding of a point on the curve. */
function decode(bytes: Uint8Array): Point | undefined {
  const encoded = littleEndian(bytes);
  const sign = encoded >> 255n;
  const y = encoded & (2n ** 255n - 1n);
  if (y >= P) return undefined;
  const [u, v] = [mod(y * y - 1n), mod(D * y * y + 1n)];
  let x = mod(u * power(v, 3n) * power(u * power(v, 7n), (P - 5n) / 8n));
  const check = mod(v * x * x);
  if (check !== u && check !== mod(-u)) return undefined;
  if (check !== u) x = mod(x * SQRT_MINUS_1);
  if (x === 0n && sign === 1n) return undefined;
  if ((x & 1n) !== sign) x = mod(-x);
  return [x, y, 1n, mod(x * y)];
}

/** The complete addition law for a = −1 in extended coordinates: no special cases, so none to forget. */
function add([x1, y1, z1, t1]: Point, [x2, y2, z2, t2]: Point): Point {
  const [a, b, c, d] = [mod((y1 - x1) * (y2 - x2)), mod((y1 + x1) * (y2 + x2)), mod(2n * D * t1 * t2), mod(2n * z1 * z2)];
  const [e, f, g, h] = [b - a, d - c, d + c, b + a];
  return [mod(e * f), mod(g * h), mod(f * g), mod(e * h)];
}

const IDENTITY: Point = [0n, 1n, 1n, 0n];
const isIdentity = ([x, y, z]: Point): boolean => x === 0n && y === z;

function times(scalar: bigint, point: Point): Point {
  let result = IDENTITY;
  for (let step = point, bits = scalar; bits > 0n; bits >>= 1n) {
    if (bits & 1n) result = add(result, step);
    step = add(step, step);
  }
  return result;
}

/** Why these 32 bytes must not be a public key, or undefined when they may. */
export function keyFault(bytes: Uint8Array): string | undefined {
  if (bytes.length !== 32) return 'the key is not 32 bytes';
  const point = decode(bytes);
  if (!point) return 'the key is not the canonical encoding of a point on the curve';
  if (isIdentity(point)) return 'the key is the identity';
  return isIdentity(times(L, point)) ? undefined : 'the key is not in the prime-order subgroup';
}
