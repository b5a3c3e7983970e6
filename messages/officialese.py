"""Recognises names that claim to speak for the bot, for a company, or for a person with authority.

Words are compared by what they look like (`messages.lookalikes`), so that unusual letters do not hide them.
docs/decisions/0020-names-that-deceive.md lists the languages that are covered.

A person's name stands above what they write, so nobody may be called "Gruppetto Support" or "Admin". Names of groups
and challenges, and the words of kudos, have a known author, so for these only a brand beside such a word counts:
"Garmin Fans" may be a group's name.
"""

import re
from collections.abc import Iterable
from functools import cache
from itertools import pairwise

from rapidfuzz.distance import OSA

from messages.lookalikes import looks, text_of

# Our own brand and those that our members know because of us. They are rare enough to be searched inside longer words.
BRANDS = ("gruppetto", "garmin", "whatsapp", "twilio")
ALSO_A_GIVEN_NAME = ("meta",)
LONG = 8  # a brand with so many letters is recognised alone even with a typo; "Gamin" or "Carmin" may be real names
# Words that claim authority, in English, German, Spanish, French, Dutch, Italian and Portuguese.
OFFICIAL = (
    "admin", "admins", "administrator", "administrators", "moderator", "moderators", "support", "helpdesk",
    "official", "officially", "security", "verified", "authorized", "authorised", "kundendienst",
    "kundenservice", "kundensupport", "sicherheit", "offiziell", "offizieller", "offizielle", "verifiziert",
    "administratorin", "soporte", "administrador", "administradora", "seguridad", "oficial", "verificado",
    "verificada", "moderador", "moderadora", "assistance", "administrateur", "administratrice", "sécurité",
    "officiel", "officielle", "vérifié", "vérifiée", "modérateur", "modératrice", "ondersteuning",
    "klantenservice", "klantendienst", "beheerder", "beveiliging", "veiligheid", "officieel", "officiële",
    "geverifieerd", "amministratore", "amministratrice", "assistenza", "supporto", "ufficiale", "sicurezza",
    "verificato", "moderatore", "moderatrice", "suporte", "assistência", "segurança", "moderadores",
    # Russian and Ukrainian, Greek
    "админ", "админы", "администратор", "администрация", "модератор", "поддержка", "саппорт", "безопасность",
    "официальный", "официально", "техподдержка", "адмін", "адміністратор", "підтримка", "безпека", "офіційний",
    "διαχειριστής", "υποστήριξη", "ασφάλεια", "επίσημος", "επίσημο",
)  # fmt: skip
# The same in Chinese, Japanese and Korean. They are found anywhere in a name, because words are not written apart
# there.
INSIDE = (
    "管理员", "管理員", "客服", "官方", "管理人", "管理者", "サポート", "公式", "運営", "モデレーター", "관리자",
    "운영자", "고객센터", "고객지원", "공식",
)  # fmt: skip
# Words that the bot itself writes after the names of people who run a group, as in "Zoë (owner)".
IN_CHARGE = (
    "owner", "owners", "eigentümer", "eigentümerin", "inhaber", "inhaberin", "propietario", "propietaria",
    "propriétaire", "eigenaar", "eigenares",
)  # fmt: skip
# Ordinary words, which claim authority only beside a brand.
SERVICES = (
    "team", "help", "helper", "service", "services", "account", "accounts", "info", "news", "bot", "alert",
    "alerts", "notice", "notices", "update", "updates", "center", "centre", "care", "desk", "crew", "staff",
    "billing", "payment", "payments", "system", "login", "code", "codes", "customer", "contact", "verify",
    "hilfe", "konto", "zahlung", "betreuung", "benachrichtigung", "anmeldung", "hinweis", "kunden", "ayuda",
    "cuenta", "equipo", "servicio", "atención", "pago", "aviso", "avisos", "cliente", "clientes", "aide",
    "équipe", "compte", "client", "clients", "paiement", "hulp", "dienst", "rekening", "betaling", "melding",
    "klanten",
)  # fmt: skip
MARKS = "✓✔✅☑🗸🗹⍻🮱√ꪜ🅥🆅🛡🔰"  # signs that look like a verified account; not Ⓥ, which means vegan
SIGNS_IN_DISGUISE = str.maketrans("@$€£", "asel")  # "@dmin"
DIGITS_IN_DISGUISE = str.maketrans("105347", "ioseat")  # "Supp0rt", "Adm1n"
STROKE_INSIDE = re.compile(r"(?<=\w)[!|](?=\w)")
CAPITAL_INSIDE = re.compile(r"(?<=[^\W\d_A-ZÀ-Þ])(?=[A-ZÀ-Þ])")
SIGNS = re.compile(r"[^\W_]+")
DIGITS = "0123456789"


