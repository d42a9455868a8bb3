import type { InetSocket } from '../../base/proc-net.ts';
import { type Finding, listed, note, ok, problem, warning } from './finding.ts';

export type PortRange = { readonly first: number; readonly last: number };

export type PortFacts = {
  /** `rtpstart` and `rtpend`; null if they could not be read. */
  readonly rtp: PortRange | null;
  /** The address of this host at which the relay listens. */
  readonly address: string;
  /** net.ipv4.ip_local_port_range; null if it could not be read. */
  readonly local: PortRange | null;
  /** net.ipv4.ip_local_reserved_ports: never given to a program that asks for any port. */
  readonly reserved: readonly PortRange[];
  readonly udp: readonly InetSocket[];
  /** The names of the programs that have sockets, by inode, as far as this user may see them. */
  readonly owners: ReadonlyMap<number, { readonly pid: number; readonly name: string }>;
  /** Processes of Asterisk and Rostrum. */
  readonly ours: ReadonlySet<number>;
};

const CHECK = 'ports';
const ANY = ['0.0.0.0', '::'];
/** RTP and RTCP. */
const PORTS_PER_CALL = 2;

export function judgePorts({ rtp, address, local, reserved, udp, owners, ours }: PortFacts): Finding[] {
  if (rtp === null) return [note(CHECK, 'rtpstart and rtpend of rtp.conf could not be read')];
  const range = `${rtp.first}-${rtp.last}`;
  const findings: Finding[] = [];

  if (local !== null && isShared(rtp, local, reserved)) {
    const message = `rtp.conf has ports ${range}, and Linux gives ports ${local.first}-${local.last} to any program: the relay may find one taken`;
    const remedy = `set rtpend below ${local.first} in rtp.conf, or run: sysctl -w net.ipv4.ip_local_reserved_ports=${range}`;
    findings.push(warning(CHECK, message, remedy));
  }

  const inTheWay = udp.filter((socket) => {
    const isInRange = socket.port >= rtp.first && socket.port <= rtp.last;
    return isInRange && socket.address !== null && [...ANY, address].includes(socket.address);
  });
  const known = inTheWay.flatMap(({ port, inode }) => {
    const owner = owners.get(inode);
    return owner && !ours.has(owner.pid) ? [`${port} (${owner.name}, process ${owner.pid})`] : [];
  });
  if (known.length > 0) {
    const message = `other programs have UDP ports of rtp.conf (${range}) on ${address}: ${listed(known)}`;
    findings.push(
      problem(CHECK, message, 'stop those programs, or set rtpstart and rtpend in rtp.conf to other ports'),
    );
  }
  const unknown = inTheWay.filter(({ inode }) => !owners.has(inode)).map(({ port }) => String(port));
  if (unknown.length > 0) {
    const message = `UDP ports of rtp.conf (${range}) are in use on ${address}, by programs that this user may not see: ${listed(unknown)}`;
    findings.push(note(CHECK, message, 'run "rostrum doctor" as root'));
  }
  const calls = Math.floor((rtp.last - rtp.first + 1) / PORTS_PER_CALL);
  return findings.length > 0 ? findings : [ok(CHECK, `UDP ${range} on ${address}: enough for ${calls} calls`)];
}

/** @param text such as `8080,9000-9100`, as sysctl has it */
export function parsePortRanges(text: string): PortRange[] {
  return text
    .trim()
    .split(',')
    .flatMap((part) => {
      const [, first, last] = /^(\d+)(?:-(\d+))?$/.exec(part) ?? [];
      return first === undefined ? [] : [{ first: Number(first), last: Number(last ?? first) }];
    });
}

/** Whether a port of the range may be given away, which is not so where it is reserved. */
function isShared(rtp: PortRange, local: PortRange, reserved: readonly PortRange[]): boolean {
  const last = Math.min(rtp.last, local.last);
  for (let port = Math.max(rtp.first, local.first); port <= last; port++) {
    if (!reserved.some((range) => port >= range.first && port <= range.last)) return true;
  }
  return false;
}
