import { readProfiles } from '../../config/read-profiles.ts';
import { profileJsonSchema } from '../../profiles/json-schema.ts';

export async function check(directory: string): Promise<void> {
  const { conferences, controls } = await readProfiles(directory);
  process.stdout.write(
    `${directory}: ${conferences.size} conference and ${controls.size} controls profiles, all valid\n`,
  );
}

export function schema(): void {
  process.stdout.write(`${JSON.stringify(profileJsonSchema(), null, 2)}\n`);
}
