"""What guests read before they are signed in, on every page, and when something went wrong."""

from __future__ import annotations

from collections.abc import Mapping

TEXTS: Mapping[str, Mapping[str, str]] = {
    # -- everywhere
    "skip": {"en": "Skip to content", "de": "Zum Inhalt", "ne": "मुख्य भागमा जानुहोस्"},
    "main": {"en": "Pages", "de": "Seiten", "ne": "पृष्ठहरू"},
    "language": {"en": "Language", "de": "Sprache", "ne": "भाषा"},
    "card": {"en": "Card", "de": "Karte", "ne": "कार्ड"},
    "history": {"en": "History", "de": "Verlauf", "ne": "इतिहास"},
    "mine": {"en": "My data", "de": "Meine Daten", "ne": "मेरो विवरण"},
    "sign_out": {"en": "Sign out", "de": "Abmelden", "ne": "बाहिर निस्कनुहोस्"},
    "save": {"en": "Save", "de": "Speichern", "ne": "सुरक्षित गर्नुहोस्"},
    "saved": {"en": "Saved.", "de": "Gespeichert.", "ne": "सुरक्षित भयो।"},
    "back": {"en": "Back to the card", "de": "Zurück zur Karte", "ne": "कार्डमा फर्कनुहोस्"},
    # -- joining
    "join": {"en": "Become a regular", "de": "Stammgast werden", "ne": "नियमित पाहुना बन्नुहोस्"},
    "join_lead": {
        "en": "Or open your card: it is the same form. Give a phone number or an e-mail address and we send"
        " a code there.",
        "de": "Oder öffne deine Karte: Das Formular ist dasselbe. Gib eine Telefonnummer oder E-Mail-Adresse"
        " an, wir schicken dir einen Code.",
        "ne": "वा आफ्नो कार्ड खोल्नुहोस्: फारम एउटै हो। फोन नम्बर वा इमेल दिनुहोस्, हामी त्यहाँ कोड पठाउँछौं।",
    },
    "address": {
        "en": "Phone number or e-mail", "de": "Telefonnummer oder E-Mail", "ne": "फोन नम्बर वा इमेल",
    },
    "name": {"en": "Name (optional)", "de": "Name (freiwillig)", "ne": "नाम (ऐच्छिक)"},
    "birthday": {
        "en": "Birthday, month and day (optional)", "de": "Geburtstag, Monat und Tag (freiwillig)",
        "ne": "जन्मदिन, महिना र दिन (ऐच्छिक)",
    },
    "birthday_hint": {
        "en": "As in 03-31 for 31 March. We do not ask for the year.",
        "de": "Wie 03-31 für den 31. März. Nach dem Jahr fragen wir nicht.",
        "ne": "जस्तै मार्च ३१ का लागि 03-31। हामी वर्ष सोध्दैनौं।",
    },
    "consents": {"en": "What may we send you?", "de": "Was dürfen wir dir schicken?", "ne": "हामी तपाईंलाई के पठाउन सक्छौं?"},
    "sms:service": {
        "en": "Points and rewards, by text message", "de": "Punkte und Prämien, per SMS",
        "ne": "अंक र पुरस्कार, एसएमएसबाट",
    },
    "sms:marketing": {
        "en": "Offers, by text message", "de": "Angebote, per SMS", "ne": "अफरहरू, एसएमएसबाट",
    },
    "email:service": {
        "en": "Points and rewards, by e-mail", "de": "Punkte und Prämien, per E-Mail",
        "ne": "अंक र पुरस्कार, इमेलबाट",
    },
    "email:marketing": {
        "en": "Offers, by e-mail", "de": "Angebote, per E-Mail", "ne": "अफरहरू, इमेलबाट",
    },
    "text_version": {"en": "Version {version}", "de": "Fassung {version}", "ne": "संस्करण {version}"},
    "one_message": {
        "en": "By asking for a code you agree to that one message. If you told us STOP, no code can reach"
        " you by text: write START first, or use your e-mail address.",
        "de": "Wer einen Code anfordert, stimmt dieser einen Nachricht zu. Wer uns STOP geschrieben hat,"
        " bekommt keinen Code per SMS: Schreib zuerst START oder nimm deine E-Mail-Adresse.",
        "ne": "कोड माग्दा तपाईं त्यो एउटा सन्देशमा सहमत हुनुहुन्छ। STOP भन्नुभएको छ भने एसएमएसबाट कोड आउँदैन:"
        " पहिले START लेख्नुहोस्, वा इमेल प्रयोग गर्नुहोस्।",
    },
    "send_code": {"en": "Send me a code", "de": "Code schicken", "ne": "मलाई कोड पठाउनुहोस्"},
    "code": {"en": "Type the code", "de": "Code eingeben", "ne": "कोड लेख्नुहोस्"},
    "code_lead": {
        "en": "If a message can reach you, a code of six digits is on its way. It is good for 10 minutes.",
        "de": "Wenn dich eine Nachricht erreichen kann, ist ein Code mit sechs Ziffern unterwegs. Er gilt 10"
        " Minuten.",
        "ne": "सन्देश आउन सक्छ भने छ अंकको कोड आउँदैछ। यो १० मिनेट मान्य हुन्छ।",
    },
    "code_label": {"en": "Code", "de": "Code", "ne": "कोड"},
    "enter": {"en": "Open my card", "de": "Karte öffnen", "ne": "मेरो कार्ड खोल्नुहोस्"},
    "no_code": {"en": "No code? Ask again", "de": "Kein Code? Noch einmal anfordern", "ne": "कोड आएन? फेरि माग्नुहोस्"},
    "link": {"en": "Welcome back", "de": "Willkommen zurück", "ne": "फेरि स्वागत छ"},
    "link_lead": {
        "en": "This link opens your card, once.", "de": "Dieser Link öffnet deine Karte, einmal.",
        "ne": "यो लिङ्कले तपाईंको कार्ड एक पटक खोल्छ।",
    },
    # -- what went wrong
    "error": {"en": "That did not work", "de": "Das ging nicht", "ne": "यो भएन"},
    "again": {"en": "Please try again.", "de": "Bitte versuche es noch einmal.", "ne": "कृपया फेरि प्रयास गर्नुहोस्।"},
    "not_found": {"en": "There is nothing here.", "de": "Hier ist nichts.", "ne": "यहाँ केही छैन।"},
    "wallet_away": {
        "en": "The wallet cannot be reached now. Please try again later.",
        "de": "Das Wallet ist gerade nicht erreichbar. Bitte versuche es später noch einmal.",
        "ne": "अहिले वालेटमा पुग्न सकिएन। कृपया पछि फेरि प्रयास गर्नुहोस्।",
    },
    "forged": {
        "en": "Please open the page again and allow cookies.",
        "de": "Bitte öffne die Seite neu und erlaube Cookies.",
        "ne": "कृपया पृष्ठ फेरि खोल्नुहोस् र कुकी अनुमति दिनुहोस्।",
    },
    "wrong_code": {"en": "That is not the code.", "de": "Das ist nicht der Code.", "ne": "यो कोड मिलेन।"},
    "code_over": {
        "en": "This code is used up or too old. Ask for another.",
        "de": "Dieser Code ist verbraucht oder zu alt. Fordere einen neuen an.",
        "ne": "यो कोड सकियो वा पुरानो भयो। अर्को माग्नुहोस्।",
    },
    "link_over": {
        "en": "This link is used or too old. Ask for a code instead.",
        "de": "Dieser Link ist verbraucht oder zu alt. Fordere stattdessen einen Code an.",
        "ne": "यो लिङ्क प्रयोग भइसक्यो वा पुरानो भयो। बरु कोड माग्नुहोस्।",
    },
    "too_many_codes": {
        "en": "Too many codes were asked for. Wait ten minutes.",
        "de": "Zu viele Codes angefordert. Warte zehn Minuten.",
        "ne": "धेरै कोड मागियो। दस मिनेट पर्खनुहोस्।",
    },
    "phone_not_allowed": {
        "en": "We cannot use this phone number.", "de": "Diese Telefonnummer können wir nicht nutzen.",
        "ne": "यो फोन नम्बर प्रयोग गर्न मिल्दैन।",
    },
    "email_not_allowed": {
        "en": "We cannot use this e-mail address.", "de": "Diese E-Mail-Adresse können wir nicht nutzen.",
        "ne": "यो इमेल प्रयोग गर्न मिल्दैन।",
    },
    "invalid_date": {
        "en": "The birthday is month and day, as in 03-31.", "de": "Der Geburtstag ist Monat und Tag, wie 03-31.",
        "ne": "जन्मदिन महिना र दिन हो, जस्तै 03-31।",
    },
    "birthday_changed": {"en": "Your birthday was changed lately. “My data” says when it can be changed again.",
        "de": "Dein Geburtstag wurde erst kürzlich geändert. „Meine Daten“ sagt, wann das wieder geht.",
        "ne": "तपाईंको जन्मदिन हालै बदलिएको हो। फेरि कहिले बदल्न सकिन्छ, “मेरो विवरण” मा छ।"},
    "address_taken": {
        "en": "This address belongs to another card. Our staff can join the two.",
        "de": "Diese Adresse gehört zu einer anderen Karte. Unser Team kann beide zusammenlegen.",
        "ne": "यो ठेगाना अर्को कार्डको हो। हाम्रो टोलीले दुवै जोड्न सक्छ।",
    },
    "insufficient_points": {
        "en": "There are not enough points.", "de": "Die Punkte reichen nicht.", "ne": "अंक पुगेन।",
    },
    "wrong_points": {
        "en": "It is not to be had for so many points.", "de": "Für so viele Punkte gibt es das nicht.",
        "ne": "यति अंकमा यो पाइँदैन।",
    },
    "already_captured": {
        "en": "It was used already.", "de": "Schon eingelöst.", "ne": "पहिल्यै प्रयोग भइसक्यो।",
    },
    "voucher_held": {
        "en": "It is set aside already.", "de": "Schon zurückgelegt.", "ne": "पहिल्यै छुट्याइएको छ।",
    },
    "receipt_used": {
        "en": "This receipt is claimed already.", "de": "Dieser Beleg ist schon nachgetragen.",
        "ne": "यो बिल दाबी भइसकेको छ।",
    },
    "invalid_receipt_code": {
        "en": "This is no code of a receipt. Look again: a letter may be wrong.",
        "de": "Das ist kein Code eines Belegs. Sieh noch einmal nach: Ein Zeichen ist falsch.",
        "ne": "यो बिलको कोड होइन। फेरि हेर्नुहोस्: कुनै अक्षर फरक परेको होला।",
    },
    "receipt_too_old": {
        "en": "This receipt is older than 7 days.", "de": "Dieser Beleg ist älter als 7 Tage.",
        "ne": "यो बिल ७ दिनभन्दा पुरानो छ।",
    },
    "too_many_claims": {
        "en": "Too many receipts today. Try again tomorrow.", "de": "Heute zu viele Belege. Versuche es morgen wieder.",
        "ne": "आज धेरै बिल भयो। भोलि प्रयास गर्नुहोस्।",
    },
    # -- the poster
    "poster": {"en": "Scan, join, collect", "de": "Scannen, mitmachen, sammeln", "ne": "स्क्यान गर्नुहोस्, सदस्य बन्नुहोस्"},
}  # fmt: skip
