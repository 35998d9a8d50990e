"""What changed from one version to the next: one line per changed key, as it is written."""

import pytest
from tests.program_file.cafe import CAFE, PROGRAMS, changed

from loyalty.program_file import difference, read

OLD = read(CAFE)


def told(*changes):
    return difference(OLD, read(changed(*changes)))


def test_the_same_program_differs_in_nothing():
    assert told() == []


def test_money_is_told_as_it_is_written():
    assert told(("per: 1.00", "per: 0.80")) == ["earning.rules.spend.per: 1.00 -> 0.80"]


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        ("factor: 1.5", "factor: 2", "earning.rules.lunch.factor: 1.5 -> 2"),
        (
            "stores: [market]",
            "stores: [market, corner]",
            "earning.rules.lunch.when.stores: [market] -> [market, corner]",
        ),
        ("stores: [market], ", "", "earning.rules.lunch.when.stores: [market] -> []"),
        ('start: "11:00"', 'start: "10:30"', "earning.rules.lunch.when.start: 11:00 -> 10:30"),
        ("stacking: best_of", "stacking: product", "earning.stacking: best_of -> product"),
        ("stacking: best_of", "debt: forgive", "earning.debt: carry -> forgive"),
        ("stacking: best_of", "debt_cap: 30", "earning.debt_cap: added 30"),
        ("stacking: best_of", "pending: {online: 36h}", "earning.pending.online: added 36h"),
        ("per: 1.00", "per: 1.00, carry: true", "earning.rules.spend.carry: false -> true"),
        ("{en: Tenth}", "{en: Tenth, de: Zehn}", "milestones.tenth.title.de: added Zehn"),
        ("{en: Tenth}", '{en: "10: yes"}', 'milestones.tenth.title.en: Tenth -> "10: yes"'),
        ("every: 10,", "every: 12,", "milestones.tenth.every: 10 -> 12"),
        ("at: 100.00,", "at: 120,", "milestones.hundred.at: 100.00 -> 120.00"),
        (", reward: coffee", ", award: 5, reward: coffee", "milestones.tenth.award: 0 -> 5"),
        ("award: 20", "award: 20, reward: coffee", "milestones.hundred.reward: added coffee"),
        (
            'alerts:\n  regular: {on: visit, tiers: [gold], text: "{tier} at {store}"}\n',
            "",
            "alerts.regular: removed",
        ),
        (
            (
                '  corner: {title: Corner, tills: ["generic:corner"]}\n'
                '  market: {title: Market, tills: ["square:LMARKET"]}'
            ),
            (
                '  market: {title: Market, tills: ["square:LMARKET"]}\n'
                '  corner: {title: Corner, tills: ["generic:corner"]}'
            ),
            "stores: in another order",
        ),
    ],
)
def test_a_changed_key_is_one_line(old, new, line):
    assert told((old, new)) == [line]


def test_a_new_part_tells_what_it_says_and_not_what_it_leaves_out():
    assert told(("consent_texts:", "expiry: {months: 12}\nconsent_texts:")) == [
        "expiry.months: added 12"
    ]
    assert told(("rewards:", "rewards:\n  tea: {title: {en: tea}, valid_days: 5}")) == [
        "rewards.tea.title.en: added tea",
        "rewards.tea.valid_days: added 5",
    ]


def test_a_rule_of_another_kind_is_another_rule():
    assert told(
        (
            "earn: spend, title: {en: Points}, points: 1, per: 1.00",
            "earn: bonus, title: {en: Points}, points: 2",
        )
    ) == [
        "earning.rules.spend: removed",
        "earning.rules.spend.earn: added bonus",
        "earning.rules.spend.title.en: added Points",
        "earning.rules.spend.points: added 2",
    ]


def test_each_side_is_written_in_its_own_metric_and_currency():
    assert told(
        ("metric: spend\n", "metric: visits\n"), ("at: 40.00", "at: 4"), ("at: 90.00", "at: 9")
    ) == [
        "tiers.levels.silver.at: 40.00 -> 4",
        "tiers.levels.gold.at: 90.00 -> 9",
        "tiers.metric: spend -> visits",
    ]
    lines = difference(OLD, read(PROGRAMS["ramen-jpy"]))
    assert "earning.rules.spend.per: 1.00 -> 100" in lines
    assert "currency: EUR -> JPY" in lines


def test_the_first_version_is_told_as_added():
    lines = difference(None, OLD)
    assert lines[:3] == ["engine: added 1", "title: added Corner Cafe", "currency: added EUR"]
    assert "earning.rules.lunch.when.start: added 11:00" in lines
    assert "tiers.levels.gold.at: added 90.00" in lines
    assert not [line for line in lines if "grace_days" in line or " -> " in line]


@pytest.mark.parametrize("name", PROGRAMS)
def test_there_and_back_tell_the_same_keys(name):
    other = read(PROGRAMS[name])
    there = {line.partition(": ")[0] for line in difference(OLD, other) if " -> " in line}
    back = {line.partition(": ")[0] for line in difference(other, OLD) if " -> " in line}
    assert there == back
