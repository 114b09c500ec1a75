// What scrolls sideways can be reached by a keyboard, for as long as it does.
(() => {
  "use strict";

  const MAY_SCROLL = "table, pre, .math, mjx-container";
  const measure = (part) => {
    if (part.scrollWidth > part.clientWidth + 1 && getComputedStyle(part).overflowX !== "visible") part.tabIndex = 0;
    else part.removeAttribute("tabindex");
  };
  const sizes = new ResizeObserver((entries) => entries.forEach((entry) => measure(entry.target)));
  const watch = (part) => {
    if (part.matches(MAY_SCROLL)) measure(part);
    part.querySelectorAll(MAY_SCROLL).forEach((inside) => sizes.observe(inside));
  };
  const arrivals = new MutationObserver((changes) => new Set(changes.map((change) => change.target)).forEach(watch));

  addEventListener("resize", () => document.querySelectorAll("article").forEach((article) => {
    article.querySelectorAll(MAY_SCROLL).forEach(measure);
  }));
  document.addEventListener("DOMContentLoaded", () => {
    document.querySelectorAll("article").forEach((article) => {
      watch(article);
      arrivals.observe(article, { childList: true, subtree: true }); // formulas come later
    });
  });
})();
