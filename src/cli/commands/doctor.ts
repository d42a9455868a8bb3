import { worstOf } from '../../doctor/checks/finding.ts';
import { examine } from '../../doctor/examine.ts';
import { EXIT } from '../terminal/exit-codes.ts';
import { print, terminalWidth } from '../terminal/print.ts';
import { doctorText } from '../text/doctor-text.ts';

/**
 * `rostrum doctor`: prints what is wrong with this node and its host. It fails if there is a problem, whatever warnings
 * there are.
 * @param options.config see `readConfig`
 */
export async function doctor({ config, json }: { config?: string; json?: true }): Promise<void> {
  const findings = await examine(config, process.env);
  const state = worstOf(findings);
  print({ state, findings }, json, () => doctorText(findings, terminalWidth()));
  process.exitCode = state === 'problem' ? EXIT.failed : EXIT.ok;
}
