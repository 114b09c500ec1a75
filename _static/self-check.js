// The questions at the end of a chapter: what a reader chooses or types is answered at once, in the words of the page.
(() => {
  "use strict";

  // "0,25", "1/6" and a minus that was copied from the page are numbers, too.
  const number = (text) => {
    const [above, below = 1, ...more] = text.replace(/\s/g, "").replace(",", ".").replace("\u2212", "-").split("/");
    return above === "" || below === "" || more.length ? NaN : above / below;
  };

  function said(form) {
    const answers = [...form.querySelectorAll("li")];
    const typed = form.querySelector("input[type=text]");
    if (!typed) return answers[[...form.querySelectorAll("input")].findIndex((choice) => choice.checked)];
    const value = number(typed.value);
    if (!Number.isFinite(value)) return undefined;
    return answers.find(({ dataset: { value: near, within } }) => Math.abs(value - near) <= within * (1 + 1e-9)) ?? answers.at(-1);
  }

  function answer(form) {
    const status = form.querySelector("[role=status]");
    const item = said(form);
    status.className = !item ? "" : "right" in item.dataset ? "self-check-right" : "self-check-not-yet";
    if (!item) {
      status.textContent = form.querySelector("input[type=text]") ? "Type a number, such as 0.25 or 1/4." : "Choose an answer first.";
      return;
    }
    status.replaceChildren(...item.lastElementChild.cloneNode(true).childNodes);
    if (status.querySelector(".math:not(:has(mjx-container))")) window.MathJax?.typesetPromise?.([status]);
  }

  document.addEventListener("DOMContentLoaded", () => {
    document.querySelectorAll(".self-check form").forEach((form) => {
      form.querySelector("button").hidden = false;
      form.addEventListener("submit", (event) => {
        event.preventDefault();
        answer(form);
      });
    });
  });
})();
