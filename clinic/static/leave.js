/* The way out: ends the sign-in without waiting for an answer and replaces this page by a neutral one. */
"use strict";

for (const form of document.querySelectorAll("[data-leave]")) {
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    document.title = "";
    document.body.hidden = true;
    // keepalive: the request outlives the page; the answer is of no interest
    fetch(form.action, { method: "POST", body: new FormData(form), keepalive: true, redirect: "manual" }).catch(() => {});
    window.onbeforeunload = null;
    window.dispatchEvent(new Event("goldseam:leaving"));
    window.location.replace(form.dataset.leave);
  });
}
