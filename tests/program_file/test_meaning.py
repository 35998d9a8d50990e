"""Every check of meaning: what it refuses, and that nothing else would."""

import pytest
from tests.program_file.cafe import CAFE, changed, told, warned

from loyalty.program_file import (
    campaigning,
    checking,
    grouping,
    reacting,
    timetable,
    vendors,
    wording,
)
from loyalty.program_file.kinds import program_kind
from loyalty.program_file.mistakes import Found
from loyalty.program_file.program_text import CHECKS
from loyalty.program_file.reading import values
from loyalty.program_file.tree import grow

REACTIONS = [
    (
        reacting.steps_do_one_thing,
        "{on: joined, steps: {x: {award: 5, reward: coffee}}}",
        (
            "41 automations.a.steps.x: it does award and reward at once"
            " | give it exactly one of send, award, reward, alert, tag, untag, wait"
        ),
    ),
    (
        reacting.steps_do_one_thing,
        "{on: joined, steps: {x: {wait: 366d}, y: {award: 5}}}",
        (
            "41 automations.a.steps.x.wait: nothing waits for longer than a year"
            " | write `365d` or less; a birthday or an anniversary begins an automation anew"
        ),
    ),
    (
        reacting.automations_do_something,
        "{on: joined, steps: {x: {award: 5}, y: {wait: 1d}}}",
        (
            "41 automations.a.steps: nothing comes after the wait"
            " | add what is done, as in `hello: {send: welcome}`"
        ),
    ),
    (
        reacting.automations_name_what_there_is,
        "{on: joined, steps: {x: {reward: cofee}}}",
        (
            "41 automations.a.steps.x.reward: `cofee` is not among the rewards of this program"
            " | did you mean `coffee`?"
        ),
    ),
    (
        reacting.guests_are_told_by_what_there_is,
        "{on: joined, when: {tiers: [glod]}, steps: {x: {award: 5}}}",
        (
            "41 automations.a.when.tiers.0: `glod` is not among the tiers of this program"
            " | did you mean `gold`?"
        ),
    ),
    (
        reacting.beginnings_are_told,
        "{on: visit, steps: {x: {award: 5}}}",
        (
            "41 automations.a: it does not say which visit, or says it twice"
            " | give `nth:` for one visit, or `every_nth:` for each multiple"
        ),
    ),
]
FILES = "earning:\n  stacking"
CASES = [
    (
        checking.a_store_is_named,
        [
            ('\n  corner: {title: Corner, tills: ["generic:corner"]}', " {}"),
            ('\n  market: {title: Market, tills: ["square:LMARKET"]}', ""),
            ("stores: [market], ", ""),
        ],
        ["7 stores: there is no store | add one, as in `main: {title: Main street 1}`"],
    ),
    (
        checking.stores_are_known,
        [("stores: [market]", "stores: [corner, markt]")],
        [
            (
                "18 earning.rules.lunch.when.stores.1: `markt` is not among the stores"
                " of this program"
                " | did you mean `market`?"
            )
        ],
    ),
    (
        checking.tiers_are_known,
        [
            ("tiers: [gold], start", "tiers: [glod], start"),
            ("on: visit, tiers: [gold]", "on: visit, tiers: [vip]"),
        ],
        [
            (
                "18 earning.rules.lunch.when.tiers.0: `glod` is not among the tiers of this program"
                " | did you mean `gold`?"
            ),
            (
                "36 alerts.regular.tiers.0: `vip` is not among the tiers of this program"
                " | known here: silver, gold"
            ),
        ],
    ),
    (
        checking.rewards_are_known,
        [("reward: coffee", "reward: tea")],
        [
            (
                "28 milestones.tenth.reward: `tea` is not among the rewards of this program"
                " | known here: coffee, five_off"
            )
        ],
    ),
    (
        checking.a_till_has_one_store,
        [('"square:LMARKET"', '"square:LMARKET", "generic:corner"')],
        [
            (
                "9 stores.market.tills.1: the till `generic:corner` belongs to `corner` already"
                " | name each till at one store, once"
            )
        ],
    ),
    (
        checking.zones_are_known,
        [
            ("zone: Europe/Berlin", "zone: Germany/Berlin"),
            ("title: Market,", "title: Market, zone: Mars/Base,"),
        ],
        [
            "4 zone: `Germany/Berlin` is no time zone | did you mean `Europe/Berlin`?",
            (
                "9 stores.market.zone: `Mars/Base` is no time zone"
                " | write continent and city, as in `Europe/Berlin`"
            ),
        ],
    ),
    (
        checking.currencies_are_known,
        [("currency: EUR", "currency: EUX")],
        ["3 currency: `EUX` is no currency in use | write its three letters, as in `EUR`"],
    ),
    (
        checking.the_country_is_known,
        [("country: DE", "country: ZZ")],
        ["5 country: `ZZ` is no country | write its two letters, as in `DE`, `GB` or `NP`"],
    ),
    (
        checking.currencies_share_their_digits,
        [
            ("title: Market,", "title: Market, currency: JPY,"),
            ("metric: spend\n", "metric: visits\n"),
            ("at: 40.00", "at: 4"),
            ("at: 90.00", "at: 9"),
            ("metric: spend, at: 100.00", "metric: points, at: 100"),
        ],
        [
            (
                "9 stores.market.currency: JPY has other digits after the point than EUR"
                " | amounts in this file hold for all stores: give this store a program of its own"
            )
        ],
    ),
    (
        checking.currencies_are_not_added_up,
        [
            ("title: Market,", "title: Market, currency: CHF,"),
            ("per: 1.00", "per: 1.00, carry: true"),
        ],
        [
            (
                "13 earning.rules.spend.carry: this would add up CHF and EUR"
                " as if they were the same money"
                " | limit it with `when: {stores: […]}`"
            ),
            (
                "20 tiers.metric: this would add up CHF and EUR"
                " as if they were the same money"
                " | measure tiers in visits or points"
            ),
            (
                "29 milestones.hundred.metric: this would add up CHF and EUR"
                " as if they were the same money"
                " | measure it in visits or points"
            ),
        ],
    ),
    (
        checking.currencies_are_not_added_up,
        [
            ("title: Market,", "title: Market, currency: CHF,"),
            ("stacking: best_of", "caps: {per_receipt: 5, per_day: 9}"),
            ("metric: spend\n", "metric: visits\n"),
            ("at: 40.00", "at: 4"),
            ("at: 90.00", "at: 9"),
            ("metric: spend, at: 100.00", "metric: points, at: 100"),
        ],
        [
            (
                "11 earning.caps.per_receipt: this would add up CHF and EUR"
                " as if they were the same money"
                " | leave caps out, or give each currency its own program"
            ),
            (
                "11 earning.caps.per_day: this would add up CHF and EUR"
                " as if they were the same money"
                " | leave caps out, or give each currency its own program"
            ),
        ],
    ),
    (
        checking.carry_has_no_caps,
        [("per: 1.00", "per: 1.00, carry: true"), ("stacking: best_of", "caps: {per_day: 9}")],
        [
            (
                "11 earning.caps: caps do not go together with `carry` (of `spend`)"
                " | leave out the caps, or set `carry: false`"
            )
        ],
    ),
    (
        checking.milestones_have_one_line,
        [("every: 10,", ""), ("at: 100.00,", "at: 100.00, every: 50.00,")],
        [
            (
                "28 milestones.tenth: it has neither `at` nor `every`"
                " | give `at` to reach it once, or `every` to reach it again and again"
            ),
            (
                "29 milestones.hundred: it has both `at` and `every`"
                " | give `at` to reach it once, or `every` to reach it again and again"
            ),
        ],
    ),
    (
        checking.milestones_have_one_line,
        [("at: 100.00,", "at: 0,")],
        [
            (
                "29 milestones.hundred.at: every guest begins at 0: this line is never crossed"
                " | begin at 1 or above"
            )
        ],
    ),
    (
        checking.stamps_are_counted_on_a_card,
        [
            ("metric: visits, every: 10", "metric: stamps, stamps: tea, every: 10"),
            (
                "award: 20}",
                """award: 20, stamps: tea}
  third: {title: {en: Third}, metric: stamps, at: 3, award: 1}""",
            ),
        ],
        [
            (
                "28 milestones.tenth.stamps: `tea` is not among the stamps of this program"
                " | there is none yet"
            ),
            (
                "29 milestones.hundred.stamps: it measures something else"
                " | leave it out, or `metric: stamps`"
            ),
            (
                "30 milestones.third: it does not say whose stamps"
                " | add `stamps:` with the name of a card of `stamps`"
            ),
        ],
    ),
    (
        checking.milestones_give_something,
        [(", award: 20", "")],
        [
            (
                "29 milestones.hundred: it gives nothing"
                " | add `award:` with points, or `reward:` with the name of a reward"
            )
        ],
    ),
    (
        checking.tiers_rise,
        [("at: 90.00", "at: 40.00")],
        [
            (
                "23 tiers.levels.gold.at: it does not begin above `silver`"
                " | write the levels from the lowest to the highest, each with a higher `at`"
            )
        ],
    ),
    (
        checking.tiers_rise,
        [
            (
                (
                    "\n    silver: {title: {en: Silver}, at: 40.00}"
                    "\n    gold: {title: {en: Gold}, at: 90.00}"
                ),
                " {}",
            ),
            ("tiers: [gold], start", "start"),
            ("on: visit, tiers: [gold]", "on: visit"),
        ],
        ["21 tiers.levels: there is no tier | add one, or leave out `tiers`"],
    ),
    (
        checking.money_off_has_a_value,
        [(", value: 5.00", "")],
        [
            (
                "26 rewards.five_off.value: money off without a value"
                " | add `value:` with the amount taken off"
            )
        ],
    ),
    (
        checking.spans_are_not_empty,
        [('end: "08:00"', 'end: "21:00"'), ('end: "14:00"', 'end: "11:00"')],
        [
            (
                "18 earning.rules.lunch.when.end: it starts and ends at 11:00"
                " | choose an end that differs from the start"
            ),
            (
                "38 sending.quiet_hours.end: it starts and ends at 21:00"
                " | choose an end that differs from the start"
            ),
        ],
    ),
    (
        wording.languages_are_codes,
        [
            ("[en, de]", "[en, de, english]"),
            ("de: Punkte}", "de: Punkte, english: Points}"),
            ('de: "+{points} Punkte"', 'de: "+{points} Punkte", english: x'),
            ("de: Schreibt mir.", "de: Schreibt mir., english: x"),
        ],
        ["6 languages.2: `english` is no language code | write it as in `en` or `pt-BR`"],
    ),
    (
        wording.titles_speak_the_first_language,
        [("title: {en: a coffee}", "title: {de: ein Kaffee, fr: un café}")],
        [
            "25 rewards.coffee.title.en: the text in `en` is missing | add `en:` with the text",
            (
                "25 rewards.coffee.title.fr: `fr` is not among the languages of this program"
                " | known here: en, de"
            ),
        ],
    ),
    (
        wording.texts_speak_every_language,
        [(', de: "+{points} Punkte"', ""), (", de: Schreibt mir.", ", ne: x")],
        [
            "34 messages.earned.text.de: the text in `de` is missing | add `de:` with the text",
            "40 consent_texts.2026-11.de: the text in `de` is missing | add `de:` with the text",
            (
                "40 consent_texts.2026-11.ne: `ne` is not among the languages of this program"
                " | known here: en, de"
            ),
        ],
    ),
    (
        wording.texts_speak_every_language,
        [("    subject: {en: Points, de: Punkte}\n", "")],
        [
            "31 messages.earned.subject.en: the text in `en` is missing | add `en:` with the text",
            "31 messages.earned.subject.de: the text in `de` is missing | add `de:` with the text",
        ],
    ),
    (
        wording.slots_can_be_filled,
        [
            ('en: "+{points}"', 'en: "{pionts} {gift}"'),
            ("en: Points, de", 'en: "{ points }", de'),
            ('"{tier} at {store}"', '"{balance}"'),
            ('"+{points} Punkte"', '"{ Punkte"'),
        ],
        [
            (
                "33 messages.earned.subject.en: nothing can be put in for `{ points }` here"
                " | did you mean `points`?"
            ),
            (
                "34 messages.earned.text.en: nothing can be put in for `{pionts}` here"
                " | did you mean `points`?"
            ),
            (
                "34 messages.earned.text.en: nothing can be put in for `{gift}` here"
                " | known here: balance, brand, name, pending, points, store"
            ),
            (
                "34 messages.earned.text.de: a brace stands alone"
                " | write a slot as in `{points}`; texts cannot hold other braces"
            ),
            (
                "36 alerts.regular.text: nothing can be put in for `{balance}` here"
                " | known here: brand, points, reward, store, tier, total, visits"
            ),
        ],
    ),
    (
        vendors.connectors_can_carry,
        [("sms: [twilio]", "sms: [twillio]"), ("staff: [slack]", "staff: [sendgrid]")],
        [
            "41 connectors.sms.0: there is no connector `twillio` | did you mean `twilio`?",
            (
                "41 connectors.staff.0: `sendgrid` cannot do this (`alert_staff`)"
                " | use one that can: slack"
            ),
        ],
    ),
    (
        vendors.tills_can_tell,
        [('"generic:corner"', '"corner"'), ('"square:LMARKET"', '"sqare.second:LMARKET"')],
        [
            (
                "8 stores.corner.tills.0: `corner` does not name a connector and a location"
                " | write it as in `square:LOCATION`"
            ),
            "9 stores.market.tills.0: there is no connector `sqare` | did you mean `square`?",
        ],
    ),
    (
        vendors.files_can_be_read,
        [(FILES, "files: {one: {via: twilio}, two: {via: s3.second}}\n" + FILES)],
        [
            (
                "10 files.one.via: `twilio` cannot do this (`list_files`)"
                " | use one that can: folder, google_storage, s3"
            ),
            (
                "10 files.two.via: no store has a till of `s3.second`"
                ' | name its place at a store, as in `tills: ["s3.second:two"]`'
            ),
        ],
    ),
    (
        vendors.receipts_are_named_once,
        [
            ("generic:corner", "folder:corner"),
            (
                FILES,
                'files:\n  one: {via: folder}\n  two: {via: s3, named: "folder:one"}\n'
                '  three: {via: folder, numbers_restart_from: "2026-12-01"}\n'
                '  four: {via: folder, numbers_restart: true, numbers_restart_from: "2026-12-01",'
                ' numbers_restart_until: "2026-12-01"}\n' + FILES,
            ),
        ],
        [
            (
                "12 files.two.named: its receipts are named as those of `files.one`"
                " | leave `named` out, or name a till of its own"
            ),
            (
                "13 files.three.numbers_restart: numbers begin anew on no day"
                " | write `numbers_restart: true` too: it holds on these days"
            ),
            (
                "14 files.four.numbers_restart_until: it ends before it begins"
                " | write a day after the first"
            ),
        ],
    ),
    (
        vendors.columns_are_told_apart,
        [
            ("generic:corner", "folder:corner"),
            (FILES, "files: {one: {via: folder, columns: {sku: Art, name: Art}}}\n" + FILES),
        ],
        [
            (
                "10 files.one.columns.name: `Art` is read as `sku` already"
                " | read each column of the file once"
            )
        ],
    ),
    (
        vendors.messages_have_a_carrier,
        [("sms: [twilio], ", "")],
        [
            (
                "31 messages.earned.channels: no connector carries `sms` | name one at"
                " `connectors: sms:` (there is twilio), or leave `sms` out of"
                " the message's `channels`"
            )
        ],
    ),
    (
        vendors.messages_have_a_carrier,
        [("on: points-earned", "on: points-earned\n    channels: []")],
        ["33 messages.earned.channels: this message has no channel | name `sms`, `email` or both"],
    ),
    (
        vendors.alerts_have_a_carrier,
        [(", staff: [slack]", "")],
        [
            (
                "36 alerts.regular: no connector tells staff"
                " | name one at `connectors: staff:` (there is slack)"
            )
        ],
    ),
    (
        grouping.segments_are_known,
        [
            ("tiers: [gold], start", "tiers: [gold], segments: [freinds], start"),
            (
                "messages:\n",
                """segments: {friends: {title: {en: Friends}, tags: [friend]}}
stamps: {tea: {title: {en: Tea}, when: {segments: [vips]}}}
messages:
""",
            ),
        ],
        [
            (
                "18 earning.rules.lunch.when.segments.0: `freinds` is not among the segments"
                " of this program | did you mean `friends`?"
            ),
            (
                "31 stamps.tea.when.segments.0: `vips` is not among the segments of this program"
                " | known here: friends"
            ),
        ],
    ),
    (
        grouping.segments_name_what_there_is,
        [
            (
                "messages:\n",
                """segments:
  a: {title: {en: A}, favorite: {stores: [corner, markt]}}
  b: {title: {en: B}, tiers: [glod], languages: [fr]}
messages:
""",
            )
        ],
        [
            (
                "31 segments.a.favorite.stores.1: `markt` is not among the stores of this program"
                " | did you mean `market`?"
            ),
            (
                "32 segments.b.tiers.0: `glod` is not among the tiers of this program"
                " | did you mean `gold`?"
            ),
            (
                "32 segments.b.languages.0: `fr` is not among the languages of this program"
                " | known here: en, de"
            ),
        ],
    ),
    (
        grouping.segments_ask_for_something,
        [("messages:\n", "segments: {all: {title: {en: All}}}\nmessages:\n")],
        [
            (
                "30 segments.all: it asks for nothing: everybody is in it"
                " | add a condition, as in `visits: {at_least: 5}`"
            )
        ],
    ),
    (
        grouping.segments_can_have_guests,
        [
            (
                "messages:\n",
                """segments:
  a: {title: {en: A}, last_visit: {at_least: 60, at_most: 59}, points: {at_least: 5, at_most: 5}}
  b: {title: {en: B}, rfm: {money: {at_least: 4, at_most: 2}}}
  c: {title: {en: C}, tags: [vip], without_tags: [staff, vip]}
messages:
""",
            )
        ],
        [
            (
                "31 segments.a.last_visit.at_most: it is below `at_least`: nobody is in it"
                " | choose one that is not below `at_least`"
            ),
            (
                "32 segments.b.rfm.money.at_most: it is below `at_least`: nobody is in it"
                " | choose one that is not below `at_least`"
            ),
            (
                "33 segments.c.without_tags: `vip` is asked for in `tags` as well:"
                " nobody is in it | leave it out of one"
            ),
        ],
    ),
    (
        grouping.spans_are_days_or_months,
        [
            (
                "messages:\n",
                """segments: {a: {title: {en: A}, visits: {at_least: 2, days: 30, months: 1}}}
messages:
""",
            )
        ],
        ["30 segments.a.visits.months: `days` are given as well | give one of the two"],
    ),
    (
        grouping.stages_follow_each_other,
        [("messages:\n", "stages: {lost_after: 45, regular_visits: 12}\nmessages:\n")],
        [
            (
                "30 stages.lost_after: `lost_after` is 45, and `lapsing_after` 45"
                " | let `lost_after` be the greater one"
            ),
            (
                "30 stages.regular_visits: `vip_visits` is 10, and `regular_visits` 12"
                " | let `vip_visits` be the greater one"
            ),
        ],
    ),
    (
        grouping.segments_add_up_one_money,
        [
            ("title: Market,", "title: Market, currency: CHF,"),
            ("metric: spend\n", "metric: visits\n"),
            ("at: 40.00}", "at: 4}"),
            ("at: 90.00}", "at: 9}"),
            ("metric: spend, at: 100.00", "metric: visits, at: 100"),
            (
                "messages:\n",
                """segments: {a: {title: {en: A}, spend: {at_least: 9.00}, rfm: {classes: [loyal]}}}
stages: {vip_spend: 100.00}
messages:
""",
            ),
        ],
        [
            (
                "30 segments.a.spend: this would add up CHF and EUR as if they were the same"
                " money | go by visits"
            ),
            (
                "30 segments.a.rfm: this would add up CHF and EUR as if they were the same"
                " money | go by visits"
            ),
            (
                "31 stages.vip_spend: this would add up CHF and EUR as if they were the same"
                " money | go by visits"
            ),
        ],
    ),
    *(
        (check, [("connectors: {sms", f"automations: {{a: {written}}}\nconnectors: {{sms")], [told])
        for check, written, told in REACTIONS
    ),
    (
        reacting.automations_fill_their_texts,
        [
            ("on: points-earned", "on: automation"),
            ("+{points} Punkte", "{days} Punkte"),
            (
                "connectors: {sms",
                "automations: {a: {on: joined, steps: {x: {send: earned}}}}\nconnectors: {sms",
            ),
        ],
        [
            (
                "34 messages.earned.text.de: nothing can be put in for `{days}`, sent by `a`"
                " | known here: balance, brand, name, pending, points, visits"
            )
        ],
    ),
    (
        timetable.schedules_can_be_read,
        [("connectors: {sms", "schedules: {waiting: 30 25 * * *}\nconnectors: {sms")],
        [
            (
                "41 schedules.waiting: the hour `25` cannot be | it takes 0 to 23; also `*`,"
                " lists `1,15`, ranges `1-5` and steps `*/10`"
            )
        ],
    ),
]
_WHEN = 'starts: "2026-12-01 10:00", ends: "2026-12-31 10:00"'
_HI = "{en: Hi, de: Hallo}"
_SERVICE = f"{{on: automation, text: {_HI}, subject: {_HI}}}"
_AD = f"{{on: automation, purpose: marketing, channels: [sms], text: {_HI}}}"
_AWAY = "{on: dormant, days: 30, steps: {x: {send: service}}}"
_FRIENDS = "segments: {friends: {title: {en: Friends, de: Freunde}, tags: [vip]}}"
CAMPAIGNS = [
    (
        campaigning.campaigns_begin_and_end,
        'starts: "2026-02-30 10:00", ends: "2026-12-31 10:00", steps: {x: {award: 5}}',
        "campaigns.a.starts: there is no such day | look at a calendar",
    ),
    (
        campaigning.campaigns_begin_and_end,
        'starts: "2026-12-02 10:00", ends: "2026-12-01 10:00", steps: {x: {award: 5}}',
        "campaigns.a.ends: it ends before it begins | choose a later end",
    ),
    (
        campaigning.campaigns_begin_and_end,
        'starts: "2026-12-01 10:00", ends: "2027-12-03 10:00", steps: {x: {award: 5}}',
        (
            "campaigns.a.ends: it lasts for longer than a year"
            " | let it end sooner, or give it `cron:` and `hours:` to come again"
        ),
    ),
    (
        campaigning.rounds_can_come,
        f'{_WHEN}, cron: "0 10 * * MON", steps: {{x: {{award: 5}}}}',
        (
            "campaigns.a.cron: a round needs both"
            " | give both `cron:`, when a round begins, and `hours:`, how long it lasts"
        ),
    ),
    (
        campaigning.rounds_can_come,
        f"{_WHEN}, hours: 14, steps: {{x: {{award: 5}}}}",
        (
            "campaigns.a.hours: a round needs both"
            " | give both `cron:`, when a round begins, and `hours:`, how long it lasts"
        ),
    ),
    (
        campaigning.rounds_can_come,
        f'{_WHEN}, cron: "0 25 * * MON", hours: 14, steps: {{x: {{award: 5}}}}',
        (
            "campaigns.a.cron: the hour `25` cannot be"
            " | it takes 0 to 23; also `*`, lists `1,15`, ranges `1-5` and steps `*/10`"
        ),
    ),
    (
        campaigning.rounds_can_come,
        f'{_WHEN}, cron: "0 10 * * MON", hours: 169, steps: {{x: {{award: 5}}}}',
        (
            "campaigns.a.cron: a round would begin before the one before it is over"
            " | choose fewer `hours:`, or let it come less often"
        ),
    ),
    (
        campaigning.campaigns_ask_for_segments_that_exist,
        f"{_WHEN}, segments: [frends], steps: {{x: {{award: 5}}}}",
        (
            "campaigns.a.segments.0: `frends` is not among the segments of this program"
            " | did you mean `friends`?"
        ),
    ),
    (
        campaigning.offers_say_one_thing,
        f"{_WHEN}, offer: {{factor: 2, points: 5}}",
        (
            "campaigns.a.offer: it does not say what it gives, or says it twice"
            " | give `factor:` for all a receipt earns, or `points:` for each visit"
        ),
    ),
    (
        campaigning.offers_say_one_thing,
        f'{_WHEN}, offer: {{factor: 2, when: {{start: "11:00", end: "11:00"}}}}',
        (
            "campaigns.a.offer.when.end: it starts and ends at 11:00"
            " | choose an end that differs from the start"
        ),
    ),
    (
        campaigning.offers_name_what_there_is,
        f"{_WHEN}, offer: {{points: 5, when: {{stores: [markt]}}}}",
        (
            "campaigns.a.offer.when.stores.0: `markt` is not among the stores of this program"
            " | did you mean `market`?"
        ),
    ),
    (
        grouping.segments_are_known,
        f"{_WHEN}, offer: {{points: 5, when: {{segments: [frends]}}}}",
        (
            "campaigns.a.offer.when.segments.0: `frends` is not among the segments of this program"
            " | did you mean `friends`?"
        ),
    ),
    (
        reacting.automations_do_something,
        _WHEN,
        ("campaigns.a.steps: there is no step | add what is done, as in `hello: {send: welcome}`"),
    ),
    (
        campaigning.budgets_can_be_kept,
        f"{_WHEN}, steps: {{x: {{award: 5}}}}, budget: {{money: 5.00}}",
        (
            "campaigns.a.budget.money: nothing says what its gifts cost"
            " | add `points_cost:`, what 100 points cost, or `reward_cost:`"
        ),
    ),
    (
        campaigning.budgets_can_be_kept,
        f"{_WHEN}, steps: {{x: {{award: 5}}}}, budget: {{lower_to: [50]}}",
        (
            "campaigns.a.budget.lower_to: there is no budget to pass"
            " | add `points:` or `money:`, or leave it out"
        ),
    ),
    (
        campaigning.budgets_can_be_kept,
        f"{_WHEN}, steps: {{x: {{award: 5}}}}, budget: {{points: 9, lower_to: [25, 50]}}",
        "campaigns.a.budget.lower_to: it does not fall | write it as in `[50, 25, 0]`",
    ),
    (
        campaigning.last_chances_are_known,
        f"{_WHEN}, steps: {{x: {{award: 5}}}}, last_chance: {{send: ernd}}",
        (
            "campaigns.a.last_chance.send: `ernd` is not among the messages with"
            " `on: automation` | did you mean `earned`?"
        ),
    ),
    (
        campaigning.chosen_channels_can_be_used,
        f"{_WHEN}, channels: [sms, email], steps: {{x: {{send: ad}}}}",
        (
            "campaigns.a.channels: `ad` has no subject, and would go by e-mail"
            " | give the message a `subject:`, or leave `email` out"
        ),
    ),
    (
        campaigning.campaigns_send_what_may_be_sent,
        f"{_WHEN}, steps: {{x: {{send: service}}}}",
        (
            "campaigns.a.steps.x.send: `service` is a service message: a campaign advertises"
            " | add `purpose: marketing` to it"
        ),
    ),
]
CASES += [
    (
        reacting.win_backs_are_marketing,
        [
            ("messages:\n", f"messages:\n  service: {_SERVICE}\n"),
            ("connectors: {sms", f"automations: {{a: {_AWAY}}}\nconnectors: {{sms"),
        ],
        [
            (
                "42 automations.a.steps.x.send: `service` is a service message: a win-back"
                " advertises | add `purpose: marketing` to it"
            )
        ],
    )
]
CASES += [
    (
        check,
        [
            (
                "messages:\n",
                f"messages:\n  service: {_SERVICE}\n  ad: {_AD}\n",
            ),
            ("on: points-earned", "on: automation"),
            ("+{points} Punkte", "Punkte"),
            (
                "connectors: {sms",
                f"{_FRIENDS}\ncampaigns: {{a: {{{written}}}}}\nconnectors: {{sms",
            ),
        ],
        [f"44 {said}"],
    )
    for check, written, said in CAMPAIGNS
]
NAMES = [case[0].__name__ for case in CASES]


