/* Keys for the caseload: up and down move from couple to couple, "/" goes to the search box; Enter is the link's own. */
"use strict";

const typing = (element) => element.matches("input:not([type=checkbox]):not([type=radio]), textarea, select");

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target)) return;
  if (event.key === "/") {
    const find = document.querySelector("[data-find]");
    if (find) { event.preventDefault(); find.focus(); }
    return;
  }
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  const links = [...document.querySelectorAll("[data-rows] .ledger__name")];
  const at = links.indexOf(document.activeElement);
  if (!step || !links.length || (at < 0 && !event.target.closest("[data-rows], .scroll"))) return;
  event.preventDefault();
  links[Math.max(0, Math.min(links.length - 1, at + step))].focus();
});
