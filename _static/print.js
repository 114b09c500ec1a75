// Paper: always in the light palette, with all formulas set; and the exercises of a chapter as a sheet of their own.
(() => {
  "use strict";

  const root = document.documentElement;
  let theme = null;

  addEventListener("beforeprint", () => {
    theme ??= root.dataset.theme;
    root.dataset.theme = "light";
    const waiting = [...document.querySelectorAll(".math")].filter((formula) => !formula.querySelector("mjx-container"));
    if (waiting.length) window.MathJax?.typeset?.(waiting); // they come piece by piece, and paper does not wait
  });

  addEventListener("afterprint", () => {
    root.classList.remove("print-sheet");
    if (theme !== null) root.dataset.theme = theme;
    theme = null;
  });

  addEventListener("DOMContentLoaded", () => {
    const heading = document.querySelector("#exercises > h2");
    if (!heading || !document.querySelector("#exercises > .exercise")) return;
    const button = document.createElement("button");
    button.type = "button";
    button.className = "print-exercises";
    button.textContent = "Print the exercises";
    button.addEventListener("click", () => {
      root.classList.add("print-sheet");
      print();
    });
    heading.after(button);
  });
})();
