import type { ExtraConfiguration } from '../../scripts/asterisk-instance.ts';

/**
 * ConfBridge on the same Asterisk, set up as an operator would for the same job: 6xxx listens muted, 7xxx speaks, and
 * nobody hears announcements or music.
 */
export const CONFBRIDGE: ExtraConfiguration = {
  write: {
    'confbridge.conf': `
[general]

[hall]
type = bridge
max_members = 100000

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
[rostrum-dial-in](+)
exten => _6XXX,1,ConfBridge(\${EXTEN:1},hall,listener)
exten => _7XXX,1,ConfBridge(\${EXTEN:1},hall,speaker)
`,
  },
};

/** What to dial for a conference of either kind. */
export type Contender = { name: 'ours' | 'peer'; listen: string; speak: string };

export const OURS: Contender = { name: 'ours', listen: '3000', speak: '4000' };
export const PEER: Contender = { name: 'peer', listen: '6000', speak: '7000' };
