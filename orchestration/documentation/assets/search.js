// Looks names up in the list that names.js brings; without scripts the page names.html holds the same list.
(function () {
  "use strict";
  const place = document.getElementById("search");
  const names = window.lienthongNames || [];
  const root = document.body.dataset.root;
  const plain = (text) => text.toLowerCase().normalize("NFD").replace(/[\u0300-\u036f]/g, "").replace(/đ/g, "d");
  const listed = names.map(([name, text, address]) => [plain(name + " " + text), name, text, address]);

  const box = document.createElement("input");
  box.type = "search";
  box.placeholder = "Tìm trường, bảng, quy tắc …";
  box.setAttribute("aria-label", "Tìm trong tài liệu");
  const found = document.createElement("ul");
  found.setAttribute("aria-live", "polite");
  place.append(box, found);
  place.hidden = false;

  box.addEventListener("input", function () {
    const words = plain(box.value).split(/\s+/).filter(Boolean);
    found.replaceChildren();
    if (!words.length || box.value.trim().length < 2) return;
    for (const [, name, text, address] of listed.filter(([all]) => words.every((w) => all.includes(w))).slice(0, 12)) {
      const link = document.createElement("a");
      const code = document.createElement("code");
      link.href = root + address;
      code.textContent = name;
      link.append(code, " " + text);
      found.appendChild(document.createElement("li")).append(link);
    }
  });
  box.addEventListener("keydown", (event) => { if (event.key === "Escape") { box.value = ""; found.replaceChildren(); } });
})();
