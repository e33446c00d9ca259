// Draws each chart from the definition next to it. SVG takes its colours from the style sheet, so that
// light, dark and print need no redrawing. The browser paints and answers the reader between two charts.
async function draw(figures) {
  for (const figure of figures) {
    await new Promise((done) => setTimeout(done));
    const definition = JSON.parse(figure.querySelector("script").textContent);
    await vegaEmbed(figure.querySelector(".chart"), definition, {
      renderer: "svg",
      actions: false,
      defaultStyle: false,
      tooltip: { disableDefaultStyle: true },
    });
  }
}
// The library that draws is large: it is run once the page has been painted.
const library = document.getElementById("library");
if (library) {
  requestAnimationFrame(() =>
    setTimeout(() => {
      const script = document.createElement("script");
      script.textContent = library.textContent;
      document.head.append(script);
      draw(document.querySelectorAll("figure[data-chart]"));
    }),
  );
}

const FEW = 12; // rows that are seen at once

// Shows only the rows that have every word of what is typed; a row counts its table's heading as its own.
for (const input of document.querySelectorAll("input[data-filter]")) {
  const place = input.closest("[hidden]");
  const said = place.querySelector("output");
  const bodies = [...document.getElementById(input.dataset.filter).tBodies].map((body) => {
    const [heading, ...rows] = [...body.rows];
    const texts = rows.map((row) => `${heading.textContent} ${row.textContent}`.toLowerCase());
    return { body, rows, texts };
  });
  const all = bodies.reduce((sum, each) => sum + each.rows.length, 0);
  const filter = () => {
    const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    for (const { body, rows, texts } of bodies) {
      let here = 0;
      rows.forEach((row, at) => {
        row.hidden = !words.every((word) => texts[at].includes(word));
        here += !row.hidden;
      });
      body.hidden = !here;
      shown += here;
    }
    said.textContent = words.length ? `${shown} of ${all}` : "";
  };
  input.addEventListener("input", filter);
  place.hidden = all <= FEW;
  filter(); // a browser may have kept what was typed
}
