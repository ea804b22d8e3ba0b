// A click on the sketch is a place: the circle's middle, or one more corner. The fields can be filled by hand, too.
const map = document.querySelector("[data-ground]");
const form = document.querySelector("[data-fence]");

function place(event) {
  const svg = map.querySelector("svg");
  const box = svg.getBoundingClientRect();
  const metre = Number(map.dataset.metre);
  const x = ((event.clientX - box.left) / box.width) * 760 - 380;
  const y = ((event.clientY - box.top) / box.height) * 520 - 260;
  const lat = Number(map.dataset.lat);
  const north = -y * metre;
  const east = x * metre;
  const at = lat + north / 110574;
  const lng = Number(map.dataset.lng) + east / (111320 * Math.cos((lat * Math.PI) / 180));
  return `${at.toFixed(6)},${lng.toFixed(6)}`;
}

if (map && form) {
  map.classList.add("pick");
  map.addEventListener("click", (event) => {
    const text = place(event);
    if (form.elements.shape.value === "polygon") {
      const field = form.elements.corners;
      field.value = `${field.value.trim()}\n${text}`.trim();
    } else {
      form.elements.centre.value = text;
    }
  });
}

for (const link of document.querySelectorAll("[data-full-link]")) link.textContent = link.href;
