# ruff: noqa: E501
"""A document without a mistake, and edits that each put one in: (name, [(old, new), ...], the messages)."""

GOOD = """
format = 1
slug = "sample"
version = 1
trust_practice = "open_communication"
serves = ["P1.1"]
title = "A sample"
summary = "One line."
minutes = 10
cadence = { every = "week", for = 4 }
open_for = { days = 6 }
starts = ["counselor"]
leads_to = ["weekly_checkin"]
steps = ["Do it."]
rationale = "Because."
cautions = "Take care."

[[evidence]]
grade = "consensus"
claim = "It is common."
source = "Practice knowledge"

[[inputs]]
key = "given"
exercise = "impact_statement"
turn = "first_sitting"

[[parts]]
legs = "in_turn"

[[parts.turns]]
key = "speak"
title = "Say it"
visibility = "partner"
fields = [
  { key = "view", kind = "text", label = "How is it?", required = true },
  { key = "mood", kind = "scale", label = "How are you?", ends = ["low", "high"] },
  { key = "feelings", kind = "feelings", label = "What?", opens = { after = "answer" } },
]

[[parts.turns]]
key = "answer"
by = "other"
title = "Say it back"
visibility = "partner"
opens = { after = "speak" }
shows = ["speak.view", "given"]
fields = [{ key = "heard", kind = "text", label = "What did you hear?" }]

[[parts.turns]]
key = "confirm"
title = "Does it fit?"
visibility = "partner"
opens = { after = "answer" }
again = { back_to = "answer", until = { fits = "yes" }, attempts = 3 }
fields = [
  { key = "fits", kind = "choice", label = "Is it so?", options = { yes = "Yes", no = "No" }, required = true },
  { key = "more", kind = "text", label = "What else?", show_when = { fits = "no" } },
]

[[parts.turns]]
key = "felt"
title = "How it was"
visibility = "counselor"
opens = { after = "confirm", when = "over" }
fields = [
  { key = "safe", kind = "choice", label = "Safe?", options = { yes = "Yes", no = "No" }, flags = [{ equals = ["no"] }] },
  { key = "after", kind = "scale", label = "And now?", ends = ["low", "high"], flags = [{ rise = 3, than = "speak.mood" }] },
]

[[parts]]
legs = "each"

[[parts.turns]]
key = "choose"
title = "Choose"
visibility = "sealed"
fields = [
  { key = "top", kind = "ranked", label = "Which?", most = 2, options = { a = "A", b = "B", c = "C" } },
  { key = "day", kind = "date", label = "When?" },
]

[[parts.turns]]
key = "levels"
title = "Levels"
visibility = "sealed"
opens = { after = "choose" }
fields = [
  { key = "each", kind = "rows", label = "One by one", rows = { field = "choose.top", columns = [{ key = "now", kind = "scale", label = "Now", ends = ["0", "10"] }] } },
]

[[trends]]
key = "fit"
title = "Fit"
source = ["confirm.fits"]
points = { yes = 1, no = 0 }
"""

