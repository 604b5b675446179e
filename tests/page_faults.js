// What is wrong with a page for readers who see, hear or type less than others, as a list of texts.
() => {
  const found = [];
  const seen = (e) => e.checkVisibility();
  const start = (text) => text.trim().slice(0, 60);

  // Contrast, by WCAG 2: 4.5, of large letters 3.
  const parts = (color) => color.match(/[\d.]+/g).map(Number);
  const share = (v) => (v /= 255) <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
  const light = ([r, g, b]) => 0.2126 * share(r) + 0.7152 * share(g) + 0.0722 * share(b);
  const paper = (e) => {
    for (; e; e = e.parentElement) {
      const color = parts(getComputedStyle(e).backgroundColor);
      if (color.length === 3 || color[3] === 1) return color;
    }
    return [255, 255, 255];
  };
  const words = (e) => [...e.childNodes].some((n) => n.nodeType === 3 && n.data.trim());
  for (const e of document.body.querySelectorAll("*")) {
    if (e.closest("svg, script, style") || !seen(e) || !words(e)) continue;
    const style = getComputedStyle(e);
    const [more, less] = [light(parts(style.color)), light(paper(e))].sort((x, y) => y - x);
    const ratio = (more + 0.05) / (less + 0.05);
    const size = parseFloat(style.fontSize);
    const large = size >= 24 || (size >= 18.6 && style.fontWeight >= 700);
    if (ratio < (large ? 3 : 4.5)) found.push(`contrast ${ratio.toFixed(1)}: ${start(e.textContent)}`);
  }

  // Names of what is looked at, pressed or entered.
  const name = (e) =>
    (e.getAttribute("aria-label") || e.labels?.[0]?.textContent || e.textContent).trim();
  const named = "svg, [role=region], button, input, select, textarea, summary, a[href]";
  for (const e of document.querySelectorAll(named))
    if (!e.parentElement.closest("svg") && seen(e) && !name(e))
      found.push(`no name: ${start(e.outerHTML)}`);
  for (const e of document.querySelectorAll("svg"))
    if (e.getAttribute("role") !== "img") found.push("a picture that is none to a screen reader");
  const regions = [...document.querySelectorAll("[role=region]")].map(name);
  for (const [at, text] of regions.entries())
    if (regions.indexOf(text) !== at) found.push(`two regions are named ${text}`);

  // Order.
  let level = 0;
  for (const e of document.querySelectorAll("h1, h2, h3, h4")) {
    if (e.tagName[1] - level > 1) found.push(`${e.tagName} below H${level}: ${e.textContent}`);
    level = Number(e.tagName[1]);
  }
  const ids = [...document.querySelectorAll("[id]")].map((e) => e.id);
  if (new Set(ids).size !== ids.length) found.push("two elements have the same id");
  if (!document.documentElement.lang) found.push("no language");
  if (document.querySelectorAll("main").length !== 1) found.push("no main part");
  return found;
}
