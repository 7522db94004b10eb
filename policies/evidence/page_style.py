"""How the page looks: in the light, in the dark, on paper, from either side."""

from __future__ import annotations

from typing import Final

_LIGHT: Final = """
--paper:#ffffff;--ground:#f4f6f8;--ink:#17212b;--muted:#4f5c68;--rule:#cfd6dd;--link:#0b5394;
--bad:#b3261e;--bad-ground:#fbeeec;--warn:#8a5300;--warn-ground:#fdf3e0;--good:#226842;--good-ground:#eaf5ee;
--open:#57606a;--open-ground:#eef0f2
"""
_DARK: Final = """
--paper:#10151a;--ground:#1a2128;--ink:#e8edf2;--muted:#aab5c0;--rule:#3a454f;--link:#8cc4ff;
--bad:#ff8a80;--bad-ground:#35191a;--warn:#f2b45a;--warn-ground:#332614;--good:#6cc79a;--good-ground:#14281e;
--open:#b4bec8;--open-ground:#262d34
"""
_RULES: Final = """
*{box-sizing:border-box}
html{font:15px/1.55 system-ui,-apple-system,'Segoe UI','Noto Sans','Noto Sans Arabic','Noto Naskh Arabic',
'Liberation Sans','DejaVu Sans',sans-serif;color:var(--ink);background:var(--paper);-webkit-text-size-adjust:100%}
body{margin:0 auto;max-width:1180px;padding:0 24px 48px}
main>article{padding-top:24px}
main>article+article{border-top:6px double var(--rule);margin-top:48px}
header{position:sticky;top:0;background:var(--paper);border-bottom:1px solid var(--rule);padding:10px 0;z-index:1}
header nav{display:flex;gap:24px;justify-content:space-between}
h1{font-size:28px;line-height:1.3;margin:16px 0 4px}h2{font-size:21px;line-height:1.35;margin:40px 0 12px}
h3{font-size:16.5px;line-height:1.4;margin:24px 0 8px}h4{font-size:15px;margin:12px 0 4px}
h2,h3,h4,tr{scroll-margin-top:52px}
a{color:var(--link);text-decoration:none}a:hover,a:focus{text-decoration:underline}
.lead{color:var(--muted);margin:0 0 12px}.small{font-size:13px;color:var(--muted)}
.contents{display:flex;flex-wrap:wrap;gap:6px 18px;padding:0;margin:12px 0;list-style:none}
dl{margin:8px 0}dl>div{display:grid;grid-template-columns:minmax(120px,220px) 1fr;gap:16px;padding:3px 0}
dt{color:var(--muted)}dd{margin:0;overflow-wrap:anywhere}
code{font:13px/1.5 ui-monospace,'SF Mono',Consolas,'Liberation Mono','DejaVu Sans Mono',monospace;
overflow-wrap:anywhere;unicode-bidi:isolate}
span[dir],bdi{unicode-bidi:isolate}
table{border-collapse:collapse;width:100%;margin:8px 0 20px;font-size:14px}
th,td{border:1px solid var(--rule);padding:6px 9px;text-align:start;vertical-align:top;overflow-wrap:anywhere}
th{background:var(--ground);font-weight:600}
.numbers td:not(:first-child),.numbers th:not(:first-child){width:10.5%;text-align:center}
.matrix th:nth-child(1){width:25%}.matrix th:nth-child(2){width:25%}
.controls th:nth-child(1){width:9%}.controls th:nth-child(3){width:9%}.controls th:nth-child(4){width:12%}
.controls th:nth-child(5){width:27%}
.controls td:first-child,.ids a{white-space:nowrap}
.tiles{display:flex;flex-wrap:wrap;gap:10px}
.tile{border:1px solid var(--rule);border-radius:6px;padding:8px 14px;min-width:104px;background:var(--ground)}
.tile b{display:block;font-size:22px;line-height:1.25}.tile span{color:var(--muted);font-size:13px}
.state{font-weight:600;padding:10px 14px;border-radius:6px;border:1px solid}
.state.stops{color:var(--bad);background:var(--bad-ground)}
.state.stops_nothing{color:var(--ink);background:var(--ground);border-color:var(--rule)}
.finding{border:1px solid var(--rule);border-inline-start:4px solid var(--rule);border-radius:4px;
padding:4px 16px 8px;margin:12px 0}
.finding h3,.finding h4{margin:8px 0}.finding p{margin:6px 0}
.finding ul{margin:4px 0;padding-inline-start:20px}
.mark{font-size:12px;font-weight:600;border:1px solid;border-radius:10px;padding:1px 9px;white-space:nowrap;
color:var(--muted)}
.mark.critical,.mark.stopping{color:var(--bad);background:var(--bad-ground)}
.mark.high{color:var(--warn);background:var(--warn-ground)}
.verdict,.proof,.status{font-weight:600;white-space:nowrap}
.verdict{font-size:12.5px;border-radius:3px;padding:0 5px}
.fail,.error,.broken{color:var(--bad)}.waived{color:var(--warn)}.pass{color:var(--good)}
.unknown,.person,.not_addressed,.not-applicable{color:var(--open)}
.verdict.fail,.verdict.error{background:var(--bad-ground)}.verdict.waived{background:var(--warn-ground)}
.verdict.pass{background:var(--good-ground)}.verdict.unknown,.verdict.not-applicable{background:var(--open-ground)}
.tile.fail b,.tile.error b{color:var(--bad)}.tile.waived b{color:var(--warn)}.tile.pass b{color:var(--good)}
.idle{color:var(--muted)}
figure{margin:8px 0;border:1px solid var(--rule);border-radius:6px;overflow:hidden}
figure svg{display:block;width:100%;height:auto}
footer{margin-top:32px;padding-top:12px;border-top:1px solid var(--rule);color:var(--muted);font-size:13px}
@media (max-width:720px){body{padding:0 12px 32px}dl>div{grid-template-columns:1fr;gap:0}
figure{overflow-x:auto}figure svg{width:1000px}table{display:block;overflow-x:auto}}
@page{size:A4;margin:14mm 12mm}
@media print{html{font-size:9.5pt}body{max-width:none;padding:0}header{position:static;border:0}header nav{display:none}
h2{font-size:14pt}h3{font-size:11pt}table{font-size:8.5pt}.matrix{font-size:7.5pt}
code{font-size:8pt}th,td{padding:3px 6px}
.contents{display:none}a{color:inherit}thead{display:table-header-group}
tr,.tile,dl>div,.finding li{break-inside:avoid}h2,h3,h4,.framework dl{break-after:avoid}
main>article+article{break-before:page;border:0;margin:0}
figure{border:0;break-inside:avoid}figure svg{max-height:250mm}
.residency{break-before:page}*{-webkit-print-color-adjust:exact;print-color-adjust:exact}}
"""
STYLE: Final = "".join(
    (
        f":root{{color-scheme:light dark;{_LIGHT.strip()}}}",
        f"@media screen and (prefers-color-scheme:dark){{:root{{{_DARK.strip()}}}}}",
        _RULES,
    )
)
