import { escapeText } from './markup.js'
import { paletteCss, toneCss } from './palette.js'

const CSS = [
  paletteCss(':root'),
  ':root{color-scheme:light dark}',
  '*{box-sizing:border-box}',
  'body{margin:0;background:var(--background);color:var(--text);line-height:1.55;',
  'font-family:system-ui,-apple-system,"Segoe UI",Roboto,"Liberation Sans","DejaVu Sans",sans-serif}',
  'main,header,footer{max-width:60rem;margin:0 auto;padding:0 1.25rem}',
  'header{padding-top:3rem}footer{padding-bottom:3rem}',
  'h1{font-size:clamp(1.7rem,5vw,2.6rem);line-height:1.15;letter-spacing:-.02em;margin:.3rem 0 .8rem;text-wrap:balance}',
  'h1 strong{color:var(--query)}',
  'h2{font-size:1.35rem;line-height:1.3;margin:3.2rem 0 .4rem}',
  'p{max-width:44rem;margin:.5rem 0}',
  '.eyebrow,.muted,figcaption{color:var(--muted)}',
  '.eyebrow{margin:0;font-weight:600;font-size:.9rem}',
  '.lead{font-size:1.15rem}',
  '.tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,13rem),1fr));gap:.75rem;margin:1.75rem 0 0;padding:0;list-style:none}',
  '.tiles li{background:var(--surface);border:1px solid var(--line);border-radius:.6rem;padding:.9rem 1rem}',
  '.tiles b{display:block;font-size:1.5rem;line-height:1.25;font-variant-numeric:tabular-nums}',
  '.tiles span{color:var(--muted);font-size:.9rem}',
  'figure{margin:1.1rem 0 0}figcaption{font-size:.9rem;margin:0 0 .9rem;max-width:44rem}',
  '.legend{display:flex;flex-wrap:wrap;gap:.25rem 1.1rem;margin:0 0 1rem;padding:0;list-style:none;font-size:.9rem}',
  '.legend i{display:inline-block;width:.8rem;height:.8rem;border-radius:.15rem;margin-right:.45rem;vertical-align:-.05rem}',
  '.legend i.line{height:0;border-top:2px solid var(--text);border-radius:0;vertical-align:.2rem}',
  '.charts{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,24rem),1fr));gap:2rem 2.5rem}',
  '.chart{display:block;overflow:visible}',
  '.chart text{fill:var(--text);font-size:14px}',
  '.chart .group{font-weight:600;font-size:15px}',
  '.chart .name{fill:var(--muted)}',
  '.chart .value{text-anchor:end;font-variant-numeric:tabular-nums}',
  '.chart .rail{fill:var(--surface)}',
  '.chart .segment{stroke:var(--background);stroke-width:1}',
  '.chart .whisker{stroke:var(--text);stroke-width:1.5}',
  '.scroll{overflow-x:auto;margin:1rem 0 0}',
  'table{border-collapse:collapse;width:100%;font-size:.92rem;font-variant-numeric:tabular-nums}',
  'caption{text-align:left;color:var(--muted);padding:0 0 .4rem}',
  'th,td{padding:.4rem .7rem;border-bottom:1px solid var(--line);text-align:right;white-space:nowrap}',
  'th:first-child,td:first-child{padding-left:0}th:last-child,td:last-child{padding-right:0}',
  'th.text,td.text{text-align:left}thead th{color:var(--muted);font-weight:600}tbody th{font-weight:600}',
  'details{margin:1rem 0 0}summary{cursor:pointer;color:var(--muted);width:fit-content}',
  'code{font:.9em ui-monospace,"Cascadia Mono",Menlo,"DejaVu Sans Mono",monospace;overflow-wrap:anywhere}',
  'pre{background:var(--surface);border:1px solid var(--line);border-radius:.6rem;padding:.8rem 1rem;margin:1rem 0;white-space:pre-wrap}',
  'dl{display:grid;grid-template-columns:max-content 1fr;gap:.3rem 1.4rem;margin:1rem 0}',
  'dt{color:var(--muted)}dd{margin:0;overflow-wrap:anywhere}',
  'tbody th{position:sticky;left:0;background:var(--background)}',
  '@media (max-width:36rem){th,td{padding:.4rem .5rem}tbody th{white-space:normal;min-width:8rem}}',
  '@media (max-width:30rem){dl{grid-template-columns:1fr;gap:0}dd{margin-bottom:.6rem}}',
  ':focus-visible{outline:2px solid var(--query);outline-offset:3px;border-radius:.2rem}',
  '@media print{details::details-content{content-visibility:visible}}',
  toneCss('fill'),
  '.legend .tone-tcp,.legend .tone-tls,.legend .tone-auth,.legend .tone-query,.legend .tone-close,',
  '.legend .tone-fresh,.legend .tone-pooled{fill:none}',
  toneCss('background').replaceAll('.tone-', '.legend .tone-'),
].join('')

/** A page that loads nothing: its style is inline, it has no script, and `body` is its markup. */
export function htmlPage(title: string, body: string): string {
  return (
    '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n' +
    '<meta name="viewport" content="width=device-width,initial-scale=1">\n' +
    '<meta name="color-scheme" content="light dark">\n' +
    // Not even a favicon is asked for.
    '<link rel="icon" href="data:,">\n' +
    `<title>${escapeText(title)}</title>\n<style>${CSS}</style>\n</head>\n<body>\n${body}\n</body>\n</html>\n`
  )
}
