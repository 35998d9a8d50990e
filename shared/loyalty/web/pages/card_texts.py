"""What signed-in guests read: the card, rewards, friends, their history and their data."""

from __future__ import annotations

from collections.abc import Mapping

TEXTS: Mapping[str, Mapping[str, str]] = {
    # -- the card
    "hello": {"en": "Hello, {name}", "de": "Hallo, {name}", "ne": "नमस्ते, {name}"},
    "hello_guest": {"en": "Hello", "de": "Hallo", "ne": "नमस्ते"},
    "show_card": {
        "en": "Show this at the counter.", "de": "Zeig das an der Theke.", "ne": "यो काउन्टरमा देखाउनुहोस्।",
    },
    "points": {"en": "points", "de": "Punkte", "ne": "अंक"},
    "n_points": {"en": "{n} points", "de": "{n} Punkte", "ne": "{n} अंक"},
    "pending": {
        "en": "{n} more are on their way.", "de": "{n} weitere sind unterwegs.", "ne": "थप {n} आउँदैछ।",
    },
    "tier": {"en": "You are {tier}.", "de": "Du bist {tier}.", "ne": "तपाईं {tier} हुनुहुन्छ।"},
    "next": {
        "en": "{n} points to go: {reward}", "de": "Noch {n} Punkte: {reward}", "ne": "अझै {n} अंक: {reward}",
    },
    "stamps": {
        "en": "{card}: {have} of {full} stamps for {gives}",
        "de": "{card}: {have} von {full} Stempeln für {gives}",
        "ne": "{card}: {gives} को लागि {full} मध्ये {have} छाप",
    },
    # -- friends
    "friends": {"en": "Bring a friend", "de": "Bring Freunde mit", "ne": "साथीलाई ल्याउनुहोस्"},
    "friends_lead": {
        "en": "You get {n} points for a friend who joins with your link or code.",
        "de": "Du bekommst {n} Punkte, wenn jemand mit deinem Link oder Code mitmacht.",
        "ne": "तपाईंको लिङ्क वा कोडबाट साथी सदस्य बन्दा तपाईंले {n} अंक पाउनुहुन्छ।",
    },
    "friends_too": {
        "en": "Your friend gets {n} points.", "de": "Für die anderen gibt es {n} Punkte.",
        "ne": "साथीले {n} अंक पाउँछन्।",
    },
    "friends_when": {
        "en": "Points come {days} days after their first purchase, if they keep it.",
        "de": "Die Punkte kommen {days} Tage nach dem ersten Einkauf, wenn er nicht zurückgeht.",
        "ne": "पहिलो खरिद फिर्ता नभए त्यसको {days} दिनपछि अंक आउँछ।",
    },
    "friends_when_least": {
        "en": "Points come {days} days after they have bought for {least}, if they keep it.",
        "de": "Die Punkte kommen {days} Tage, nachdem für {least} eingekauft wurde, wenn nichts zurückgeht.",
        "ne": "{least} को खरिद फिर्ता नभए त्यसको {days} दिनपछि अंक आउँछ।",
    },
    "friends_link": {"en": "Make my link", "de": "Meinen Link erstellen", "ne": "मेरो लिङ्क बनाउनुहोस्"},
    "share": {"en": "Share your link", "de": "Link teilen", "ne": "लिङ्क पठाउनुहोस्"},
    "share_sms": {"en": "Text message", "de": "SMS", "ne": "एसएमएस"},
    "share_whatsapp": {"en": "WhatsApp", "de": "WhatsApp", "ne": "व्हाट्सएप"},
    "share_mail": {"en": "E-mail", "de": "E-Mail", "ne": "इमेल"},
    "friend_text": {
        "en": "Come to {brand} with me and collect points: {link}",
        "de": "Komm mit zu {brand} und sammle Punkte: {link}",
        "ne": "मसँग {brand} मा आउनुहोस् र अंक जम्मा गर्नुहोस्: {link}",
    },
    "brought": {
        "en": "Friends who came: {came}. Paid: {paid}. Waiting: {waiting}.",
        "de": "Mitgebracht: {came}. Belohnt: {paid}. Noch offen: {waiting}.",
        "ne": "आएका साथी: {came}। अंक पाइएको: {paid}। बाँकी: {waiting}।",
    },
    "invited": {"en": "You are invited to {brand}", "de": "Du bist zu {brand} eingeladen", "ne": "तपाईंलाई {brand} मा निम्तो छ"},
    "invited_lead": {
        "en": "Become a regular: points for what you buy, rewards for points.",
        "de": "Werde Stammgast: Punkte für jeden Einkauf, Prämien für Punkte.",
        "ne": "नियमित पाहुना बन्नुहोस्: खरिदमा अंक, अंकमा पुरस्कार।",
    },
    "you_get": {
        "en": "You get {n} points as a welcome.", "de": "Du bekommst {n} Punkte zur Begrüßung.",
        "ne": "स्वागतमा तपाईंले {n} अंक पाउनुहुन्छ।",
    },
    "they_get": {
        "en": "Whoever invited you gets {n} points.", "de": "Wer dich eingeladen hat, bekommt {n} Punkte.",
        "ne": "तपाईंलाई निम्तो दिनेले {n} अंक पाउँछन्।",
    },
    "friend_when": {
        "en": "Points come {days} days after your first purchase, if you keep it.",
        "de": "Die Punkte kommen {days} Tage nach deinem ersten Einkauf, wenn er nicht zurückgeht.",
        "ne": "पहिलो खरिद फिर्ता नभए त्यसको {days} दिनपछि अंक आउँछ।",
    },
    "friend_when_least": {
        "en": "Points come {days} days after you have bought for {least}, if you keep it.",
        "de": "Die Punkte kommen {days} Tage, nachdem du für {least} eingekauft hast, wenn nichts zurückgeht.",
        "ne": "{least} को खरिद फिर्ता नभए त्यसको {days} दिनपछि अंक आउँछ।",
    },
    "code_unusable": {
        "en": "This code cannot be used. You are welcome all the same.",
        "de": "Dieser Code kann nicht genutzt werden. Du bist trotzdem willkommen.",
        "ne": "यो कोड प्रयोग गर्न मिल्दैन। तैपनि तपाईंलाई स्वागत छ।",
    },
    # -- what can be taken
    "take_now": {"en": "Yours to take", "de": "Jetzt für dich", "ne": "अहिले लिन सकिने"},
    "none_yet": {
        "en": "Nothing to take yet.", "de": "Noch nichts zum Einlösen.", "ne": "अहिलेसम्म लिने केही छैन।",
    },
    "take": {"en": "Take", "de": "Einlösen", "ne": "लिनुहोस्"},
    "how_many": {"en": "How many points?", "de": "Wie viele Punkte?", "ne": "कति अंक?"},
    "until": {"en": "until {date}", "de": "bis {date}", "ne": "{date} सम्म"},
    "voucher_code": {"en": "Code {code}", "de": "Code {code}", "ne": "कोड {code}"},
    "held": {"en": "Set aside", "de": "Zurückgelegt", "ne": "छुट्याइएको"},
    "show_code": {"en": "Show the code", "de": "Code zeigen", "ne": "कोड देखाउनुहोस्"},
    # -- wallets
    "wallet_add": {
        "en": "Add to {wallet}", "de": "Zu {wallet} hinzufügen", "ne": "{wallet} मा थप्नुहोस्",
    },
    "wallet_ready": {
        "en": "Your card is ready", "de": "Deine Karte ist bereit", "ne": "तपाईंको कार्ड तयार छ",
    },
    "wallet_lead": {
        "en": "You are taken to {wallet}. If nothing happens, open it yourself.",
        "de": "Es geht weiter zu {wallet}. Wenn nichts passiert, öffne es selbst.",
        "ne": "तपाईंलाई {wallet} मा लगिँदैछ। केही भएन भने आफैं खोल्नुहोस्।",
    },
    "wallet_open": {
        "en": "Open {wallet}", "de": "{wallet} öffnen", "ne": "{wallet} खोल्नुहोस्",
    },
    # -- a reward
    "hold_lead": {
        "en": "Show this code at the counter. It works once.", "de": "Zeig diesen Code an der Theke. Er gilt einmal.",
        "ne": "यो कोड काउन्टरमा देखाउनुहोस्। यो एक पटक मात्र चल्छ।",
    },
    "minutes": {
        "en": "{n} minutes left", "de": "Noch {n} Minuten", "ne": "{n} मिनेट बाँकी",
    },
    "stand_still": {
        "en": "This page renews itself. Make it stand still",
        "de": "Diese Seite erneuert sich selbst. Anhalten",
        "ne": "यो पृष्ठ आफैं नवीकरण हुन्छ। रोक्नुहोस्",
    },
    "look_again": {"en": "Look again", "de": "Noch einmal nachsehen", "ne": "फेरि हेर्नुहोस्"},
    "cancel": {"en": "Cancel", "de": "Abbrechen", "ne": "रद्द गर्नुहोस्"},
    "captured": {"en": "Enjoy! It is used.", "de": "Lass es dir schmecken! Eingelöst.", "ne": "रमाइलो गर्नुहोस्! प्रयोग भयो।"},
    "voided": {
        "en": "Cancelled. Nothing was taken off.", "de": "Abgebrochen. Es wurde nichts abgezogen.",
        "ne": "रद्द भयो। केही काटिएन।",
    },
    "expired": {
        "en": "Time is over. Nothing was taken off.", "de": "Die Zeit ist um. Es wurde nichts abgezogen.",
        "ne": "समय सकियो। केही काटिएन।",
    },
    # -- history
    "no_history": {"en": "Nothing yet.", "de": "Noch nichts.", "ne": "अहिलेसम्म केही छैन।"},
    "when": {"en": "When", "de": "Wann", "ne": "कहिले"},
    "what": {"en": "What", "de": "Was", "ne": "के"},
    "sale": {"en": "Purchase", "de": "Einkauf", "ne": "खरिद"},
    "edit": {"en": "Receipt corrected", "de": "Beleg korrigiert", "ne": "बिल सच्याइयो"},
    "refund": {"en": "Refund", "de": "Erstattung", "ne": "फिर्ता"},
    "void": {"en": "Receipt cancelled", "de": "Beleg storniert", "ne": "बिल रद्द"},
    "review": {"en": "Reviewed", "de": "Geprüft", "ne": "जाँच गरियो"},
    "award": {"en": "Gift", "de": "Geschenk", "ne": "उपहार"},
    "withdrawal": {"en": "Gift taken back", "de": "Geschenk zurückgenommen", "ne": "उपहार फिर्ता लिइयो"},
    "referral": {"en": "Friends", "de": "Freunde", "ne": "साथी"},
    "release": {"en": "Points set free", "de": "Punkte freigegeben", "ne": "अंक खुला भयो"},
    "expire": {"en": "Points lapsed", "de": "Punkte verfallen", "ne": "अंकको म्याद सकियो"},
    "extend": {"en": "Points last longer", "de": "Punkte gelten länger", "ne": "अंकको म्याद थपियो"},
    "adjust": {"en": "Changed by our team", "de": "Von unserem Team geändert", "ne": "हाम्रो टोलीले बदल्यो"},
    "hold": {"en": "Reward set aside", "de": "Prämie zurückgelegt", "ne": "पुरस्कार छुट्याइयो"},
    "capture": {"en": "Reward used", "de": "Prämie eingelöst", "ne": "पुरस्कार प्रयोग भयो"},
    "hold-void": {"en": "Reward given up", "de": "Prämie aufgegeben", "ne": "पुरस्कार छोडियो"},
    "hold-expire": {"en": "Reward not taken in time", "de": "Prämie nicht abgeholt", "ne": "पुरस्कार समयमा लिइएन"},
    "recapture": {"en": "Reward used", "de": "Prämie eingelöst", "ne": "पुरस्कार प्रयोग भयो"},
    "restore": {"en": "Reward returned", "de": "Prämie zurückgegeben", "ne": "पुरस्कार फिर्ता"},
    "merge:one_person": {
        "en": "Your two accounts became one", "de": "Deine beiden Konten sind jetzt eins", "ne": "तपाईंका दुई खाता एउटै भए",
    },
    "merge:household": {
        "en": "Points are kept together with another member's", "ne": "अंक अब अर्को सदस्यको अंकसँगै राखिन्छ",
        "de": "Die Punkte liegen jetzt mit denen eines anderen Mitglieds zusammen",
    },
    "unmerge:one_person": {
        "en": "Your account is two again", "de": "Dein Konto ist wieder zwei", "ne": "एउटै भएको खाता फेरि दुई भयो",
    },
    "unmerge:household": {
        "en": "Points are kept apart from another member's again", "ne": "अंक फेरि अर्को सदस्यको अंकबाट अलग राखिन्छ",
        "de": "Die Punkte liegen wieder getrennt von denen eines anderen Mitglieds",
    },
    "other": {"en": "Changed", "de": "Geändert", "ne": "बदलियो"},
    # -- own data
    "moved": {
        "en": "Your new address is proved and in use. The old one was told.",
        "de": "Deine neue Adresse ist bestätigt und gilt. Die alte hat Bescheid bekommen.",
        "ne": "तपाईंको नयाँ ठेगाना प्रमाणित भयो। पुरानोलाई खबर गरियो।",
    },
    "stopped": {
        "en": "You told us STOP by text: nothing is sent there until you write START.",
        "de": "Du hast uns STOP geschrieben: Dorthin geht nichts, bis du START schreibst.",
        "ne": "तपाईंले STOP लेख्नुभएको छ: START नलेखेसम्म त्यहाँ केही पठाइँदैन।",
    },
    "birthday_of": {"en": "Birthday", "de": "Geburtstag", "ne": "जन्मदिन"},
    "birthday_rule": {"en": "Once told, it can be changed again after {days} days.",
        "de": "Danach lässt er sich erst nach {days} Tagen wieder ändern.",
        "ne": "एकपटक लेखेपछि {days} दिनपछि मात्र फेरि बदल्न सकिन्छ।"},
    "birthday_notice": {"en": "A day within the next {days} days counts from next year on.",
        "de": "Ein Tag in den nächsten {days} Tagen zählt erst ab dem nächsten Jahr.",
        "ne": "आउँदा {days} दिनभित्र पर्ने दिन अर्को वर्षदेखि गनिन्छ।"},
    "birthday_again": {
        "en": "You can change it again from {date} on.", "de": "Du kannst ihn ab {date} wieder ändern.",
        "ne": "{date} देखि फेरि बदल्न सक्नुहुन्छ।",
    },
    "birthday_back": {"en": "Remove my birthday", "de": "Geburtstag entfernen", "ne": "मेरो जन्मदिन हटाउनुहोस्"},
    "addresses": {"en": "Phone and e-mail", "de": "Telefon und E-Mail", "ne": "फोन र इमेल"},
    "phone": {"en": "Phone", "de": "Telefon", "ne": "फोन"},
    "email": {"en": "E-mail", "de": "E-Mail", "ne": "इमेल"},
    "no_address": {"en": "none", "de": "keine Angabe", "ne": "छैन"},
    "new_address": {
        "en": "New phone number or e-mail", "de": "Neue Telefonnummer oder E-Mail",
        "ne": "नयाँ फोन नम्बर वा इमेल",
    },
    "export": {"en": "Download all my data", "de": "Alle meine Daten herunterladen", "ne": "मेरो सबै विवरण डाउनलोड"},
    "erase": {"en": "Erase me", "de": "Mich löschen", "ne": "मलाई मेटाउनुहोस्"},
    "erase_lead": {
        "en": "Points, rewards and everything we know of you are gone for good. Sums without a name stay in our"
        " books.",
        "de": "Punkte, Prämien und alles, was wir von dir wissen, sind dann für immer weg. Summen ohne Namen"
        " bleiben in unseren Büchern.",
        "ne": "अंक, पुरस्कार र तपाईंबारे सबै कुरा सधैंका लागि मेटिन्छ। नाम बिनाको हिसाब हाम्रो खातामा रहन्छ।",
    },
    "erase_unsure": {
        "en": "Tick the box first: it says that you are sure. Nothing was erased.",
        "de": "Setz zuerst das Häkchen: damit sagst du, dass du sicher bist. Nichts wurde gelöscht.",
        "ne": "पहिले बाकसमा चिन्ह लगाउनुहोस्: त्यसले तपाईं निश्चित हुनुहुन्छ भन्छ। केही मेटिएको छैन।",
    },
    "erase_yes": {
        "en": "Yes, erase everything", "de": "Ja, alles löschen", "ne": "हो, सबै मेटाउनुहोस्",
    },
    "erased": {
        "en": "You are erased. Thank you for your visits.", "de": "Du bist gelöscht. Danke für deine Besuche.",
        "ne": "तपाईंको विवरण मेटियो। आउनुभएकोमा धन्यवाद।",
    },
    # -- receipts
    "claim": {"en": "Claim a receipt", "de": "Beleg nachtragen", "ne": "बिल दाबी"},
    "claim_lead": {
        "en": "Paid without your card? Type the code on the receipt within 7 days.",
        "de": "Ohne Karte bezahlt? Gib den Code vom Beleg innerhalb von 7 Tagen ein.",
        "ne": "कार्ड बिना तिर्नुभयो? बिलको कोड ७ दिनभित्र लेख्नुहोस्।",
    },
    "claim_code": {"en": "Code on the receipt", "de": "Code auf dem Beleg", "ne": "बिलको कोड"},
    "claim_do": {"en": "Claim", "de": "Nachtragen", "ne": "दाबी गर्नुहोस्"},
    "claimed": {
        "en": "It is yours. The points show in a moment.", "de": "Er gehört dir. Die Punkte erscheinen gleich.",
        "ne": "यो तपाईंको भयो। अंक केही बेरमा देखिन्छ।",
    },
    "waiting": {
        "en": "We have not heard of this receipt yet. As soon as we do, it is yours.",
        "de": "Von diesem Beleg wissen wir noch nichts. Sobald er da ist, gehört er dir.",
        "ne": "यो बिल हामीकहाँ आइसकेको छैन। आउने बित्तिकै तपाईंको हुन्छ।",
    },
}  # fmt: skip
