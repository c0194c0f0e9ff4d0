/// What a page of several tenants adds to a report's style.
enum HTMLPageStyle {
  static let css = """
    input[name=language]{position:absolute;opacity:0;pointer-events:none}
    #only-zh:checked~nav .en,#only-zh:checked~main .en,#only-en:checked~nav .zh,#only-en:checked~main .zh{display:none}
    main .zh+.en{color:var(--soft)}#only-en:checked~main .en{color:inherit}
    h1 .en,h2 .en,h3 .en,h4 .en{font-weight:400;font-size:.72em}
    #only-en:checked~main :is(h1,h2,h3,h4) .en{font-weight:inherit;font-size:inherit}
    svg .zh+.en{fill:var(--soft)}
    nav{position:sticky;top:0;z-index:1;display:flex;justify-content:space-between;gap:.4rem 1.2rem;flex-wrap:wrap;
    background:var(--page);border-bottom:1px solid var(--line);padding:.45rem max(.9rem,calc((100% - 65.5rem)/2));
    font-size:.88rem}
    nav .links,nav .languages{display:flex;gap:.2rem 1.1rem;flex-wrap:wrap}
    nav a{color:var(--ink);text-decoration:none}nav a:hover{text-decoration:underline}
    nav .en{color:var(--soft)}
    nav label{color:var(--soft);cursor:pointer}
    #only-both:checked~nav label[for=only-both],#only-zh:checked~nav label[for=only-zh],
    #only-en:checked~nav label[for=only-en]{color:var(--ink);font-weight:600}
    input[name=language]:focus-visible~nav .languages{outline:2px solid var(--second)}
    section{scroll-margin-top:4.5rem}
    .tenant{border-top:6px solid var(--second);margin-top:4rem;padding-top:.5rem}
    .tenant.simulated{border-top:6px dashed var(--accent)}
    .tenant>h2{border:0;font-size:1.7rem;margin:.6rem 0 .3rem;padding:0}
    .tenant h3{font-size:1.12rem;margin:2.6rem 0 .6rem;padding-top:.6rem;border-top:1px solid var(--ink)}
    .tenant h4{font-size:.95rem;margin:1.2rem 0 .3rem;font-weight:600}
    .badge{display:inline-block;font-size:.78em;font-weight:600;border-radius:3px;padding:.02em .5em;
    border:1.5px solid var(--second);color:var(--second)}
    .badge.simulated{border-style:dashed;border-color:var(--accent);color:var(--accent)}
    .badge .en,main .badge .zh+.en,nav .badge .en{color:inherit}
    .findings{list-style:none;padding:0;margin:1.2rem 0;display:grid;gap:.9rem;
    grid-template-columns:repeat(auto-fit,minmax(min(100%,21rem),1fr))}
    .findings li{background:var(--card);border:1px solid var(--line);border-left:5px solid var(--accent);
    border-radius:4px;padding:.7rem .95rem}
    .findings h4{margin:0 0 .35rem;font-size:1.05rem}.findings .en{display:block}
    #only-zh:checked~main .findings .en{display:none}
    .findings small{display:block;color:var(--soft);margin-top:.45rem;font-size:.8rem}
    .none{border-left:5px solid var(--line);padding:.5rem .95rem;background:var(--card)}
    .say .en,.source .en,.limits .en{display:block}
    #only-zh:checked~main :is(.say,.source,.limits) .en{display:none}
    .draw{max-width:34rem}.days{display:grid;gap:.2rem 2rem;
    grid-template-columns:repeat(auto-fit,minmax(min(100%,20rem),1fr))}
    .days .draw{max-width:none}
    .limits{border:1px solid var(--line);border-radius:4px;padding:.5rem 1rem .7rem 2rem}
    ol.moments{list-style:none;margin:1rem 0;padding:0 0 0 1.2rem;border-left:2px solid var(--line)}
    ol.moments li{padding:.35rem 0}ol.moments time{color:var(--soft);font-size:.85rem;display:block}
    ol.moments em{font-style:normal;color:var(--soft);font-size:.88rem;display:block;overflow-wrap:anywhere}
    ol.moments .held b{color:var(--accent)}ol.moments q{display:block}
    .tenant th,.tenant td{word-break:keep-all}details{margin-top:2rem}summary{cursor:pointer;color:var(--second);font-weight:600}
    td.a{color:var(--accent);font-weight:600}tr.stands td{color:var(--accent);font-weight:600}
    svg text.i{fill:var(--card)}svg .o{fill:none;stroke:var(--soft);stroke-width:1;stroke-dasharray:4 3}
    svg .q{fill:var(--line)}svg .k{fill:var(--ink)}svg .c{fill:none;stroke:var(--accent);stroke-width:3}
    @media (max-width:40rem){.tenant>h2{font-size:1.4rem}table{font-size:.86rem}nav{font-size:.82rem}
    #only-both:checked~nav .links .en,#only-both:checked~main table .en{display:none}}
    """
}
