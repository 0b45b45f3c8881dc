"use strict";
(() => {
  const tip = document.getElementById("tip");
  const articles = [...document.querySelectorAll("article")];
  const details = articles.map(a => JSON.parse(a.querySelector(".details").textContent));
  const make = (tag, text, parent) => { const e = document.createElement(tag); e.textContent = text; parent.append(e); return e; };

  function show(token) {
    const column = token.parentElement, answer = token.closest("article");
    const d = details[answer.dataset.answer][column.dataset.column][token.dataset.k];
    tip.replaceChildren();
    make("b", d.t, tip);
    for (const line of d.l || []) make("div", line, tip);
    if (d.o) {
      const table = document.createElement("table");
      for (const o of d.o) {
        const row = table.insertRow();
        if (o.own) row.className = "own";
        make("td", o.t, row);
        make("td", o.p < 0.0001 ? "< 0.01 %" : (100 * o.p).toFixed(o.p < 0.01 ? 2 : 1) + " %", row);
        const bar = make("span", "", make("td", "", row));
        bar.parentElement.className = "p";
        bar.style.width = (90 * o.p).toFixed(1) + "px";
      }
      tip.append(table);
    }
    tip.hidden = false;
    const at = token.getClientRects()[0], box = tip.getBoundingClientRect();
    const below = at.bottom + 8 + box.height < innerHeight || at.top < box.height + 8;
    tip.style.left = Math.max(4, Math.min(at.left, innerWidth - box.width - 8)) + "px";
    tip.style.top = (below ? at.bottom + 8 : at.top - box.height - 8) + "px";
  }
  const hide = () => { tip.hidden = true; };

  function move(from, to) {
    if (!to || !to.matches(".t")) return;
    from.tabIndex = -1;
    to.tabIndex = 0;
    to.focus();
    show(to); // a frame that has not the keyboard yet is told of no focus
  }
  for (const column of document.querySelectorAll(".tokens")) {
    column.addEventListener("mouseover", e => { const t = e.target.closest(".t"); if (t) show(t); });
    column.addEventListener("mouseleave", () => { const t = document.activeElement; if (t && t.matches(".t")) show(t); else hide(); });
    column.addEventListener("focusin", e => show(e.target));
    column.addEventListener("focusout", hide);
    column.addEventListener("click", e => { const t = e.target.closest(".t"), old = column.querySelector('[tabindex="0"]'); if (t) move(old, t); });
    column.addEventListener("keydown", e => {
      const t = e.target;
      const to = { ArrowRight: t.nextElementSibling, ArrowLeft: t.previousElementSibling, Home: column.firstElementChild, End: column.lastElementChild,
        c: column.querySelector(".opens") }[e.key];
      if (e.key === "Escape") hide();
      if (to) { e.preventDefault(); move(t, to); }
    });
  }
  // Stepping on may scroll; the details stay with their token.
  document.addEventListener("scroll", () => { const t = document.activeElement; if (t && t.matches(".t") && !tip.hidden) show(t); else hide(); }, { passive: true });

  const select = document.querySelector("nav select");
  if (!select) return;
  const open = i => {
    i = Math.max(0, Math.min(articles.length - 1, i));
    articles.forEach((a, k) => { a.hidden = k !== i; });
    select.value = i;
    hide();
  };
  select.addEventListener("change", () => open(+select.value));
  for (const b of document.querySelectorAll("nav button")) b.addEventListener("click", () => open(+select.value + +b.dataset.step));
  const named = /^#answer-(\d+)$/.exec(location.hash);
  open(named ? +named[1] : 0);
})();