def test_the_cafe_itself_has_no_mistake():
    assert told(CAFE) == []


@pytest.mark.parametrize(("_check", "changes", "expected"), CASES, ids=NAMES)
def test_what_cannot_be_meant_is_told_with_its_line_and_a_way_out(_check, changes, expected):
    assert told(changed(*changes)) == expected


@pytest.mark.parametrize(("check", "changes", "expected"), CASES, ids=NAMES)
def test_no_other_check_would_have_found_it(check, changes, expected):
    found = Found()
    program = values(program_kind(), grow(changed(*changes), found), found)
    others = [finding for one in CHECKS if one is not check for finding in one(program)]
    assert found.mistakes == []
    assert others == []
    assert len(list(check(program))) == len(expected)


def test_every_check_has_a_case():
    assert {case[0] for case in CASES} == set(CHECKS)


def test_a_carry_rule_for_stores_of_one_currency_adds_up_one_money():
    text = changed(
        ("title: Market,", "title: Market, currency: CHF,"),
        ("per: 1.00", "per: 1.00, carry: true, when: {stores: [market]}"),
        ("metric: spend\n", "metric: points\n"),
        ("at: 40.00", "at: 4"),
        ("at: 90.00", "at: 9"),
        ("metric: spend, at: 100.00", "metric: points, at: 100"),
    )
    assert told(text) == []


