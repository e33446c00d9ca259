// Draws each chart from the definition next to it. SVG takes its colours from the style sheet, so that
// light, dark and print need no redrawing.
for (const figure of document.querySelectorAll("figure[data-chart]")) {
  const definition = JSON.parse(figure.querySelector("script").textContent);
  vegaEmbed(figure.querySelector(".chart"), definition, {
    renderer: "svg",
    actions: false,
    defaultStyle: false,
    tooltip: { disableDefaultStyle: true },
  });
}
