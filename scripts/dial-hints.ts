import { networkInterfaces } from 'node:os';
import { join } from 'node:path';
import type { NodePlan } from './node-plan.ts';
import { logFile, nodePlace } from './node-state.ts';

/** What a person needs to know about the nodes that run now. */
export function dialHints(plans: readonly NodePlan[]): string {
  const [first, ...others] = plans;
  if (!first) return '';
  const at = dialAddress(first);
  const { rostrum, asteriskDirectory } = nodePlace(first.number);
  return `
Rostrum is running${others.length > 0 ? `, ${plans.length} nodes as one cluster` : ''}. With a SIP phone, dial (without registering)
  sip:3000@${at}   listen in conference 3000
  sip:4000@${at}   speak in it
  sip:5000@${at}   speak in it, as moderator
  sip:2000@${at}   be asked for the conference
${others.length > 0 ? `The conference is the same at the other nodes: ${others.map(dialAddress).join(', ')}\n` : ''}\
Keys: *6 mutes, *9 raises the hand, *0 asks for help, ## leaves, and ** says all keys.
  ./scripts/rostrum list          shows the conferences
  ./scripts/rostrum show 3000     shows who is in one
${others.length > 0 ? otherNodes(first, others) : ''}\
Logs: ${logFile(rostrum)}
      ${join(asteriskDirectory, 'log/messages.log')}
${first.bindAddress.startsWith('127.') ? OTHER_MACHINES : PIN_OF_OTHERS}`;
}

const otherNodes = (first: NodePlan, others: readonly NodePlan[]) => `\
  ./scripts/rostrum nodes         shows the nodes
These ask ${first.nodeId}. To ask another one, name its socket, with --socket or in ROSTRUM_SOCKET:
${others.map(({ nodeId, socketPath }) => `  ./scripts/rostrum list --socket ${socketPath}   asks ${nodeId}\n`).join('')}`;

const OTHER_MACHINES = `Phones of other machines cannot call here. To let them in:
  ./scripts/down; ./scripts/up --bind <address of this machine>
`;

const PIN_OF_OTHERS = `Phones of other machines listen at 3000; at 5000 they need the PIN of moderators. To set one:
  ./scripts/rostrum profile set default access.adminPin 471147
`;

/** An address that can be dialled: 0.0.0.0, which takes calls on all of them, cannot. */
function dialAddress({ bindAddress, sipPort }: NodePlan): string {
  const address = bindAddress === '0.0.0.0' ? firstAddress() : bindAddress;
  return sipPort === 5060 ? address : `${address}:${sipPort}`;
}

function firstAddress(): string {
  const all = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? []);
  return all.find(({ family, internal }) => family === 'IPv4' && !internal)?.address ?? '127.0.0.1';
}
