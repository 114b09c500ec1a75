// A link to a heading, a result, an exercise or a figure is also copied when it is followed; the page says so.
(() => {
  "use strict";

  const SHOWN = 2000; // ms
  const told = document.createElement("p");
  told.className = "book-told";
  told.setAttribute("role", "status");

  document.addEventListener("click", async (event) => {
    const link = event.target.closest?.("article .headerlink, article .homolib-number");
    if (!link || !navigator.clipboard) return; // only https and localhost have one
    try {
      await navigator.clipboard.writeText(link.href);
    } catch {
      return; // the reader has forbidden it; the address bar has the link
    }
    told.textContent = "Link copied";
    told.classList.add("book-told-now");
    setTimeout(() => told.classList.remove("book-told-now"), SHOWN);
  });
  document.addEventListener("DOMContentLoaded", () => document.body.append(told));
})();
