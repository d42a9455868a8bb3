/** An IPv4 network; `mask` has its leading bits set. */
export type Network = { readonly base: number; readonly mask: number };

/** @returns the address as a number, or null if the text is none */
export function parseIpv4(text: string): number | null {
  const parts = text.split('.');
  const isAddress = parts.length === 4 && parts.every((part) => /^\d{1,3}$/.test(part) && Number(part) <= 255);
  return isAddress ? parts.reduce((sum, part) => sum * 256 + Number(part), 0) : null;
}

/** @param text `127.0.99.0/24`, `127.0.99.0/255.255.255.0` as Asterisk shows it, or one address */
export function parseNetwork(text: string): Network | null {
  const [addressText = '', maskText = '32'] = text.split('/');
  const address = parseIpv4(addressText);
  const mask = /^\d{1,2}$/.test(maskText) ? maskOf(Number(maskText)) : parseIpv4(maskText);
  return address === null || mask === null ? null : { base: (address & mask) >>> 0, mask };
}

export function isIn(address: number, { base, mask }: Network): boolean {
  return (address & mask) >>> 0 === base;
}

/** Whether every address of a network is one of another. */
export function isWithin(inner: Network, outer: Network): boolean {
  return inner.mask >= outer.mask && isIn(inner.base, outer);
}

export const LOOPBACK: Network = { base: 0x7f00_0000, mask: 0xff00_0000 };

/** IPv6 has one loopback address. */
export const LOOPBACK_OF_IPV6 = '::1';

export function isIpv6(text: string): boolean {
  return text.includes(':');
}

export function isLoopback(text: string): boolean {
  if (isIpv6(text)) return text === LOOPBACK_OF_IPV6;
  const address = parseIpv4(text);
  return address !== null && isIn(address, LOOPBACK);
}

function maskOf(bits: number): number | null {
  if (bits > 32) return null;
  return bits === 0 ? 0 : (-1 << (32 - bits)) >>> 0;
}
