"""WCAG 2.2 AA, as far as axe can tell of a page as it stands."""

import json

from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Page

SCROLLS = "document.documentElement.scrollWidth > innerWidth"
"""Whether a page is wider than its window."""
_RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
_TEXTS = 3
"""How many texts of one kind axe looks at on a page until it is sure of one."""

_FAULTS = """async ([rules, known, most]) => {
  const behind = new Map([[null, ""]]);
  const ground = (element) => {
    if (!behind.has(element)) {
      const style = getComputedStyle(element);
      const own = [
        /, 0\\)$|^transparent$/.test(style.backgroundColor) ? "" : style.backgroundColor,
        style.backgroundImage === "none" ? "" : style.backgroundImage,
        style.opacity === "1" ? "" : style.opacity,
        style.filter === "none" ? "" : style.filter,
        style.mixBlendMode === "normal" ? "" : style.mixBlendMode,
        /absolute|fixed|sticky/.test(style.position) ? `${style.position} ${element.tagName} ${element.className}` : "",
      ].join("|");
      behind.set(element, ground(element.parentElement) + (own === "|||||" ? "" : `${own}\\n`));
    }
    return behind.get(element);
  };
  const kind = (element) => {
    const style = getComputedStyle(element);
    return [style.color, style.fontSize, style.fontWeight, style.textShadow, innerWidth, ground(element)].join("|");
  };
  const decided = new Set(known), chosen = new Map();
  for (const element of document.body.querySelectorAll("*")) {
    const written = [...element.childNodes].some((node) => node.nodeType === Node.TEXT_NODE && node.data.trim());
    if (!written && !element.matches("input, select, textarea")) continue;
    if (!element.checkVisibility({ opacityProperty: true, visibilityProperty: true })) continue;
    const its = kind(element), same = chosen.get(its) ?? [];
    if (!decided.has(its) && same.length < most) chosen.set(its, [...same, element]);
  }
  const texts = new Set([...chosen.values()].flat());
  const contrast = axe._audit.rules.find(({ id }) => id === "color-contrast");
  const matches = (contrast.matchesAll ??= contrast.matches);
  contrast.matches = (node, ...rest) => texts.has(node) && matches.call(contrast, node, ...rest);
  axe.configure({ noHtml: true });
  axe.addReporter("as found", (results, options, give) => give(results));
  const results = await axe.run({ runOnly: rules, reporter: "as found" });
  const { passes, violations } = results.find(({ id }) => id === "color-contrast");
  const sure = [...passes, ...violations].map(({ node }) => kind(node.element));
  const broken = results.filter((rule) => rule.violations.length);
  const html = (rule) => rule.violations[0].node.element.outerHTML;
  return [broken.map((rule) => [rule.id, rule.violations.length, html(rule)]), [...new Set(sure)]];
}"""
"""What axe finds on a page, a rule and its elements each, and the kinds of text of whose contrast it was sure.

Contrast follows from the colours, the size and the weight of a text, and from what stands behind it: it is the same in
all rows of a table, on all pages and at all widths, and to look at each takes most of axe's time. A text of each kind
is looked at in each theme.
"""


_MANY = 3000
"""Elements of a page of which axe looks at one of each make."""

_THIN = """() => {
  const scrolls = (of) => of.scrollWidth > of.clientWidth || of.scrollHeight > of.clientHeight;
  const writes = (node) => node.nodeType === Node.TEXT_NODE && node.data.trim() !== "";
  const make = (of) => [
    of.tagName, of.className, String(of.attributes.length), ...of.getAttributeNames(),
    String(scrolls(of)), String([...of.childNodes].some(writes)), ...new Set([...of.children].map(makes.get, makes)),
  ].join(" ");
  const makes = new Map(), spare = [];
  for (const element of [...document.querySelectorAll("main *")].reverse()) makes.set(element, `(${make(element)})`);
  const thin = (parent) => {
    const seen = new Set();
    for (const element of parent.matches("tr") || scrolls(parent) ? [] : parent.children) {
      if (seen.has(makes.get(element))) spare.push(element);
      else thin(element);
      seen.add(makes.get(element));
    }
  };
  thin(document.querySelector("main"));
  for (const element of spare) element.remove();
}"""
"""Take away what stands beside another of the same make: elements, attributes, what scrolls and what has a text.

Rows stay whole, and what scrolls.
"""


def bring(page: Page) -> None:
    """Let each page that is opened from now on have axe already: sent to each by itself, it takes as long as to run."""
    page.add_init_script(AXE_SCRIPT)


def faults(page: Page, decided: set[str] | None = None) -> list[str]:
    """What axe finds, one line a rule with the first element; and whether the page is too wide.

    Parameters
    ----------
    decided: The kinds of text of whose contrast axe is sure already; gets those of this page.
    """
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE_SCRIPT)
    is_wide, is_long = page.evaluate(SCROLLS), page.locator("*").count() > _MANY
    if is_long:
        page.evaluate(_THIN)
    known = decided if decided is not None else set()
    broken, sure = page.evaluate(_FAULTS, [_RULES, sorted(known), _TEXTS])
    known.update(sure)
    wrong = [f"{rule}: {elements} × {json.dumps(html)[:200]}" for rule, elements, html in broken]
    if is_wide:
        wrong.append("the page scrolls sideways")
    if is_long:
        page.reload()  # it is whole again
    return wrong
