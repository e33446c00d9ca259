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
draw(document.querySelectorAll("figure[data-chart]"));
