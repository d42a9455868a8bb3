import type { Command } from 'commander';
import { addClientOptions } from '../options/common.ts';
import { lazily } from './lazily.ts';

/** Adds `rostrum invite`. */
export function addInviteCommand(program: Command): void {
  const invite = program
    .command('invite')
    .argument('<conference>')
    .argument('[targets...]', 'phone numbers, or endpoints where rostrum.yaml allows them')
    .description('call people into a conference')
    .option('--speaker', 'they join as speakers')
    .option('--admin', 'they join as moderators')
    .option('--flags <flags...>', 'further flags, such as +mute')
    .option('--skip-pin', 'they need not dial a PIN')
    .option('--profile <name>', 'profile of a conference that does not exist yet')
    .option('--caller-id <id>', 'what they see: 5551, or "Name <5551>"')
    .option('--timeout <seconds>', 'how long it may ring')
    .option('--tries <number>', 'how often to call a phone that is busy, does not answer or is unreachable')
    .option('--retry <seconds>', 'how long to wait between tries')
    .option('--wait', 'print the progress until all have answered or failed; exit status 1 if one of them failed')
    .option('--list', 'show the invitations instead')
    .option('--cancel <id>', 'cancel an invitation instead');
  addClientOptions(invite).action(lazily(async () => (await import('../commands/invite.ts')).invite));
}
