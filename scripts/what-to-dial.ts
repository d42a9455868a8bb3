import { networkInterfaces } from 'node:os';
import { logFile, STATE_DIRECTORY } from './node-state.ts';

/** What a person needs to know about the node that runs now. */
export function whatToDial({ sipAddress, sipPort }: { readonly sipAddress: string; readonly sipPort: number }): string {
  const address = dialAddress(sipAddress);
  const at = sipPort === 5060 ? address : `${address}:${sipPort}`;
  return `
Rostrum is running. With a SIP phone, dial (without registering)
  sip:3000@${at}   listen in conference 3000
  sip:4000@${at}   speak in it
  sip:5000@${at}   speak in it, as moderator
  sip:2000@${at}   be asked for the conference
Keys: # leaves, * stops hearing and hears again, 0 stops both and comes back, 1-3 change how loud
one is heard, 4-6 how loud one hears; moderators also have *1 to *0.
  npx rostrum list          shows the conferences
  npx rostrum show 3000     shows who is in one
Logs: ${logFile('rostrum')}
      ${STATE_DIRECTORY}/asterisk/log/messages.log
${sipAddress.startsWith('127.') ? OTHER_MACHINES : ''}`;
}

const OTHER_MACHINES = `Phones of other machines cannot call here. To let them in:
  ./scripts/down; ./scripts/up --bind <address of this machine>
`;

/** An address that can be dialled: 0.0.0.0, which takes calls on all of them, cannot. */
function dialAddress(bound: string): string {
  if (bound !== '0.0.0.0') return bound;
  const all = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? []);
  return all.find(({ family, internal }) => family === 'IPv4' && !internal)?.address ?? '127.0.0.1';
}
