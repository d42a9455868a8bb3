/** One instruction of a Dockerfile, such as `RUN` and what follows it. */
export type Instruction = { readonly name: string; readonly rest: string };

/** What is made from one `FROM` on. */
export type Stage = {
  /** After `AS`, else its number. */
  readonly name: string;
  readonly from: string;
  readonly instructions: readonly Instruction[];
};

/** Reads as much of the language as a plain Dockerfile has: comments, continued lines, stages. */
export function parseDockerfile(text: string): Stage[] {
  const lines = text
    .replaceAll(/^\s*#.*\n/gm, '')
    .replaceAll(/\\\n/g, ' ')
    .split('\n')
    .filter((line) => line.trim() !== '');
  const stages: { name: string; from: string; instructions: Instruction[] }[] = [];
  for (const line of lines) {
    const [, name = '', rest = ''] = /^([A-Z]+)\s+(.*)$/.exec(line.trim()) ?? [];
    if (name === 'FROM') {
      const [from = '', , as] = rest.split(/\s+/);
      stages.push({ name: as ?? String(stages.length), from, instructions: [] });
    } else {
      const stage = stages.at(-1);
      if (name === '' || !stage) throw new TypeError(`Dockerfile: ${line}`);
      stage.instructions.push({ name, rest });
    }
  }
  return stages;
}

/** The packages of Debian that an `apt-get install` among the instructions names. */
export function debianPackages({ instructions }: Stage): string[] {
  const installs = instructions.flatMap(({ rest }) => /apt-get install ([^&;]+)/.exec(rest)?.[1] ?? []);
  return installs.flatMap((words) => words.trim().split(/\s+/)).filter((word) => !word.startsWith('-'));
}
