// Draws the charts of the money page from the data- attributes of their canvases; each has its table beside it.
(() => {
  "use strict";
  if (!window.Chart) return;
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const still = matchMedia("(prefers-reduced-motion: reduce)");
  const language = document.documentElement.lang;
  // Told apart by hue and by lightness: also without red and green, also in grey.
  const colours = () => (dark.matches ? ["#6cb8f0", "#f2b33d", "#9aa0ad"] : ["#1f5fa8", "#e08a1e", "#8a909c"]);
  const css = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const drawn = [];

  const draw = (canvas) => {
    const { labels, series } = JSON.parse(canvas.dataset.values);
    const rates = canvas.dataset.chart === "rates";
    const money = canvas.dataset.unit === "money";
    const long = new Intl.NumberFormat(language, money ? { style: "currency", currency: canvas.dataset.currency } : { maximumFractionDigits: 1 });
    const short = new Intl.NumberFormat(language, money ? { notation: "compact", maximumFractionDigits: 1 } : { maximumFractionDigits: 0 });
    const say = (value) => long.format(value) + (money ? "" : "\u00a0%");
    const ink = css("--soft");
    const grid = { color: css("--line") };
    const ticks = { color: ink };
    const values = { stacked: true, beginAtZero: true, border: { display: false }, grid, ticks: { ...ticks, maxTicksLimit: 6, callback: (value) => short.format(value) + (money ? "" : "\u00a0%") } };
    const names = { stacked: true, grid: { display: false }, ticks };
    if (rates) values.max = 100;
    return new window.Chart(canvas, {
      type: "bar",
      data: { labels, datasets: series.map((one, place) => ({ label: one.label, data: one.values, backgroundColor: colours()[place], maxBarThickness: 44, borderRadius: 2 })) },
      options: {
        indexAxis: rates ? "y" : "x",
        animation: still.matches ? false : { duration: 250 },
        responsive: true,
        maintainAspectRatio: false,
        scales: rates ? { x: values, y: names } : { x: names, y: values },
        plugins: {
          legend: { display: series.length > 1, position: "bottom", labels: { color: ink, boxWidth: 12, boxHeight: 12 } },
          tooltip: { callbacks: { label: (item) => `${item.dataset.label}: ${say(item.raw)}` } },
        },
      },
    });
  };

  const all = () => {
    drawn.splice(0).forEach((chart) => chart.destroy());
    document.querySelectorAll("canvas[data-chart]").forEach((canvas) => drawn.push(draw(canvas)));
  };
  all();
  dark.addEventListener("change", all);
})();
