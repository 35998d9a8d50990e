"""The words a first program file begins with, in the languages we can write ourselves."""

from __future__ import annotations

from typing import NamedTuple


class Phrases(NamedTuple):
    """Titles and texts of one language. `consent` is filled with the brand's name."""

    spend: str
    silver: str
    gold: str
    gold_rule: str
    reward: str
    tenth: str
    subject: str
    earned: str
    taken_back: str
    corrected: str
    tier: str
    reached: str
    consent: str


PHRASES = {
    "en": Phrases(
        spend="Points for what you spend",
        silver="Silver",
        gold="Gold",
        gold_rule="Gold guests earn half as much again",
        reward="a coffee on the house",
        tenth="Ten more visits",
        subject="Your points",
        earned="{name}, +{points} points. Balance {balance}.",
        taken_back="{name}, {points} points went back with your refund. Balance {balance}.",
        corrected="{name}, your receipt was corrected. Balance {balance}.",
        tier="You are {tier} now.",
        reached="{milestone}: {gift}.",
        consent="{brand} may text or e-mail me about my points. Reply STOP at any time.",
    ),
    "de": Phrases(
        spend="Punkte für jeden Einkauf",
        silver="Silber",
        gold="Gold",
        gold_rule="Gold-Gäste sammeln die Hälfte mehr",
        reward="ein Kaffee aufs Haus",
        tenth="Wieder zehn Besuche",
        subject="Deine Punkte",
        earned="{name}, +{points} Punkte. Stand {balance}.",
        taken_back="{name}, {points} Punkte gingen mit der Erstattung zurück. Stand {balance}.",
        corrected="{name}, dein Beleg wurde korrigiert. Stand {balance}.",
        tier="Du bist jetzt {tier}.",
        reached="{milestone}: {gift}.",
        consent="{brand} darf mir zu meinen Punkten per SMS oder E-Mail schreiben. "
        "STOP beendet das jederzeit.",
    ),
    "fr": Phrases(
        spend="Des points pour chaque achat",
        silver="Argent",
        gold="Or",
        gold_rule="Les clients Or gagnent moitié plus",
        reward="un café offert",
        tenth="Dix visites de plus",
        subject="Vos points",
        earned="{name}, +{points} points. Solde {balance}.",
        taken_back="{name}, {points} points repris avec le remboursement. Solde {balance}.",
        corrected="{name}, votre ticket a été corrigé. Solde {balance}.",
        tier="Vous êtes maintenant {tier}.",
        reached="{milestone} : {gift}.",
        consent="{brand} peut m'écrire au sujet de mes points par SMS ou e-mail. "
        "Répondez STOP à tout moment.",
    ),
    "es": Phrases(
        spend="Puntos por cada compra",
        silver="Plata",
        gold="Oro",
        gold_rule="Los clientes Oro ganan la mitad más",
        reward="un café por cuenta de la casa",
        tenth="Diez visitas más",
        subject="Tus puntos",
        earned="{name}, +{points} puntos. Saldo {balance}.",
        taken_back="{name}, {points} puntos descontados por el reembolso. Saldo {balance}.",
        corrected="{name}, tu recibo fue corregido. Saldo {balance}.",
        tier="Ahora eres {tier}.",
        reached="{milestone}: {gift}.",
        consent="{brand} puede escribirme sobre mis puntos por SMS o correo. "
        "Responde STOP en cualquier momento.",
    ),
    "it": Phrases(
        spend="Punti per ogni acquisto",
        silver="Argento",
        gold="Oro",
        gold_rule="I clienti Oro guadagnano la metà in più",
        reward="un caffè offerto da noi",
        tenth="Altre dieci visite",
        subject="I tuoi punti",
        earned="{name}, +{points} punti. Saldo {balance}.",
        taken_back="{name}, {points} punti tolti con il rimborso. Saldo {balance}.",
        corrected="{name}, il tuo scontrino è stato corretto. Saldo {balance}.",
        tier="Ora sei {tier}.",
        reached="{milestone}: {gift}.",
        consent="{brand} può scrivermi sui miei punti via SMS o e-mail. "
        "Rispondi STOP in qualsiasi momento.",
    ),
}
LANGUAGE_OF = {
    country: language
    for language, countries in {
        "de": "AT CH DE LI",
        "fr": "BE FR LU MC SN",
        "es": "AR BO CL CO CR CU DO EC ES GT HN MX NI PA PE PY SV UY VE",
        "it": "IT SM VA",
    }.items()
    for country in countries.split()
}
"""Guessed from the country; English elsewhere."""


def phrases_in(language: str) -> Phrases:
    """Return the words in this language; in English where we have none."""
    return PHRASES.get(language.partition("-")[0], PHRASES["en"])