def test_an_email_with_a_vendors_template_needs_no_subject():
    text = changed(("subject: {en: Points, de: Punkte}", "email_template: d-1"))
    assert told(text) == []


def test_a_text_message_needs_no_subject():
    text = changed(("subject: {en: Points, de: Punkte}", "channels: [sms]"))
    assert told(text) == []


def test_a_milestone_may_be_withdrawn_after_a_refund():
    assert told(changed(("award: 20", "award: 20, on_undo: withdraw"))) == []


def test_a_title_may_leave_out_a_language_that_is_not_the_first():
    assert told(changed(("{en: a coffee}", "{en: a coffee, de: ein Kaffee}"))) == []


BIRTHDAY = "automations: {party: {on: %s, steps: {hi: {send: wish}}}}\n"
WISH = 'messages:\n  wish: {on: %s, channels: [sms], text: {en: "{date}", de: "{date}"}}\n'


@pytest.mark.parametrize(
    ("begins", "told_on", "wrong"),
    [
        ("birthdays", "automation", "automations.party.on"),
        ("birthday", "automaton", "messages.wish.on"),
    ],
)
def test_what_follows_from_a_wrong_beginning_is_not_told_too(begins, told_on, wrong):
    text = changed(("messages:\n", WISH % told_on)) + BIRTHDAY % begins
    [only] = told(text)
    assert f" {wrong}: `" in only


