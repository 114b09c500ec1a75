// How the search ranks: first what has just the name that was typed, then names with it, then pages with the words.
// The numbers are those of Sphinx, which adds them up.
var Scorer = {
  title: 15,
  partialTitle: 7,
  objNameMatch: 11,
  objPartialMatch: 6,
  objPrio: { 0: 15, 1: 5, 2: -5 },
  objPrioDefault: 0,
  term: 5,
  partialTerm: 2,
  score: ([page, title, anchor, description, score]) => {
    const asked = (new URLSearchParams(location.search).get("q") ?? "").trim().toLowerCase();
    const name = title.replace(/<[^>]*>|\d+\. /g, "").split(" > ").pop().toLowerCase();
    if (name === asked) return 2000 + score;
    return anchor && description === null ? 1000 + score : score;
  },
};
