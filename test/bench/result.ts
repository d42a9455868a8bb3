/** What a bench measured on one contender; the bench's headline figure is among them. */
export type Figures = Record<string, number>;

/** What was asked for. */
export type Params = Record<string, number | boolean>;

/** The object that `--json` prints. */
export type Result = {
  bench: string;
  params: Params;
  ours: Figures;
  peer: Figures;
  /** ours / peer of the headline figure: smaller is better. */
  ratio: number;
};

export function result(
  bench: string,
  params: Params,
  headline: string,
  measured: { ours: Figures; peer: Figures },
  decimals = 2,
): Result {
  const unit = 10 ** decimals;
  const round = (figures: Figures) =>
    Object.fromEntries(Object.entries(figures).map(([name, value]) => [name, Math.round(value * unit) / unit]));
  const ratio = (measured.ours[headline] ?? Number.NaN) / (measured.peer[headline] ?? Number.NaN);
  const ours = round(measured.ours);
  return { bench, params, ours, peer: round(measured.peer), ratio: Math.round(ratio * 1000) / 1000 };
}

/** The value below which the fraction `p` of the values lies; NaN if there are none. */
export function percentile(values: readonly number[], p: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * p))] ?? Number.NaN;
}

export function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** The mean of each figure over several rounds. */
export function average(rounds: readonly Figures[]): Figures {
  const names = Object.keys(rounds[0] ?? {});
  return Object.fromEntries(names.map((name) => [name, mean(rounds.map((round) => round[name] ?? Number.NaN))]));
}