def test_an_alert_with_a_wrong_beginning_is_told_of_that_alone():
    alert = '{on: file-rejected, text: "{file} of {date}: {reason}"}\n'
    [only] = told(changed(("alerts:\n", f"alerts:\n  no_file: {alert}")))
    assert " alerts.no_file.on: `file-rejected` is not known here" in only


def test_a_slot_that_nothing_fills_is_told_once_for_a_text():
    [only] = told(changed(('de: "+{points} Punkte"', 'de: "{year}, {year}"')))
    assert "nothing can be put in for `{year}`" in only


SEGMENTS = "segments: {friends: {title: {en: Friends}, tags: [friend]}}\n"
OFF = SEGMENTS + "schedules: {segments: off}\n"
ASKS = "automations: {hi: {on: joined, when: {segments: [friends]}, steps: {x: {award: 5}}}}\n"


def test_segments_that_something_asks_for_and_no_night_finds_out_are_warned_of():
    assert (
        "schedules.segments: nobody is placed into a segment any more, and `automations.hi` asks"
        " for one | leave it out, or give a cron line"
    ) in warned(changed() + OFF + ASKS)
    assert not [each for each in warned(changed() + OFF) if "schedules" in each]
    assert not [each for each in warned(changed() + SEGMENTS + ASKS) if "schedules" in each]
