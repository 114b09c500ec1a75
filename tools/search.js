// What a search quotes from a page is text: without lists of contents, code, pictures, and formulas in TeX.
"use strict";

const NOT_QUOTED = "#jb-print-docs-body, .cell_input, .homolib, .self-check, svg, template, script, style";
const quote = Search.htmlToText;
Search.htmlToText = (html, anchor) => {
  const page = new DOMParser().parseFromString(html, "text/html");
  page.querySelectorAll(NOT_QUOTED).forEach((node) => node.remove());
  page.querySelectorAll(".math").forEach((node) => (node.textContent = "…"));
  const term = anchor && page.querySelector(`dt${anchor}`);
  return (term ? term.nextElementSibling.textContent : quote(page.documentElement.outerHTML, anchor)).replace(/\s+/g, " ");
};
