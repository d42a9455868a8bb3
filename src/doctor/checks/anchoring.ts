import { type Finding, listed, note, ok, problem, warning } from './finding.ts';
import { isIn, isIpv6, isLoopback, isWithin, LOOPBACK, LOOPBACK_OF_IPV6, parseIpv4, parseNetwork } from './ip.ts';

/**
 * Whether the relay can stand in front of Asterisk's RTP. Asterisk then binds the RTP of an endpoint on a loopback address
 * and tells phones the address of the host, at which the relay listens.
 */

const CHECK = 'anchoring';
const RUN_AS_ROOT = 'run "rostrum doctor" as root or as the user of Asterisk';

/** An endpoint or a transport of pjsip.conf, as Asterisk has it. An option may be there several times (`local_net`). */
export type PjsipObject = { readonly name: string; readonly options: ReadonlyMap<string, readonly string[]> };

/** Of rtp.conf, from `rtp show settings`. */
export type RtpSettings = { readonly strict: string; readonly ice: string };

export type AnchoringFacts = {
  readonly endpoints: readonly PjsipObject[];
  readonly transports: readonly PjsipObject[];
  /** Null if the console could not be asked. */
  readonly rtp: RtpSettings | null;
  /** The address of this host at which it gets calls, and the relay their RTP. */
  readonly relayAddress: string;
};

type Setting = { readonly option: string; readonly value: string; readonly otherwise: string };

/** The options that an anchored endpoint needs besides `media_address`, and what happens otherwise. */
const SETTINGS: readonly Setting[] = [
  { option: 'bind_rtp_to_media_address', value: 'yes', otherwise: 'Asterisk takes the ports of the relay itself' },
  { option: 'direct_media', value: 'no', otherwise: 'Asterisk sends phones past the relay' },
  {
    option: 'rtp_symmetric',
    value: 'yes',
    otherwise: 'Asterisk sends audio to the phone itself, which loopback does not reach',
  },
  { option: 'rtp_timeout', value: '0', otherwise: 'Asterisk hangs up listeners, whose audio the relay keeps' },
  { option: 'rtp_timeout_hold', value: '0', otherwise: 'Asterisk hangs up listeners who are on hold' },
  { option: 'ice_support', value: 'no', otherwise: 'phones are offered a loopback address as candidate' },
];

export function judgeAnchoring(facts: AnchoringFacts): Finding[] {
  const { endpoints, transports, rtp, relayAddress } = facts;
  if (endpoints.length === 0) return [note(CHECK, 'Asterisk has no PJSIP endpoint, or they could not be read')];
  const encrypted = endpoints.filter(isEncrypted);
  const plain = endpoints.filter((endpoint) => !isEncrypted(endpoint));
  const anchored = plain.filter((endpoint) => isLoopback(optionOf(endpoint, 'media_address')));
  const others = plain.filter((endpoint) => !anchored.includes(endpoint));

  const findings = [
    ...SETTINGS.flatMap((setting) => judgeSetting(setting, anchored)),
    ...(anchored.length > 0 ? judgeTransports(anchored, transports, relayAddress) : []),
    ...judgeRtp(rtp, { anchored, iceNeeded: endpoints.filter(needsIce) }),
  ];
  const isGood = anchored.length > 0 && findings.every(({ state }) => state === 'ok' || state === 'note');
  if (isGood) findings.unshift(ok(CHECK, `the relay anchors ${endpointsIn(anchored)}`));
  if (others.length > 0) {
    const message = `media_address is not set to a loopback address for ${endpointsIn(others)}: callers are heard from the bridge, which is dearer`;
    const remedy = 'set media_address = 127.0.99.1 in pjsip.conf, with what goes with it: see docs/installation.md';
    findings.push(warning(CHECK, message, remedy));
  }
  if (encrypted.length > 0) {
    const message = `${endpointsIn(encrypted)}: media_encryption is set, so callers are heard from the bridge, which is dearer`;
    findings.push(note(CHECK, message));
  }
  return findings;
}

/** Where the first transport that has an address of its own gets calls; the first address of this host without one. */
export function boundAddressOf(transports: readonly PjsipObject[], firstOfHost: string): string {
  for (const transport of transports) {
    const [host = ''] = optionOf(transport, 'bind').split(':');
    if (parseIpv4(host) !== null && host !== '0.0.0.0') return host;
  }
  return firstOfHost;
}

function judgeSetting({ option, value, otherwise }: Setting, anchored: readonly PjsipObject[]): Finding[] {
  const wrong = anchored.filter((endpoint) => !isSame(optionOf(endpoint, option), value));
  if (wrong.length === 0) return [];
  const message = `${option} is not ${value} for ${endpointsIn(wrong)}: ${otherwise}`;
  return [problem(CHECK, message, `set ${option} = ${value} in pjsip.conf, then "module reload res_pjsip.so"`)];
}

function judgeTransports(
  anchored: readonly PjsipObject[],
  transports: readonly PjsipObject[],
  relayAddress: string,
): Finding[] {
  if (transports.length === 0) return [note(CHECK, 'the transports of pjsip.conf could not be read')];
  return transports.flatMap((transport) => {
    // Phones that speak SIP over WebSocket are encrypted.
    if (['ws', 'wss'].includes(optionOf(transport, 'protocol'))) return [];
    // An endpoint that names no transport takes calls on all of its IP version.
    const using = anchored.filter((endpoint) => ['', transport.name].includes(optionOf(endpoint, 'transport')));
    const isOfIpv6 = optionOf(transport, 'bind').startsWith('[');
    const ofVersion = using
      .map((endpoint) => optionOf(endpoint, 'media_address'))
      .filter((each) => isIpv6(each) === isOfIpv6);
    const addresses = [...new Set(ofVersion)];
    return addresses.length === 0
      ? []
      : [...judgeExternal(transport, relayAddress), ...judgeLocalNets(transport, addresses)];
  });
}