BROKEN: list[tuple[str, list[tuple[str, str]], list[str]]] = [
    (
        "not TOML",
        [("format = 1", "format = ")],
        ["the file: found invalid value (at line 2, column 10); allowed: TOML"],
    ),
    (
        "another format",
        [("format = 1", "format = 2")],
        ["format: found 2; allowed: 1"],
    ),
    (
        "an unknown key",
        [("minutes = 10", "minuets = 10\nminutes = 10")],
        [
            "minuets: found a key that the format does not know; allowed: cadence, cautions, evidence, format, inputs, leads_to, minutes, open_for, opening, parts, rationale, serves, slug, starts, steps, summary, title, trends, trust_practice, version, weight"
        ],
    ),
    (
        "a missing key",
        [('title = "A sample"\n', "")],
        ["title: found nothing; allowed: text"],
    ),
    (
        "a number for text",
        [('title = "A sample"', "title = 7")],
        ["title: found 7; allowed: text"],
    ),
    (
        "text for a number",
        [("minutes = 10", 'minutes = "ten"')],
        ['minutes: found "ten"; allowed: a whole number'],
    ),
    (
        "an unknown practice",
        [('"open_communication"', '"communication"')],
        [
            'trust_practice: found "communication"; allowed: acknowledge_feelings, celebrate_victories, open_communication, patience, professional_guidance, set_expectations'
        ],
    ),
    (
        "an unknown kind of field",
        [('key = "view", kind = "text"', 'key = "view", kind = "txt"')],
        [
            'parts[0].turns[0].fields[0].kind: found "txt"; allowed: choice, date, datetime, feelings, number, ranked, rows, scale, signature, text, time'
        ],
    ),
    (
        "an unknown visibility",
        [('visibility = "sealed"\nfields', 'visibility = "secret"\nfields')],
        ['parts[1].turns[0].visibility: found "secret"; allowed: counselor, joint, partner, release, sealed'],
    ),
    (
        "an unknown kind of legs",
        [('legs = "in_turn"', 'legs = "alternating"')],
        ['parts[0].legs: found "alternating"; allowed: each, in_turn, one, solo'],
    ),
    (
        "an unknown rhythm",
        [('every = "week"', 'every = "year"')],
        ['cadence.every: found "year"; allowed: 2 weeks, day, month, week'],
    ),
    (
        "a day that is a date",
        [("{ days = 6 }", "{ days = 2026-01-01 }")],
        ["open_for.days: found the date or time 2026-01-01; allowed: a whole number"],
    ),
    (
        "two mistakes of shape",
        [("version = 1", 'version = "1"'), ('key = "answer"\n', "")],
        [
            'version: found "1"; allowed: a whole number',
            "parts[0].turns[1].key: found nothing; allowed: text",
        ],
    ),
    (
        "a slug that is not the file",
        [('slug = "sample"', 'slug = "simple"')],
        ['slug: found "simple"; allowed: the name of the file, "sample"'],
    ),
    (
        "an unknown point",
        [('serves = ["P1.1"]', 'serves = ["P1.1", "P9.1"]')],
        ['serves[1]: found "P9.1"; allowed: P0.1 to P7.2'],
    ),
    (
        "no point of its own practice",
        [('serves = ["P1.1"]', 'serves = ["P2.1"]')],
        [
            "serves: found P2.1; allowed: at least one of P1.1, P1.2, P1.3, P1.4, P1.5, P1.6, the points of open_communication"
        ],
    ),
    (
        "a point twice",
        [('serves = ["P1.1"]', 'serves = ["P1.1", "P1.1"]')],
        ['serves: found 2 times "P1.1"; allowed: each only once'],
    ),
    (
        "a title too long",
        [('title = "A sample"', 'title = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"')],
        ["title: found 61 characters; allowed: at most 60"],
    ),
    (
        "an empty summary",
        [('summary = "One line."', 'summary = " "')],
        ["summary: found nothing; allowed: text of at most 160 characters"],
    ),
    (
        "an unknown exercise to lead to",
        [('leads_to = ["weekly_checkin"]', 'leads_to = ["yoga"]')],
        ['leads_to[0]: found "yoga"; allowed: another exercise of the library'],
    ),
    (
        "leading to itself",
        [('leads_to = ["weekly_checkin"]', 'leads_to = ["sample"]')],
        ['leads_to[0]: found "sample"; allowed: another exercise of the library'],
    ),
    (
        "no steps",
        [('steps = ["Do it."]', "steps = []")],
        ["steps: found nothing; allowed: at least one"],
    ),
    (
        "no evidence",
        [
            (
                '[[evidence]]\ngrade = "consensus"\nclaim = "It is common."\nsource = "Practice knowledge"',
                "evidence = []",
            )
        ],
        ["evidence: found nothing; allowed: at least one"],
    ),
    (
        "evidence without a source",
        [('source = "Practice knowledge"', 'source = ""')],
        ["evidence[0].source: found nothing; allowed: text of at most 300 characters"],
    ),
    (
        "raw HTML",
        [('rationale = "Because."', 'rationale = "<b>Because.</b>"')],
        ["rationale: found raw HTML; allowed: Markdown without HTML"],
    ),
    (
        "version nought",
        [("version = 1", "version = 0")],
        ["version: found 0; allowed: 1 or more"],
    ),
    (
        "too many minutes",
        [("minutes = 10", "minutes = 300")],
        ["minutes: found 300; allowed: 1 to 240"],
    ),
    (
        "a round that never closes",
        [("open_for = { days = 6 }", "open_for = { days = 0 }")],
        ["open_for: found 0 days and 0 hours; allowed: more than nothing, at most 366 days"],
    ),
    (
        "a negative time",
        [
            (
                'visibility = "partner"\nopens = { after = "speak" }',
                'visibility = "partner"\nwithin = { days = -1 }\nopens = { after = "speak" }',
            )
        ],
        ["parts[0].turns[1].within: found -1 days and 0 hours; allowed: more than nothing, at most 366 days"],
    ),
    (
        "a rhythm of two kinds",
        [("for = 4 }", "appointment = -48 }")],
        ["cadence: found every, appointment; allowed: exactly one of every, appointment"],
    ),
    (
        "endless rounds",
        [("for = 4", "for = 0")],
        ["cadence.for: found 0; allowed: 1 to 60"],
    ),
    (
        "long before an appointment",
        [('{ every = "week", for = 4 }', "{ appointment = -1000 }")],
        ["cadence.appointment: found -1000; allowed: -336 to -1, hours before it"],
    ),
    (
        "rounds that end before they open",
        [('{ every = "week", for = 4 }', "{ appointment = 48 }")],
        ["cadence.appointment: found 48; allowed: -336 to -1, hours before it"],
    ),
    (
        "a schedule without a rhythm",
        [
            ('cadence = { every = "week", for = 4 }', 'cadence = "once"'),
            ('starts = ["counselor"]', 'starts = ["schedule"]'),
        ],
        ['starts: found "schedule"; allowed: schedule only with a cadence that has a rhythm'],
    ),
    (
        "nobody starts",
        [('starts = ["counselor"]', "starts = []")],
        ["starts: found nothing; allowed: at least one of counselor, either, schedule"],
    ),
    (
        "a turn twice",
        [('key = "levels"', 'key = "choose"'), ('opens = { after = "choose" }', "")],
        [
            'parts: found 2 times "choose"; allowed: each only once',
            'parts[1].turns[1].fields[0].rows.field: found "choose.top"; allowed: turn.field of a ranked or choice field in an earlier turn',
        ],
    ),
    (
        "a key with capitals",
        [('key = "felt"', 'key = "Felt"')],
        [
            'parts[0].turns[3].key: found "Felt"; allowed: lower case letters, digits and single underscores, a letter first'
        ],
    ),
    (
        "a field twice",
        [('key = "day"', 'key = "top"')],
        ['parts[1].turns[0].fields[1].key: found "top"; allowed: each key only once in a turn'],
    ),
    (
        "a key with two underscores",
        [('key = "day"', 'key = "the__day"')],
        [
            'parts[1].turns[0].fields[1].key: found "the__day"; allowed: lower case letters, digits and single underscores'
        ],
    ),
    (
        "an input of an unknown exercise",
        [('exercise = "impact_statement"', 'exercise = "diary"')],
        ['inputs[0].exercise: found "diary"; allowed: another exercise of the library'],
    ),
    (
        "an input twice",
        [
            (
                '[[parts]]\nlegs = "in_turn"',
                '[[inputs]]\nkey = "given"\nexercise = "impact_statement"\nturn = "x"\n\n[[parts]]\nlegs = "in_turn"',
            )
        ],
        ['parts: found 2 times "given"; allowed: each only once'],
    ),
    (
        "a turn without fields",
        [('fields = [{ key = "heard", kind = "text", label = "What did you hear?" }]', "fields = []")],
        [
            "parts[0].turns[1].fields: found nothing; allowed: at least one",
            'parts[0].turns[0].fields[2].opens.after: found "answer"; allowed: a turn that the partner sees when it is sent',
            "parts[0].turns[2].opens: found a wait for answer, which its author writes for the counselor alone; allowed: a turn whose words the one who waits can read",
            "parts[0].turns[2].again.back_to: found a loop through answer, which the partner does not see; allowed: turns of kind partner",
        ],
    ),
    (
        "six attempts",
        [("attempts = 3", "attempts = 6")],
        ["parts[0].turns[2].again.attempts: found 6; allowed: 1 to 5"],
    ),
    (
        "entries without end",
        [('title = "Choose"', 'title = "Choose"\nrepeat = { most = 5000 }')],
        ["parts[1].turns[0].repeat.most: found 5000; allowed: 1 to 500"],
    ),
    (
        "repeat in a loop",
        [('title = "Does it fit?"', 'title = "Does it fit?"\nrepeat = { most = 3 }')],
        ["parts[0].turns[2].again: found again and repeat; allowed: one of them"],
    ),
    (
        "the other in a solo part",
        [('legs = "each"', 'legs = "solo"'), ('title = "Choose"', 'title = "Choose"\nby = "other"')],
        [
            'parts[1].turns[0].by: found "other"; allowed: author, as the part is solo',
            'parts[1].turns[1].opens.when: found "sent"; allowed: "opened", as the words of choose are not open when sent',
        ],
    ),
    (
        "either without agreeing",
        [('title = "Choose"', 'title = "Choose"\nby = "either"')],
        [
            'parts[1].turns[0].by: found "either"; allowed: either only with agree = true; otherwise author or other',
            'parts[1].turns[1].opens.when: found "sent"; allowed: "opened", as the words of choose are not open when sent',
        ],
    ),
    (
        "joint without agreeing",
        [('title = "Choose"\nvisibility = "sealed"', 'title = "Choose"\nvisibility = "joint"')],
        ["parts[1].turns[0].agree: found false; allowed: true on a joint turn, and only there"],
    ),
    (
        "agreeing on sealed words",
        [('title = "Choose"', 'title = "Choose"\nagree = true')],
        ["parts[1].turns[0].agree: found true; allowed: true on a joint turn, and only there"],
    ),
    (
        "a log to agree on",
        [
            (
                'title = "Choose"\nvisibility = "sealed"',
                'title = "Choose"\nagree = true\nvisibility = "joint"\nrepeat = { most = 2 }',
            )
        ],
        [
            "parts[1].turns[0].agree: found true with repeat or again; allowed: a turn to agree on is made once"
        ],
    ),
    (
        "consent where nothing is released",
        [('title = "Choose"', 'title = "Choose"\nconsent = "no"')],
        ['parts[1].turns[0].consent: found "no"; allowed: only on a turn with words of kind release'],
    ),
    (
        "a label too long",
        [
            (
                'label = "How is it?"',
                'label = "how how how how how how how how how how how how how how how how how how how how how how how "',
            )
        ],
        ["parts[0].turns[0].fields[0].label: found 92 characters; allowed: at most 90"],
    ),
    (
        "a help too long",
        [
            (
                'label = "How is it?"',
                'label = "How is it?", help = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"',
            )
        ],
        ["parts[0].turns[0].fields[0].help: found 201 characters; allowed: at most 200"],
    ),
    (
        "labels without a default",
        [('label = "How is it?"', 'label = { injured = "How is it?" }')],
        ["parts[0].turns[0].fields[0].label: found injured; allowed: default, and labels for roles"],
    ),
    (
        "a label for an unknown role",
        [('label = "How is it?"', 'label = { default = "How is it?", guilty = "And you?" }')],
        [
            "parts[0].turns[0].fields[0].label.guilty: found an unknown role; allowed: default, injured, involved, mutual"
        ],
    ),
    (
        "a scale without ends",
        [('label = "How are you?", ends = ["low", "high"]', 'label = "How are you?"')],
        ["parts[0].turns[0].fields[1].ends: found nothing; allowed: needed by a field of kind scale"],
    ),
    (
        "a scale with one end",
        [('label = "How are you?", ends = ["low", "high"]', 'label = "How are you?", ends = ["low"]')],
        ["parts[0].turns[0].fields[1].ends: found 1 words; allowed: two: what 0 means and what 10 means"],
    ),
    (
        "a choice without options",
        [
            (
                'label = "Safe?", options = { yes = "Yes", no = "No" }, flags = [{ equals = ["no"] }]',
                'label = "Safe?"',
            )
        ],
        ["parts[0].turns[3].fields[0].options: found nothing; allowed: needed by a field of kind choice"],
    ),
    (
        "a choice of one",
        [
            (
                'label = "Safe?", options = { yes = "Yes", no = "No" }',
                'label = "Safe?", options = { no = "No" }',
            )
        ],
        ["parts[0].turns[3].fields[0].options: found 1; allowed: at least 2"],
    ),
    (
        "an option named other",
        [
            (
                'label = "Safe?", options = { yes = "Yes", no = "No" }',
                'label = "Safe?", other = true, options = { other = "Other", no = "No" }',
            )
        ],
        [
            'parts[0].turns[3].fields[0].options.other: found "other"; allowed: a plain key; other is made by other = true'
        ],
    ),
    (
        "options on a text",
        [('label = "How is it?"', 'label = "How is it?", options = { a = "A", b = "B" }')],
        ["parts[0].turns[0].fields[0].options: found a value; allowed: for kind text: max_words"],
    ),
    (
        "a unit on a date",
        [('label = "When?"', 'label = "When?", unit = "days"')],
        ["parts[1].turns[0].fields[1].unit: found a value; allowed: for kind date: no extras"],
    ),
    (
        "bounds the wrong way round",
        [
            (
                'key = "day", kind = "date", label = "When?"',
                'key = "day", kind = "number", label = "How many?", least = 5, most = 2',
            )
        ],
        ["parts[1].turns[0].fields[1].least: found 5; allowed: at most 2, the value of most"],
    ),
    (
        "ranking more than there are",
        [("most = 2", "most = 4")],
        ["parts[1].turns[0].fields[0].most: found 4; allowed: a whole number from 1 to 3"],
    ),
    (
        "ranking without a number",
        [("most = 2, ", "")],
        ["parts[1].turns[0].fields[0].most: found nothing; allowed: needed by a field of kind ranked"],
    ),
    (
        "a choice of several without many",
        [('label = "Safe?"', 'label = "Safe?", most = 2')],
        ["parts[0].turns[3].fields[0].most: found a value; allowed: only with many = true"],
    ),
    (
        "joint words in a turn for oneself",
        [('label = "When?"', 'label = "When?", visibility = "joint"')],
        [
            'parts[1].turns[0].fields[1].visibility: found "joint"; allowed: joint only in a turn with agree = true'
        ],
    ),
    (
        "showing on the field itself",
        [('show_when = { fits = "no" }', 'show_when = { more = "no" }')],
        [
            "parts[0].turns[2].fields[1].show_when.more: found the field itself; allowed: another field of the turn"
        ],
    ),
    (
        "showing on free text",
        [('show_when = { fits = "no" }', 'show_when = { view = "no" }')],
        [
            'parts[0].turns[2].fields[1].show_when.view: found "view"; allowed: a choice field of the same turn'
        ],
    ),
    (
        "showing on no option",
        [('show_when = { fits = "no" }', 'show_when = { fits = "perhaps" }')],
        ['parts[0].turns[2].fields[1].show_when.fits: found "perhaps"; allowed: yes, no'],
    ),
    (
        "keeping a turn on a scale",
        [
            (
                'visibility = "partner"\nfields',
                'visibility = "partner"\nnarrow_when = { mood = "low" }\nfields',
            )
        ],
        ['parts[0].turns[0].narrow_when.mood: found "mood"; allowed: a choice field of the same turn'],
    ),
    (
        "a loop until no option",
        [('until = { fits = "yes" }', 'until = { fits = "maybe" }')],
        ['parts[0].turns[2].again.until.fits: found "maybe"; allowed: yes, no'],
    ),
    (
        "steering words kept for the counselor",
        [('label = "Is it so?"', 'label = "Is it so?", visibility = "counselor"')],
        ['parts[0].turns[2].fields[0].visibility: found "counselor"; allowed: partner, as it steers'],
    ),
    (
        "a steering question that may be left out",
        [('options = { yes = "Yes", no = "No" }, required = true', 'options = { yes = "Yes", no = "No" }')],
        [
            "parts[0].turns[2].fields[0]: found an answer that may be left out; allowed: required, one option, asked of all each time"
        ],
    ),
    (
        "a flag on words",
        [('label = "How is it?"', 'label = "How is it?", flags = [{ equals = ["bad"] }]')],
        ["parts[0].turns[0].fields[0].flags[0].equals: found bad; allowed: options of this choice field"],
    ),
    (
        "a flag of two kinds",
        [('{ equals = ["no"] }', '{ equals = ["no"], least = 2 }')],
        [
            "parts[0].turns[3].fields[0].flags[0]: found equals, least; allowed: exactly one of equals, least, rise"
        ],
    ),
    (
        "a flag on no option",
        [('{ equals = ["no"] }', '{ equals = ["never"] }')],
        ["parts[0].turns[3].fields[0].flags[0].equals: found never; allowed: options of this choice field"],
    ),
    (
        "a rise on a choice",
        [('{ equals = ["no"] }', '{ rise = 1, than = "speak.mood" }')],
        ["parts[0].turns[3].fields[0].flags[0].rise: found a field of kind choice; allowed: number or scale"],
    ),
    (
        "a rise that can never be",
        [("rise = 3", "rise = 30")],
        ["parts[0].turns[3].fields[1].flags[0].rise: found 30; allowed: more than 0, at most 10"],
    ),
    (
        "a rise of nothing",
        [("rise = 3", "rise = 0")],
        ["parts[0].turns[3].fields[1].flags[0].rise: found 0; allowed: more than 0, at most 10"],
    ),
    (
        "a fall that is called a rise",
        [("rise = 3", "rise = -3")],
        ["parts[0].turns[3].fields[1].flags[0].rise: found -3; allowed: more than 0, at most 10"],
    ),
    (
        "a flag at every number",
        [('{ rise = 3, than = "speak.mood" }', "{ least = 0 }")],
        ["parts[0].turns[3].fields[1].flags[0].least: found 0; allowed: more than 0, at most 10"],
    ),
    (
        "fewer words than none",
        [('label = "How is it?"', 'label = "How is it?", max_words = -5')],
        ["parts[0].turns[0].fields[0].max_words: found -5; allowed: at least 1"],
    ),
    (
        "a rise above nothing",
        [('than = "speak.mood"', 'than = "speak.view"')],
        [
            'parts[0].turns[3].fields[1].flags[0].than: found "speak.view"; allowed: turn.field of a number or scale, here or in an earlier turn'
        ],
    ),
    (
        "rows from free text",
        [('field = "choose.top"', 'field = "choose.day"')],
        [
            'parts[1].turns[1].fields[0].rows.field: found "choose.day"; allowed: turn.field of a ranked or choice field in an earlier turn'
        ],
    ),
    (
        "rows from a later turn",
        [('field = "choose.top"', 'field = "later.top"')],
        [
            'parts[1].turns[1].fields[0].rows.field: found "later.top"; allowed: turn.field of a ranked or choice field in an earlier turn'
        ],
    ),
    (
        "rows from two sources",
        [('field = "choose.top"', 'field = "choose.top", free = 3')],
        [
            "parts[1].turns[1].fields[0].rows: found several sources or none; allowed: exactly one of fixed, free, field"
        ],
    ),
    (
        "rows without columns",
        [(', columns = [{ key = "now", kind = "scale", label = "Now", ends = ["0", "10"] }]', "")],
        ["parts[1].turns[1].fields[0].rows.columns: found nothing; allowed: at least one"],
    ),
    (
        "a column without ends",
        [('label = "Now", ends = ["0", "10"]', 'label = "Now"')],
        [
            "parts[1].turns[1].fields[0].rows.columns[0].ends: found nothing; allowed: ends on a scale, and only there"
        ],
    ),
    (
        "opening on nothing",
        [('opens = { after = "speak" }', "opens = {}")],
        ["parts[0].turns[1].opens: found nothing; allowed: exactly one of after, answered, input"],
    ),
    (
        "opening on two things",
        [('opens = { after = "speak" }', 'opens = { after = "speak", input = "given" }')],
        ["parts[0].turns[1].opens: found after, input; allowed: exactly one of after, answered, input"],
    ),
    (
        "opening after a later turn",
        [('opens = { after = "speak" }', 'opens = { after = "confirm" }')],
        ['parts[0].turns[1].opens.after: found "confirm"; allowed: an earlier turn: speak'],
    ),
    (
        "opening after no turn",
        [('opens = { after = "speak" }', 'opens = { after = "talk" }')],
        ['parts[0].turns[1].opens.after: found "talk"; allowed: an earlier turn: speak'],
    ),
    (
        "opening on an unknown input",
        [('opens = { after = "speak" }', 'opens = { input = "letter" }')],
        ['parts[0].turns[1].opens.input: found "letter"; allowed: the key of one of inputs'],
    ),
    (
        "opening on an answer that is no date",
        [('opens = { after = "speak" }', 'opens = { answered = "speak.view" }')],
        [
            'parts[0].turns[1].opens.answered: found "speak.view"; allowed: turn.field of a date or datetime asked earlier'
        ],
    ),
    (
        "when without after",
        [('opens = { after = "speak" }', 'opens = { input = "given", when = "opened" }')],
        ['parts[0].turns[1].opens.when: found "opened"; allowed: only together with after'],
    ),
    (
        "waiting for what the other tells the counselor",
        [
            ('title = "Say it"\nvisibility = "partner"', 'title = "Say it"\nvisibility = "counselor"'),
            (', opens = { after = "answer" } }', " }"),
        ],
        [
            "parts[0].turns[1].opens: found a wait for speak, which its author writes for the counselor alone; allowed: a turn whose words the one who waits can read",
            "parts[0].turns[1].shows[0]: found speak.view, which is for the counselor; allowed: words that the writer may read",
        ],
    ),
    (
        "waiting for a release that may not come",
        [
            ('title = "Say it"\nvisibility = "partner"', 'title = "Say it"\nvisibility = "release"'),
            (', opens = { after = "answer" } }', " }"),
        ],
        [
            'parts[0].turns[1].opens.when: found "sent"; allowed: "opened", as the words of speak are not open when sent'
        ],
    ),
    (
        "waiting for a sealed date of the other part",
        [
            (
                "[[trends]]",
                '[[parts]]\nlegs = "one"\n[[parts.turns]]\nkey = "late"\ntitle = "Late"\nvisibility = "partner"\nopens = { answered = "choose.day" }\nfields = [{ key = "x", kind = "text", label = "X" }]\n\n[[trends]]',
            )
        ],
        [
            'parts[2].turns[0].opens.answered: found "choose.day"; allowed: an answer that both can read when it is sent'
        ],
    ),
    (
        "a loop through private words",
        [
            (
                'title = "Say it back"\nvisibility = "partner"',
                'title = "Say it back"\nvisibility = "counselor"',
            )
        ],
        [
            'parts[0].turns[0].fields[2].opens.after: found "answer"; allowed: a turn that the partner sees when it is sent',
            "parts[0].turns[2].opens: found a wait for answer, which its author writes for the counselor alone; allowed: a turn whose words the one who waits can read",
            "parts[0].turns[2].again.back_to: found a loop through answer, which the partner does not see; allowed: turns of kind partner",
        ],
    ),
    (
        "in turn without a word to the partner",
        [('legs = "each"', 'legs = "in_turn"')],
        [
            'parts[1].legs: found "in_turn" without a turn that the partner sees; allowed: each, or a turn of kind partner'
        ],
    ),
    (
        "a field that opens after a private turn",
        [('opens = { after = "answer" } }', 'opens = { after = "felt" } }')],
        [
            'parts[0].turns[0].fields[2].opens.after: found "felt"; allowed: a turn that the partner sees when it is sent'
        ],
    ),
    (
        "a sealed field that opens by itself",
        [('label = "When?"', 'label = "When?", opens = { after = "speak" }')],
        [
            "parts[1].turns[0].fields[1].opens: found a field of kind sealed; allowed: only on fields of kind partner"
        ],
    ),
    (
        "back to a later turn",
        [('back_to = "answer"', 'back_to = "felt"')],
        [
            'parts[0].turns[2].again.back_to: found "felt"; allowed: an earlier turn of the same part: speak, answer'
        ],
    ),
    (
        "a loop without an end",
        [('until = { fits = "yes" }', "until = {}")],
        ["parts[0].turns[2].again.until: found nothing; allowed: at least one answer that ends the loop"],
    ),
    (
        "showing what is not there",
        [('shows = ["speak.view", "given"]', 'shows = ["speak.words", "given"]')],
        ['parts[0].turns[1].shows[0]: found "speak.words"; allowed: turn.field, or the key of one of inputs'],
    ),
    (
        "showing what is for the counselor",
        [('shows = ["speak.view", "given"]', 'shows = ["felt.after"]')],
        [
            "parts[0].turns[1].shows[0]: found felt.after, which is for the counselor; allowed: words that the writer may read"
        ],
    ),
    (
        "a trend of nothing",
        [('source = ["confirm.fits"]', 'source = ["confirm.accuracy"]')],
        ['trends[0].source[0]: found "confirm.accuracy"; allowed: turn.field, or turn.field.column of rows'],
    ),
    (
        "a trend without points",
        [("points = { yes = 1, no = 0 }", "points = { yes = 1 }")],
        ["trends[0].points: found yes; allowed: points for each of yes, no"],
    ),
    (
        "a trend that needs more than it has",
        [("points = { yes = 1, no = 0 }", "points = { yes = 1, no = 0 }\nneeds = 2")],
        ["trends[0].needs: found 2; allowed: 1 to 1, the number of sources"],
    ),
    (
        "turning around what is no source",
        [("points = { yes = 1, no = 0 }", 'points = { yes = 1, no = 0 }\nreverse = ["speak.mood"]')],
        ["trends[0].reverse: found speak.mood; allowed: some of source"],
    ),
    (
        "a trend twice",
        [
            (
                '[[trends]]\nkey = "fit"',
                '[[trends]]\nkey = "fit"\ntitle = "Fit"\nsource = ["speak.mood"]\n\n[[trends]]\nkey = "fit"',
            )
        ],
        ['trends: found 2 times "fit"; allowed: each only once'],
    ),
]
