import { Command } from 'commander';
import { VERSION } from '../process/version.ts';
import { addClusterCommands } from './programs/cluster.ts';
import { addCompletionCommands } from './programs/completion.ts';
import { addConferenceCommands } from './programs/conference.ts';
import { addConferenceTableCommands } from './programs/conference-table.ts';
import { addConfigCommands } from './programs/config.ts';
import { addInviteCommand } from './programs/invite.ts';
import { addMemberCommand } from './programs/member.ts';
import { addNodeCommands } from './programs/node.ts';
import { addProfileCommands } from './programs/profile.ts';
import { addRecordingsCommands } from './programs/recordings.ts';
import { addReportCommand } from './programs/report.ts';
import { addShowCommands } from './programs/show.ts';
import { HELP_LAYOUT, helpItems } from './text/help-text.ts';

const EXIT_STATUSES = [
  ['0', 'done'],
  ['1', 'failed, or the state of the conference does not allow it'],
  ['2', 'wrong command line, configuration or profile'],
  ['3', 'no such conference, member or node'],
  ['4', 'no controller answers, or it has only just started'],
  ['5', 'Asterisk does not answer or cannot be used'],
  ['6', 'another controller is in charge'],
  ['7', 'status: calls work, but there are warnings'],
] as const;

/** The whole command line. Commands load their code when they run, so that the frequent ones start fast. */
export function createProgram(): Command {
  const program = new Command('rostrum')
    .description('Broadcast phone conferences on Asterisk')
    .version(VERSION)
    .showHelpAfterError('(add --help for help)')
    .configureHelp(HELP_LAYOUT)
    .addHelpText('after', ({ command }) => helpItems('Exit status:', EXIT_STATUSES, command))
    .exitOverride();
  addNodeCommands(program);
  addClusterCommands(program);
  addShowCommands(program);
  addConferenceCommands(program);
  addMemberCommand(program);
  addInviteCommand(program);
  addReportCommand(program);
  addRecordingsCommands(program);
  addConfigCommands(program);
  addProfileCommands(program);
  addConferenceTableCommands(program);
  addCompletionCommands(program);
  return program;
}
