"""WCAG 2.2 AA, as far as axe can tell of a page as it stands."""

import json
from typing import Any

from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Page

SCROLLS = "document.documentElement.scrollWidth > innerWidth"
"""Whether a page is wider than its window."""
_RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
_CONTRAST = "color-contrast"
_OTHERS = json.dumps({"runOnly": _RULES, "resultTypes": ["violations"], "rules": {_CONTRAST: {"enabled": False}}})
_FAULTS = f"axe.run({_OTHERS}).then(found => found.violations)"
_TEXTS = 3
"""How many texts of one kind axe looks at on a page until it is sure of one."""

_CONTRAST_FAULTS = """async ([known, most]) => {
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
  if (!chosen.size) return [[], []];
  const { passes, violations } = await axe.run({ include: [...chosen.values()].flat() }, {
    runOnly: ["color-contrast"], resultTypes: ["passes", "violations"], elementRef: true, selectors: false,
  });
  const sure = [...passes, ...violations].flatMap((one) => one.nodes).map((node) => kind(node.element));
  return [violations, [...new Set(sure)]];
}"""
"""Of a page's contrast, what axe finds, and the kinds of text that it was sure of.

Contrast follows from the colours, the size and the weight of a text, and from what stands behind it: it is the same in
all rows of a table, on all pages and at all widths, and to look at each takes most of axe's time. A text of each kind
is looked at in each theme.
"""


def faults(page: Page, decided: set[str] | None = None) -> list[str]:
    """What axe finds, one line a rule with the first element; and whether the page is too wide.

    Parameters
    ----------
    decided: The kinds of text of whose contrast axe is sure already; gets those of this page.
    """
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE_SCRIPT)
    found: list[dict[str, Any]] = page.evaluate(_FAULTS)
    known = decided if decided is not None else set()
    poor, sure = page.evaluate(_CONTRAST_FAULTS, [sorted(known), _TEXTS])
    known.update(sure)
    wrong = [
        f"{fault['id']}: {len(fault['nodes'])} × {json.dumps(fault['nodes'][0]['html'])[:200]}"
        for fault in (*found, *poor)
    ]
    if page.evaluate(SCROLLS):
        wrong.append("the page scrolls sideways")
    return wrong
