"""What an attacker types: scripts in every place where words can stand. `ran` is what the page must never call."""

CALL = "ran({n})"

PAYLOADS = (
    # elements that run by themselves
    "<script>{call}</script>",
    "<ScRiPt>{call}</sCrIpT>",
    "<script/x>{call}</script >",
    "<scr<script>ipt>{call}</scr</script>ipt>",
    "<img src=x onerror={call}>",
    '<img src="x"onerror="{call}">',
    "<img/src=`x`/onerror={call}>",
    "<svg onload={call}>",
    "<svg/onload={call}//",
    "<svg><script>{call}</script></svg>",
    "<svg><animate onbegin={call} attributeName=x dur=1s>",
    "<svg><set attributeName=onload to={call}>",
    "<body onload={call}>",
    "<body onpageshow={call}>",
    "<input autofocus onfocus={call}>",
    "<select autofocus onfocus={call}></select>",
    "<textarea autofocus onfocus={call}></textarea>",
    "<details open ontoggle={call}>",
    "<video><source onerror={call}></video>",
    "<audio src=x onerror={call}>",
    "<object data=x onerror={call}></object>",
    "<embed src=javascript:{call}>",
    '<iframe src="javascript:parent.{call}"></iframe>',
    '<iframe srcdoc="<script>parent.{call}</script>"></iframe>',
    "<marquee onstart={call}>",
    "<style onload={call}></style>",
    "<link rel=stylesheet href=x onerror={call}>",
    "<math><mtext><table><mglyph><style><img src=x onerror={call}>",
    "<noscript><p title='</noscript><img src=x onerror={call}>'>",
    "<template><script>{call}</script></template><img src=x onerror={call}>",
    # what waits for a hand
    "<a href=javascript:{call}>go</a>",
    "<a href='java\tscript:{call}'>go</a>",
    "<a href='data:text/html,<script>{call}</script>'>go</a>",
    "<form action=javascript:{call}><button>go</button></form>",
    "<button formaction=javascript:{call}>go</button>",
    "<p onclick={call} onmouseover={call} style=position:fixed;inset:0>go</p>",
    # out of where words stand
    '"><script>{call}</script>',
    "'><script>{call}</script>",
    '" autofocus onfocus="{call}" x="',
    "' autofocus onfocus='{call}' x='",
    "` autofocus onfocus=`{call}",
    "</title><script>{call}</script>",
    "</textarea><script>{call}</script>",
    "</option></select><script>{call}</script>",
    "</style><script>{call}</script>",
    "</script><script>{call}</script>",
    "--><script>{call}</script>",
    "]]><script>{call}</script>",
    "</bdi></p><script>{call}</script>",
    # what decodes into something else
    "&lt;script&gt;{call}&lt;/script&gt;",
    "&#60;img src=x onerror={call}&#62;",
    "%3Cscript%3E{call}%3C/script%3E",
    "\\u003cscript\\u003e{call}\\u003c/script\\u003e",
    "\\x3cimg src=x onerror={call}\\x3e",
    "+ADw-script+AD4-{call}+ADw-/script+AD4-",
    "\uff1cscript\uff1e{call}\uff1c/script\uff1e",
    "<\u200bscript>{call}</script>",
    # other tongues
    "{{{{ {call} }}}}{{% print(7*7) %}}${{{call}}}#{{{call}}}<%= {call} %>",
    '[go](javascript:{call}) ![x](x" onerror="{call})',
    "<!--[if gte IE 4]><script>{call}</script><![endif]-->",
    "<meta http-equiv=refresh content='0;url=javascript:{call}'>",
    "<base href='javascript:/a/-{call}//'>",
    "javascript:{call}",
    "';{call};'",
    '";{call};"',
    "`;{call};`${{{call}}}",
)


def payloads() -> list[str]:
    """Each with its number in it, so that one that ran can be told."""
    return [one.format(call=CALL.format(n=place)) for place, one in enumerate(PAYLOADS)]


def planted(place: int, at_once: int = 8) -> str:
    """So many of them as one text, others at each place."""
    every = payloads()
    return " ".join(every[(place * at_once + step) % len(every)] for step in range(at_once))
