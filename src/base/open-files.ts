/** How many files a process may open; infinite where there is no limit. */
export type OpenFiles = { readonly soft: number; readonly hard: number };

/** @param text of /proc/<pid>/limits. @returns null if it does not have the limit */
export function parseOpenFiles(text: string): OpenFiles | null {
  const [, soft, hard] = /^Max open files\s+(\d+|unlimited)\s+(\d+|unlimited)/m.exec(text) ?? [];
  return soft === undefined || hard === undefined ? null : { soft: limitOf(soft), hard: limitOf(hard) };
}

function limitOf(text: string): number {
  return text === 'unlimited' ? Number.POSITIVE_INFINITY : Number(text);
}
