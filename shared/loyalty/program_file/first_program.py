"""The first program file as a template: `$slots` are filled, lines with `?` are for tiers only."""

from __future__ import annotations

TEMPLATE = """\
# The loyalty program. Change what you like: `loyalty program check` tells every mistake with its
# line, and docs/program.md explains every key.
engine: 1
title: $brand
currency: $currency             # of every amount in this file
zone: $zone
country: $country               # where a phone number without a country code is at home
languages: $languages           # the first is used for guests who speak none of them
$translate
stores:
$stores

earning:
  rules:
    spend:
      earn: spend
      title: $spend
      points: $points
      per: $per
      carry: true               # what is left over counts on the next receipt
?    gold:
?      earn: multiply
?      title: $gold_rule
?      factor: 1.5
?      when: {tiers: [gold]}
  debt: carry                   # points to take back that are spent already are owed

expiry: {months: 12, round_to: month}
visits: {sitting: 90m}          # receipts within this time are one visit
?
?tiers:
?  metric: spend
?  window: rolling_year
?  levels:
?    silver: {title: $silver, at: $silver_at}
?    gold: {title: $gold, at: $gold_at}

rewards:
  first_reward:
    title: $first_reward
    valid_days: 30
redeeming: {approve_above: 200} # points given or taken by hand: more wants a second person

milestones:
  tenth_visit:
    title: $tenth
    metric: visits
    every: 10
    reward: first_reward

messages:
  earned:
    on: points-earned
    subject: $subject
    text: $earned
  taken_back:
    on: points-clawed-back
    subject: $subject
    text: $taken_back
  corrected:
    on: points-corrected
    subject: $subject
    text: $corrected
?  tier:
?    on: tier-changed
?    subject: $subject
?    text: $tier
  milestone:
    on: milestone-reached
    subject: $subject
    text: $reached

sending:
  quiet_hours: {start: "21:00", end: "08:00"}

consent_texts:                  # keep an old version: guests agreed to its words
  first: $consent

connectors:                     # which vendors carry what
  sms: [twilio]
  email: [sendgrid]
"""


def template(*, tiers: bool) -> str:
    """Return the template with or without what belongs to tiers."""
    lines = (line for line in TEMPLATE.splitlines() if tiers or not line.startswith("?"))
    return "\n".join(line.removeprefix("?") for line in lines) + "\n"
