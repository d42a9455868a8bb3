/** Sockets as the kernel lists them in /proc/net. @see proc_net(5) */

/** A socket of /proc/net/udp, udp6, tcp or tcp6. */
export type InetSocket = {
  /** IPv4 as text, `::` for any address of IPv6, and null for another one. */
  readonly address: string | null;
  readonly port: number;
  readonly listening: boolean;
  readonly uid: number;
  readonly inode: number;
};

export type UnixSocket = { readonly path: string; readonly inode: number };

/** TCP_LISTEN of the kernel. */
const LISTEN = '0A';
const ADDRESS =
  /^\s*\d+: ([0-9A-F]{8}|[0-9A-F]{32}):([0-9A-F]{4}) \S+ ([0-9A-F]{2})(?:\s+\S+){2}\s+\S+\s+(\d+)\s+\S+\s+(\d+)/;

/** @param text of one of the files, the heading included */
export function parseInetSockets(text: string): InetSocket[] {
  return text.split('\n').flatMap((line) => {
    const [, address = '', port = '', state = '', uid = '', inode = ''] = ADDRESS.exec(line) ?? [];
    if (inode === '') return [];
    return [
      {
        address: addressOf(address),
        port: Number.parseInt(port, 16),
        listening: state === LISTEN,
        uid: Number(uid),
        inode: Number(inode),
      },
    ];
  });
}

/**
 * The socket at which a server of this host listens.
 * @param url with an address of this host, or a name, which is taken for one of 127.0.0.1
 */
export function socketOfServer(sockets: readonly InetSocket[], url: string): InetSocket | null {
  const { hostname, port, protocol } = new URL(url);
  const portNumber = Number(port || (protocol === 'https:' ? 443 : 80));
  const own = /^[\d.]+$/.test(hostname) ? hostname : '127.0.0.1';
  const listening = sockets.filter((each) => each.listening && each.port === portNumber);
  return listening.find(({ address }) => [own, '0.0.0.0', '::'].includes(address ?? '')) ?? null;
}

/** The listening sockets of /proc/net/unix that have a path. */
export function parseUnixSockets(text: string): UnixSocket[] {
  return text.split('\n').flatMap((line) => {
    const [, inode = '', path = ''] = /^\S+: \S+ \S+ 00010000 \S+ \S+\s+(\d+) (\/.*)$/.exec(line) ?? [];
    return path === '' ? [] : [{ path, inode: Number(inode) }];
  });
}

/** Four bytes each, in the order of a little-endian machine. */
function addressOf(hex: string): string | null {
  if (/^0{32}$/.test(hex)) return '::';
  if (hex.length === 8) return ipv4Of(hex);
  // An IPv4 address mapped into IPv6.
  return hex.startsWith('0000000000000000FFFF0000') ? ipv4Of(hex.slice(24)) : null;
}

function ipv4Of(hex: string): string {
  const bytes = hex.match(/../g) ?? [];
  return bytes
    .map((byte) => Number.parseInt(byte, 16))
    .reverse()
    .join('.');
}
