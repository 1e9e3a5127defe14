/* Says how many quotations of a report are chosen, of each fold and of all; without it the page says what it was sent with. */
"use strict";

for (const page of document.querySelectorAll("[data-chosen]")) {
  const ticked = (place) => place.querySelectorAll("input[name=excerpts]:checked").length;
  const all = page.querySelector("[data-of-all]");
  page.addEventListener("change", () => {
    if (all) all.textContent = ticked(page);
    for (const fold of page.querySelectorAll("details")) {
      const said = fold.querySelector("[data-of-these]");
      const n = ticked(fold);
      if (said) said.textContent = n ? `${n} chosen` : "";
    }
  });
}
