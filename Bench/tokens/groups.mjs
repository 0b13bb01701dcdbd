// The groups of texts that errors are told by.
const languages = {
  'Western Europe': 'de fr es it pt pt_BR nl da sv nb ca german french spanish',
  'other Latin': 'cs et fi hr hu id lt lv ms pl ro sk sl tr vi',
  'Cyrillic and Greek': 'be bg ru sr uk el russian',
  'East Asia': 'ja ko zh_CN zh_TW chinese japanese korean',
  'Middle East, India, others': 'ar fa he hi mr ml pa ta te th ka arabic hindi',
};
const byLanguage = new Map(Object.entries(languages).flatMap(([group, codes]) => codes.split(' ').map(code => [code, group])));

export const groups = ['English', 'code', 'JSON, logs, tables', 'base64, hex', ...Object.keys(languages), 'noise', 'random letters of rare scripts'];

export function groupOf({ kind, sense }) {
  if (sense !== 'all') return sense === 'noise' ? 'noise' : 'random letters of rare scripts';
  const [source, name] = kind.split(': ');
  if (byLanguage.has(name)) return byLanguage.get(name);
  if (/base64|hex/.test(name)) return 'base64, hex';
  if (source === 'source' || /C#|scripts|pages|SQL|names of code/.test(name)) return 'code';
  if (/english|en$|Markdown|emoji/.test(name) || name === undefined) return 'English';
  return 'JSON, logs, tables';
}
