// Draws the figure a chart's address answers. Plotly is fetched only by pages that show a chart.
(() => {
  const UNDRAWN = "[data-chart-url]:not([data-drawn]), [data-chart-figure]:not([data-drawn])";
  let library;

  function plotly() {
    library ??= new Promise((resolve, reject) => {
      const script = document.createElement("script");
      script.src = document.body.dataset.plotly;
      script.onload = () => resolve(window.Plotly);
      script.onerror = reject;
      document.head.append(script);
    });
    return library;
  }

  // Plotly does not understand color-mix(): a browser's canvas does, and answers plain numbers.
  function colour(name) {
    const probe = document.createElement("span");
    probe.className = `colour-probe colour-${name}`;
    document.body.append(probe);
    const value = getComputedStyle(probe).color;
    probe.remove();
    const canvas = document.createElement("canvas");
    canvas.width = canvas.height = 1;
    const pen = canvas.getContext("2d", { willReadFrequently: true });
    pen.fillStyle = value;
    pen.fillRect(0, 0, 1, 1);
    const [red, green, blue, alpha] = pen.getImageData(0, 0, 1, 1).data;
    return `rgba(${red},${green},${blue},${(alpha / 255).toFixed(3)})`;
  }

  const DAY = 86400000;
  const german = () => document.documentElement.lang.startsWith("de");

  // Days as the page's language writes them; the clock only where ticks are closer than a day.
  function dates() {
    const [day, month] = german() ? ["%-d.%-m.", "%-m.%Y"] : ["%-d %b", "%b %Y"];
    return {
      hoverformat: german() ? "%-d.%-m.%Y %H:%M" : "%-d %b %Y %H:%M",
      tickformatstops: [
        { dtickrange: [null, DAY - 1], value: `%H:%M\n${day}` },
        { dtickrange: [DAY, "M1"], value: day },
        { dtickrange: ["M1", null], value: month },
      ],
    };
  }

  function axis(given, colours) {
    return {
      automargin: true, zeroline: false, fixedrange: true,
      ...(given?.type === "date" ? dates() : {}), ...given,
      gridcolor: colours.line, linecolor: colours.line, tickcolor: colours.line,
    };
  }

  function dressed(figure, node) {
    const colours = {};
    for (const name of ["text", "line", "surface", "primary", "second", "third", "fourth", "fifth"]) {
      colours[name] = colour(name);
    }
    const given = figure.layout || {};
    const layout = {
      margin: { l: 8, r: 8, t: 8, b: 8 }, bargap: 0.25, hovermode: "x unified", ...given,
      autosize: true, height: node.clientHeight, paper_bgcolor: "rgba(0,0,0,0)",
      plot_bgcolor: "rgba(0,0,0,0)", separators: german() ? ",." : ".,",
      font: { family: getComputedStyle(document.body).fontFamily, size: 12, color: colours.text },
      colorway: [colours.primary, colours.second, colours.third, colours.fourth, colours.fifth],
      hoverlabel: { bgcolor: colours.surface, bordercolor: colours.line, font: { color: colours.text } },
      legend: { orientation: "h", x: 0, y: 1.12, ...given.legend },
    };
    layout.xaxis = axis(given.xaxis, colours);
    layout.yaxis = axis(given.yaxis, colours);
    if (given.yaxis2) layout.yaxis2 = axis(given.yaxis2, colours);
    return layout;
  }

  function isEmpty(figure) {
    return !(figure.data || []).some((trace) => (trace.y || trace.values || []).length);
  }

  function say(node, name) {
    const note = document.createElement("div");
    note.className = "chart-wait text-secondary";
    note.textContent = document.body.dataset[name] || "";
    node.replaceChildren(note);
  }

  // The figure stands in the page where it comes from what was just typed.
  async function figureOf(node) {
    if (node.dataset.chartFigure) return JSON.parse(node.dataset.chartFigure);
    const answer = await fetch(node.dataset.chartUrl, { headers: { Accept: "application/json" } });
    if (!answer.ok) throw new Error(String(answer.status));
    return answer.json();
  }

  async function draw(node) {
    node.dataset.drawn = "yes";
    try {
      const [Plotly, figure] = await Promise.all([plotly(), figureOf(node)]);
      node.figure = figure;
      if (isEmpty(node.figure)) return say(node, "textNoData");
      show(Plotly, node);
    } catch {
      say(node, "textNoChart");
    }
  }

  function show(Plotly, node) {
    node.replaceChildren();
    Plotly.newPlot(node, node.figure.data, dressed(node.figure, node), {
      displayModeBar: false, responsive: true, scrollZoom: false,
      locale: document.documentElement.lang === "de" ? "de" : "en-US",
    });
  }

  function drawAll(root) {
    const nodes = [...root.querySelectorAll(UNDRAWN)];
    if (root.matches?.(UNDRAWN)) nodes.push(root);
    nodes.forEach(draw);
  }

  document.addEventListener("peruse:theme", async () => {
    if (!library) return;
    const Plotly = await library;
    for (const node of document.querySelectorAll("[data-drawn]")) {
      if (node.figure && !isEmpty(node.figure)) {
        Plotly.react(node, node.figure.data, dressed(node.figure, node));
      }
    }
  });
  if (window.htmx) window.htmx.onLoad(drawAll);
  else document.addEventListener("DOMContentLoaded", () => drawAll(document.body));
})();
