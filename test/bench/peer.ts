import type { ExtraConfiguration } from '../../scripts/asterisk-instance.ts';

/** The user of the peer's phones in the From header, by which Asterisk tells them from ours. */
const PEER_USER = 'peer';

/**
 * ConfBridge on the same Asterisk, set up as an operator would for the same job: 6xxx listens muted, 7xxx speaks, and
 * nobody hears announcements or music. Its phones have an endpoint of their own, which Rostrum has no part in.
 */
export function confBridge({ packetMs = 20 }: { packetMs?: number } = {}): ExtraConfiguration {
  return {
    write: {
      'confbridge.conf': `
[general]

[hall]
type = bridge
max_members = 100000

[volume]
type = menu
4 = decrease_listening_volume
5 = reset_listening_volume
6 = increase_listening_volume

[listener]
type = user
startmuted = yes
quiet = yes

[speaker]
type = user
quiet = yes
`,
    },
    append: {
      'modules.conf': '\nload = app_confbridge.so\n',
      'extensions.conf': `
[bench-confbridge]
exten => _6XXX,1,ConfBridge(\${EXTEN:1},hall,listener,volume)
exten => _7XXX,1,ConfBridge(\${EXTEN:1},hall,speaker)
`,
      'pjsip.conf': `
[${PEER_USER}]
type = endpoint
context = bench-confbridge
disallow = all
allow = ulaw
; Packets as long as the phone asks for. What is behind a codec in allow, such as ulaw:60, only goes into the SDP.
use_ptime = ${packetMs === 20 ? 'no' : 'yes'}
dtmf_mode = auto_info
direct_media = no
rtp_symmetric = yes
force_rport = yes
rewrite_contact = yes
rtp_keepalive = 20
rtp_timeout = 120
timers = yes
allow_subscribe = no
allow_transfer = no
`,
    },
  };
}

/** What to dial for a conference of either kind, and from which number. */
export type Contender = {
  name: 'ours' | 'peer';
  listen: string;
  speak: string;
  /** The caller number of a phone of that name. */
  caller: (name: string) => string;
};

export const OURS: Contender = { name: 'ours', listen: '3000', speak: '4000', caller: (name) => name };
export const PEER: Contender = { name: 'peer', listen: '6000', speak: '7000', caller: () => PEER_USER };
