/* Counts what is typed the way the server does: NFC, CRLF as LF, code points; words by white space. Shows typed text on request. */
"use strict";

const GAPS = /[\t-\r\x1c-\x20\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+/u;

const points = (text) => Array.from(text.replace(/\r\n?/g, "\n").normalize("NFC")).length;
const words = (text) => text.normalize("NFC").split(GAPS).filter(Boolean).length;

function watch(place) {
  const field = document.getElementById(place.dataset.count);
  if (!field) return;
  const byWords = Number(field.dataset.maxWords);
  const max = byWords || Number(field.dataset.max);
  const unit = byWords ? "words" : "characters";
  const numbers = new Intl.NumberFormat("en-US");
  // Screen readers hear the count only when it is nearly used up, and not at every key.
  const heard = place.parentNode.appendChild(document.createElement("span"));
  heard.className = "vh";
  heard.setAttribute("role", "status");
  let later;
  const show = () => {
    const used = byWords ? words(field.value) : points(field.value);
    const over = used - max;
    place.textContent = over > 0
      ? `${numbers.format(over)} over ${numbers.format(max)} ${unit}`
      : `${numbers.format(used)} of ${numbers.format(max)} ${unit}`;
    place.classList.toggle("count--over", over > 0);
    clearTimeout(later);
    later = setTimeout(() => { heard.textContent = used > max * 0.9 ? place.textContent : ""; }, 1200);
  };
  field.addEventListener("input", show);
  show();
}

document.querySelectorAll("[data-count]").forEach(watch);

for (const row of document.querySelectorAll("[data-show]")) {
  const field = document.getElementById(row.dataset.show);
  row.hidden = false;
  row.querySelector("input").addEventListener("change", (event) => {
    field.type = event.target.checked ? "text" : "password";
  });
}
