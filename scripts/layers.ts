import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * Checks that imports point downwards only, by the table of layers in docs/architecture.md: the one place where the layers
 * are listed. `npm run lint` runs it.
 */

/** A row of the table. */
export type Layer = {
  /** As `src/api`: without the folders in it. */
  readonly folders: readonly string[];
  /** The packages that the layer may import; null for any. */
  readonly packages: readonly string[] | null;
};

/** What each file of src imports: files of src, and packages by their names. */
export type Imports = ReadonlyMap<string, readonly string[]>;

const ROOT = fileURLToPath(new URL('../', import.meta.url));
const ROW = /^\| (`src\/.*?) +\| (.*?) +\|/gm;
const IMPORT = /\b(?:from|import)\s*\(?\s*'([^']+)'/g;

/** @param markdown a text with rows such as "| `src/api` | anything | what it is |", the highest layer first */
export function parseLayers(markdown: string): Layer[] {
  return [...markdown.matchAll(ROW)].map(([, folders = '', packages = '']) => ({
    folders: codeIn(folders),
    packages: packages === 'anything' ? null : codeIn(packages),
  }));
}

/** The folders that may import nothing but certain packages, and have neither clock nor timers: the pure core. */
export function pureFolders(layers: readonly Layer[]): string[] {
  return layers.flatMap(({ folders, packages }) => (packages ? folders : []));
}

/** @returns a line for each rule that is broken, and where */
export function violations(layers: readonly Layer[], imports: Imports): string[] {
  const folders = layers.flatMap((layer) => layer.folders);
  const layerOf = (file: string) => layers.findIndex((layer) => layer.folders.includes(dirname(file)));
  const files = [...imports.keys()];
  const edges = [...imports].flatMap(([file, targets]) => targets.map((target) => ({ file, target })));
  const inner = edges.filter(({ target }) => imports.has(target));
  const outer = edges.filter(({ target }) => !imports.has(target));

  const unlisted = new Set(files.map((file) => dirname(file)).filter((folder) => !folders.includes(folder)));
  const empty = folders.filter((folder) => !files.some((file) => dirname(file) === folder));
  const up = inner.filter(({ file, target }) => layerOf(target) < layerOf(file));
  const impure = inner.filter(
    ({ file, target }) => layers[layerOf(file)]?.packages && !layers[layerOf(target)]?.packages,
  );
  const strange = outer.filter(({ file, target }) => {
    const packages = layers[layerOf(file)]?.packages;
    return packages && !packages.includes(target);
  });
  const rooms = inner.map(({ file, target }) => ({ file: dirname(file), target: dirname(target) }));
  return [
    ...[...unlisted].map((folder) => `${folder}: the table of layers does not name this folder`),
    ...empty.map((folder) => `${folder}: the table of layers names this folder, and it has no files`),
    ...up.map(({ file, target }) => `${file}: imports ${target}, which is in a higher layer`),
    ...impure.map(({ file, target }) => `${file}: is in the pure core, and imports ${target}, which is not`),
    ...strange.map(({ file, target }) => `${file}: its layer may not import ${target}`),
    ...circles(inner).map((circle) => `a circle of files: ${circle.join(' -> ')}`),
    ...circles(rooms.filter(({ file, target }) => file !== target)).map(
      (circle) => `a circle of folders: ${circle.join(' -> ')}`,
    ),
  ];
}

/** One circle for each edge that closes one, as a depth-first search finds them: none if and only if there is none. */
function circles(edges: readonly { file: string; target: string }[]): string[][] {
  const targets = new Map<string, string[]>();
  for (const { file, target } of edges) targets.set(file, [...(targets.get(file) ?? []), target]);
  const done = new Set<string>();
  const found: string[][] = [];
  const visit = (node: string, path: readonly string[]) => {
    const start = path.indexOf(node);
    if (start >= 0) found.push([...path.slice(start), node]);
    if (start >= 0 || done.has(node)) return;
    for (const target of targets.get(node) ?? []) visit(target, [...path, node]);
    done.add(node);
  };
  for (const node of targets.keys()) visit(node, []);
  return found;
}

/** Type imports count as well: who knows a type depends on it. */
export function readImports(root = ROOT): Imports {
  const names = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' });
  const files = names.filter((name) => name.endsWith('.ts')).map((name) => join('src', name));
  return new Map(
    files.map((file) => {
      const text = readFileSync(join(root, file), 'utf8');
      const named = [...text.matchAll(IMPORT)].map(([, name = '']) => name);
      return [file, named.map((name) => (name.startsWith('.') ? normalize(join(dirname(file), name)) : name))];
    }),
  );
}

export function readLayers(root = ROOT): Layer[] {
  return parseLayers(readFileSync(join(root, 'docs/architecture.md'), 'utf8'));
}

function codeIn(cell: string): string[] {
  return [...cell.matchAll(/`([^`]+)`/g)].map(([, code = '']) => code);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const broken = violations(readLayers(), readImports());
  for (const line of broken) console.error(line);
  if (broken.length > 0) console.error('docs/architecture.md, Layers, says which folder may import which.');
  process.exitCode = broken.length > 0 ? 1 : 0;
}