function judgeExternal(transport: PjsipObject, relayAddress: string): Finding[] {
  const external = optionOf(transport, 'external_media_address');
  const isReachable = external !== '' && (!isLoopback(external) || external === relayAddress);
  if (isReachable) return [];
  const example = optionOf(transport, 'bind').startsWith('[') ? '' : ` (such as ${relayAddress})`;
  const given = external === '' ? 'is not set' : `is ${external}, on loopback`;
  return [
    problem(
      CHECK,
      `external_media_address of transport ${transport.name} ${given}: phones are told to send to loopback`,
      `set external_media_address in pjsip.conf to the address at which phones reach this host${example}, and restart Asterisk`,
    ),
  ];
}

/** Asterisk tells phones `external_media_address` if `local_net` has the endpoint's address, and not that of the phone. */
function judgeLocalNets(transport: PjsipObject, mediaAddresses: readonly string[]): Finding[] {
  const texts = (transport.options.get('local_net') ?? []).filter((text) => text !== '');
  const networks = texts.map((text) => ({ text, network: parseNetwork(text) }));
  const external = parseIpv4(optionOf(transport, 'external_media_address'));
  const restart = 'and restart Asterisk';
  const isForIpv6 = (text: string) => text.split('/')[0] === LOOPBACK_OF_IPV6;
  const uncovered = mediaAddresses.filter((address) => {
    if (isIpv6(address)) return !texts.some(isForIpv6);
    const parsed = parseIpv4(address) ?? 0;
    return !networks.some(({ network }) => network !== null && isIn(parsed, network));
  });
  const tooWide = networks.filter(({ text, network }) => {
    if (isForIpv6(text)) return false;
    if (network === null || !isWithin(network, LOOPBACK)) return true;
    return external !== null && isIn(external, network);
  });
  return [
    ...uncovered.map((address) =>
      problem(
        CHECK,
        `local_net of transport ${transport.name} does not cover media_address ${address}: phones are told to send there`,
        `set local_net = ${isIpv6(address) ? `${address}/128` : `${address.replace(/\.\d+$/, '.0')}/24`} in pjsip.conf, ${restart}`,
      ),
    ),
    ...tooWide.map(({ text }) =>
      problem(
        CHECK,
        `local_net ${text} of transport ${transport.name} covers more than the loopback network of media_address: phones in it are told to send to loopback`,
        `take local_net = ${text} out of pjsip.conf, ${restart}`,
      ),
    ),
  ];
}

type UsesOfRtp = { readonly anchored: readonly PjsipObject[]; readonly iceNeeded: readonly PjsipObject[] };

function judgeRtp(rtp: RtpSettings | null, { anchored, iceNeeded }: UsesOfRtp): Finding[] {
  if (anchored.length === 0 && iceNeeded.length === 0) return [];
  if (rtp === null) return [note(CHECK, 'strictrtp and icesupport could not be read', RUN_AS_ROOT)];
  const findings: Finding[] = [];
  const reload = 'then "module reload res_rtp_asterisk.so"';
  if (anchored.length > 0 && !isSame(rtp.strict, 'no')) {
    const message = `strictrtp is ${rtp.strict.toLowerCase()}: Asterisk drops packets of the relay when they come from a new port`;
    findings.push(problem(CHECK, message, `set strictrtp = no in rtp.conf, ${reload}`));
  }
  const hasIce = isSame(rtp.ice, 'yes');
  if (hasIce && iceNeeded.length === 0) {
    const message = 'icesupport is on, and no endpoint uses ICE: Asterisk gathers candidates in vain for each call';
    findings.push(warning(CHECK, message, `set icesupport = no in rtp.conf, ${reload}`));
  }
  if (!hasIce && iceNeeded.length > 0) {
    const message = `icesupport is off, and ${endpointsIn(iceNeeded)} cannot do without ICE: browsers hear nothing`;
    findings.push(problem(CHECK, message, `set icesupport = yes in rtp.conf, ${reload}`));
  }
  return findings;
}

function needsIce(endpoint: PjsipObject): boolean {
  return (
    isEncrypted(endpoint) &&
    (isSame(optionOf(endpoint, 'ice_support'), 'yes') || isSame(optionOf(endpoint, 'webrtc'), 'yes'))
  );
}

function isEncrypted(endpoint: PjsipObject): boolean {
  const encryption = optionOf(endpoint, 'media_encryption');
  return (encryption !== '' && !isSame(encryption, 'no')) || isSame(optionOf(endpoint, 'webrtc'), 'yes');
}

function optionOf({ options }: PjsipObject, option: string): string {
  return options.get(option)?.[0] ?? '';
}

/** Asterisk shows a switch as `yes` here and as `true` there, and a number of seconds as it is. */
function isSame(shown: string, wanted: string): boolean {
  return plain(shown) === plain(wanted);
}

function plain(value: string): string {
  const text = value.trim().toLowerCase();
  if (['yes', 'true', 'on', 'enabled'].includes(text)) return 'yes';
  return ['no', 'false', 'off', 'disabled', ''].includes(text) ? 'no' : text;
}

function endpointsIn(endpoints: readonly PjsipObject[]): string {
  return `${endpoints.length === 1 ? 'endpoint' : 'endpoints'} ${listed(endpoints.map(({ name }) => name))}`;
}
