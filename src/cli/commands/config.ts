import { nodeConfigJsonSchema } from '../../config/json-schema.ts';
import { readConfig, readNodeFile } from '../../config/read-config.ts';

/**
 * `rostrum config check`: reads rostrum.yaml and the secrets that it names, as a start does.
 * @param argument the file as a word of its own
 * @param options.config see `readConfig`
 * @throws ConfigError with every mistake
 */
export async function check(argument: string | undefined, options: { config?: string }): Promise<void> {
  const named = argument ?? options.config;
  const { path } = await readNodeFile(named, process.env);
  await readConfig(named, process.env);
  process.stdout.write(`${path}: valid, and so are the secrets that it names\n`);
}

/** `rostrum config schema` */
export function schema(): void {
  process.stdout.write(`${JSON.stringify(nodeConfigJsonSchema(), null, 2)}\n`);
}
