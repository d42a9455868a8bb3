import { worstOf } from '../../doctor/checks/finding.ts';
import { examine } from '../../doctor/examine.ts';
import { EXIT, type ExitCode } from '../terminal/exit-codes.ts';
import { print, terminalWidth } from '../terminal/print.ts';
import { doctorText } from '../text/doctor-text.ts';

/**
 * `rostrum doctor`: prints what is wrong with this node and its host.
 * @param config see `readConfig`
 * @returns the exit status: failed if there is a problem, whatever warnings there are
 */
export async function doctor({ config, json }: { config?: string; json?: true }): Promise<ExitCode> {
  const findings = await examine(config, process.env);
  const state = worstOf(findings);
  print({ state, findings }, json, () => doctorText(findings, terminalWidth()));
  return state === 'problem' ? EXIT.failed : EXIT.ok;
}