def speaks_officially(name: str) -> bool:
    """Return whether a person with this name would be taken for the bot, for a company, or
    for a person with authority.
    """
    words, whole = _words(name), _shapes(name)
    is_brand = bool(whole & _all(BRANDS)) or any(map(_is_long_brand, whole))
    claims = any(word & _all(OFFICIAL + IN_CHARGE) for word in words) or bool(whole & _all(OFFICIAL))
    serves = any(word & _all(SERVICES) for word in words)
    is_of_a_brand = any(map(_names_brand, words)) or any(brand in shape for shape in whole for brand in _all(BRANDS))
    run_together = any(map(_without_brand, whole))
    by_brand = is_brand or run_together or (is_of_a_brand and serves)
    return by_brand or claims or _claims_inside(name) or any(mark in name for mark in MARKS)


def claims_office(text: str) -> bool:
    """Return whether a group's name or a text claims to come from a company or the bot: it has a brand directly beside
    "support" or a similar word, or consists only of such words.
    """
    words = _words(text)
    brands = [_names_brand(word) for word in words]
    official = [bool(word & _all(OFFICIAL)) for word in words]
    beside = any(pair in {(True, False, False, True), (False, True, True, False)} for pair in _pairs(brands, official))
    serving = all(is_brand or word & _all(OFFICIAL + SERVICES) for is_brand, word in zip(brands, words, strict=True))
    run_together = any(map(_without_brand, _shapes(text)))
    return beside or (any(brands) and len(words) > 1 and serving) or run_together or _brand_claims_inside(text)


def telling(name: str) -> tuple[list[str], str]:
    """Return the words of a name or text that make it sound official, as they were written, and the rest without them.

    If no single word does, return all words and an empty rest.
    """
    words = name.split()
    found = [word for word in words if speaks_officially(word)] or words
    rest = " ".join(word for word in words if word not in found)
    return found, "" if speaks_officially(rest) else rest


def _pairs(brands: list[bool], official: list[bool]) -> Iterable[tuple[bool, bool, bool, bool]]:
    """Return for each two neighbours: whether the first is a brand, whether it is official, and the
    same for the second.
    """
    return ((*one, *other) for one, other in pairwise(zip(brands, official, strict=True)))


def _names_brand(word: frozenset[str]) -> bool:
    return bool(word & _all(BRANDS + ALSO_A_GIVEN_NAME)) or any(_is_nearly_brand(shape) for shape in word)


def _is_nearly_brand(shape: str) -> bool:
    """Return whether a word is a brand with one typo, or a long brand with two: "Grupetto", "Grupeto", "Whatsap"."""
    return any(
        shape[:1] == brand[0] and OSA.distance(shape, brand, score_cutoff=2) <= 1 + (len(brand) > LONG)
        for brand in _all(BRANDS)
    )


def _is_long_brand(shape: str) -> bool:
    return any(
        shape[:1] == brand[0] and OSA.distance(shape, brand, score_cutoff=1) <= 1
        for brand in _all(BRANDS)
        if len(brand) >= LONG
    )


def _without_brand(shape: str) -> bool:
    """Return whether it is a brand and a word of office written as one word: "garminhelp", "grupettoteam"."""
    served = _all(OFFICIAL + SERVICES)
    rests = [shape.removesuffix(word) for word in served if shape.endswith(word)]
    rests += [shape.removeprefix(word) for word in served if shape.startswith(word)]
    return any(rest in _all(BRANDS) or _is_nearly_brand(rest) for rest in rests)


def _claims_inside(name: str) -> bool:
    """Return whether a name contains a word of office in a script that does not separate words."""
    return any(word in text_of(name) for word in INSIDE)


def _brand_claims_inside(text: str) -> bool:
    return _claims_inside(text) and any(brand in shape for shape in _shapes(text) for brand in _all(BRANDS))


def _words(text: str) -> list[frozenset[str]]:
    """Return the words of a text, by what they look like. A capital inside a word begins another word
    ("GruppettoSupport"), except in a brand. Digits at the end are removed: "Admin7".
    """
    found: list[str] = []
    for word in SIGNS.findall(_undisguised(text)):
        is_known = _shapes(word) & _all(BRANDS + OFFICIAL)
        found += [word] if is_known else CAPITAL_INSIDE.split(word)
    return [_shapes(word) | (_shapes(bare) if (bare := word.strip(DIGITS)) else frozenset()) for word in found]


def _shapes(text: str) -> frozenset[str]:
    """Return what a text looks like. i and l count as the same, because a capital i looks like an l."""
    undisguised = _undisguised(text).translate(DIGITS_IN_DISGUISE)
    return frozenset(look.replace("i", "l") for look in looks(undisguised))


def _undisguised(text: str) -> str:
    """Return the text with letters instead of signs that stand for them: "@dmin", "🅰dmin", "A⃝dmin"."""
    return STROKE_INSIDE.sub("i", text_of(text)).translate(SIGNS_IN_DISGUISE)


@cache
def _all(words: Iterable[str]) -> frozenset[str]:
    return frozenset(shape for word in words for shape in _shapes(word))
