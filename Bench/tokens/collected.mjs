// Pieces of this repository's files, and of whatever texts the machine has: manual pages, messages of programs, sources. The latter are measured, never kept.
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, readdirSync, statSync } from 'node:fs';
import { extname, join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { Seeded, hash } from './random.mjs';

const root = new URL('../../', import.meta.url).pathname;
const sizes = [900, 2000, 5000];

function* pieces(name, text, count) {
  const random = new Seeded(name);
  for (let index = 0; index < count; index++) {
    const size = random.of(sizes);
    const from = text.length <= size ? 0 : text.indexOf('\n', random.below(text.length - size)) + 1;
    const piece = text.slice(from, from + size).toWellFormed().replaceAll('\uFFFD', '').trimEnd();
    if (piece.length > 200) yield piece;
    if (text.length <= size) return;
  }
}

function* take(kind, files, most, isOwn, piecesOfEach, read = path => readFileSync(path, 'utf8')) {
  const chosen = files.map(path => [hash(path.replace(root, '')), path]).sort((one, other) => one[0] - other[0]).slice(0, most);
  for (const [index, [, path]] of chosen.entries()) {
    let text;
    try { text = read(path); } catch { continue; }
    for (const piece of pieces(path.replace(root, ''), text, piecesOfEach)) yield { kind, isOwn, sense: 'all', isHeldOut: index % 3 === 0, text: piece };
  }
}

export function* repository() {
  const files = execFileSync('git', ['ls-files'], { cwd: root, encoding: 'utf8' }).split('\n').filter(path => path && !/lock\.json|Bench\/tokens|Gateway\/Tokens|docs\/tokens|TokenStages/.test(path)).map(path => join(root, path));
  const of = (...extensions) => files.filter(path => extensions.includes(extname(path)));
  yield* take('repository: C#', of('.cs'), 150, true, 1);
  yield* take('repository: Markdown', of('.md'), 40, true, 4);
  yield* take('repository: JSON', of('.json'), 30, true, 2);
  yield* take('repository: YAML', of('.yaml', '.yml', '.tpl'), 40, true, 2);
  yield* take('repository: scripts', of('.sh', '.mjs', '.js', '.py', '.sql', '.lua', '.css'), 50, true, 2);
  yield* take('repository: pages', of('.razor', '.html', '.csproj', '.props'), 50, true, 1);
}

function* walk(folder, accepts, deepest = 8) {
  if (!existsSync(folder) || deepest === 0) return;
  for (const entry of readdirSync(folder, { withFileTypes: true }).sort((one, other) => (one.name < other.name ? -1 : 1))) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) yield* walk(path, accepts, deepest - 1);
    else if (entry.isFile() && accepts(path) && statSync(path).size > 1500) yield path;
  }
}

const unzip = path => gunzipSync(readFileSync(path)).toString('utf8');

// The translations of a gettext catalogue, a line each.
function messages(path) {
  const file = readFileSync(path);
  if (file.readUInt32LE(0) !== 0x950412de) return '';
  const [count, table] = [file.readUInt32LE(8), file.readUInt32LE(16)];
  const lines = [];
  for (let index = 1; index < count; index++) {
    const [length, offset] = [file.readUInt32LE(table + index * 8), file.readUInt32LE(table + index * 8 + 4)];
    const text = file.toString('utf8', offset, offset + length).replaceAll('\0', '\n');
    if (/[^\x00-\x7F]/.test(text) || text.length > 12) lines.push(text);
  }
  return lines.join('\n');
}

const languages = 'ar be bg ca cs da de el es et fa fi fr he hi hr hu id it ja ka ko lt lv ml mr ms nb nl pa pl pt pt_BR ro ru sk sl sr sv ta te th tr uk vi zh_CN zh_TW'.split(' ');

export function* machine(perKind) {
  for (const language of languages) {
    yield* take(`messages: ${language}`, [...walk(`/usr/share/locale/${language}/LC_MESSAGES`, path => path.endsWith('.mo'))], perKind / 2, false, 2, messages);
    yield* take(`manual: ${language}`, [...walk(`/usr/share/man/${language}`, path => path.endsWith('.gz'))], perKind / 2, false, 1, unzip);
  }
  yield* take('manual: en', [...walk('/usr/share/man/man1', path => path.endsWith('.gz'))], perKind * 2, false, 1, unzip);
  yield* take('documentation', [...walk('/usr/share/doc', path => /\.(txt|md|rst)$|README$/.test(path)), ...walk('/usr/share/vim', path => path.endsWith('.txt'))], perKind * 2, false, 1);
  yield* take('changelogs', [...walk('/usr/share/doc', path => /changelog.*\.gz$/i.test(path), 2)], perKind, false, 1, unzip);
  yield* take('source: C', [...walk('/usr/include', path => path.endsWith('.h'), 3)], perKind, false, 1);
  yield* take('source: C++', [...walk('/usr/include/c++', path => path.endsWith('.h') || path.endsWith('.tcc'))], perKind, false, 1);
  yield* take('source: Python', [...walk('/usr/lib/python3.11', path => path.endsWith('.py'), 4)], perKind, false, 1);
  yield* take('source: Perl', [...walk('/usr/share/perl', path => path.endsWith('.pm'))], perKind, false, 1);
  yield* take('source: JavaScript', [...walk('/usr/lib/node_modules', path => path.endsWith('.js')), ...walk('/usr/local/lib/node_modules', path => path.endsWith('.js'))], perKind, false, 1);
  yield* take('source: TypeScript', [...walk(join(root, 'Bench/tokens/node_modules/gpt-tokenizer/src'), path => path.endsWith('.ts') && !path.includes('bpeRanks'))], perKind, false, 1);
  yield* take('source: XML', [...walk('/usr/share/xml', path => path.endsWith('.xml')), ...walk('/usr/share/mime', path => path.endsWith('.xml'))], perKind, false, 1);
}
