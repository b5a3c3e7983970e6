"""Names that claim to speak for the bot, for a company, or for somebody with a say.

A person's name stands above their words, so nobody may be called "Gruppetto Support" or "Admin". A group, a challenge
and kind words have an author, so there only a brand beside such a word counts: "Garmin Fans" may be a group's name.
"""

import re
import unicodedata
from collections.abc import Iterable
from functools import cache

from messages.lookalikes import looks

# Ours, and those of whom our members hear because of us: rare enough to be found inside a longer word.
BRANDS = ("gruppetto", "garmin", "whatsapp", "twilio")
ALSO_A_GIVEN_NAME = ("meta",)
# In English, German, Spanish, French and Dutch: words by which somebody claims a say.
OFFICIAL = (
    "admin", "admins", "administrator", "administrators", "moderator", "moderators", "support", "helpdesk",
    "official", "officially", "security", "verified", "authorized", "authorised", "kundendienst",
    "kundenservice", "kundensupport", "sicherheit", "offiziell", "offizieller", "offizielle", "verifiziert",
    "administratorin", "soporte", "administrador", "administradora", "seguridad", "oficial", "verificado",
    "verificada", "moderador", "moderadora", "assistance", "administrateur", "administratrice", "sécurité",
    "officiel", "officielle", "vérifié", "vérifiée", "modérateur", "modératrice", "ondersteuning",
    "klantenservice", "klantendienst", "beheerder", "beveiliging", "veiligheid", "officieel", "officiële",
    "geverifieerd",
)  # fmt: skip
# What the bot itself writes behind the names of those who run a group, "Zoë (owner)": nobody's own name.
IN_CHARGE = (
    "owner", "owners", "eigentümer", "eigentümerin", "inhaber", "inhaberin", "propietario", "propietaria",
    "propriétaire", "eigenaar", "eigenares",
)  # fmt: skip
# Ordinary words by themselves; beside a brand they claim the same.
SERVICES = (
    "team", "help", "helper", "service", "services", "account", "accounts", "info", "news", "bot", "alert",
    "alerts", "notice", "notices", "update", "updates", "center", "centre", "care", "desk", "crew", "staff",
    "billing", "payment", "payments", "system", "login", "code", "codes", "customer", "contact", "verify",
    "hilfe", "konto", "zahlung", "betreuung", "benachrichtigung", "anmeldung", "hinweis", "kunden", "ayuda",
    "cuenta", "equipo", "servicio", "atención", "pago", "aviso", "avisos", "cliente", "clientes", "aide",
    "équipe", "compte", "client", "clients", "paiement", "hulp", "dienst", "rekening", "betaling", "melding",
    "klanten",
)  # fmt: skip
MARKS = "✓✔✅☑🗸🗹🛡🔰"  # signs of having been verified
IN_DISGUISE = str.maketrans("10534@$€", "ioseaase")  # "Supp0rt", "Adm1n", "@dmin"
STROKE_INSIDE = re.compile(r"(?<=\w)[!|](?=\w)")
CAPITAL_INSIDE = re.compile(r"(?<=[^\W\d_A-ZÀ-Þ])(?=[A-ZÀ-Þ])")
SIGNS = re.compile(r"[^\W_]+")


def speaks_officially(name: str) -> bool:
    """Whether somebody of this name would be taken for the bot, for a company, or for somebody with a say."""
    words, whole = _words(name), _shapes(name)
    is_brand = bool(whole & _all(BRANDS))
    claims = any(word & _all(OFFICIAL + IN_CHARGE) for word in words) or bool(whole & _all(OFFICIAL))
    serves = any(word & _all(SERVICES) for word in words) or any(_without_brand(shape) for shape in whole)
    is_of_a_brand = any(map(_names_brand, words)) or any(brand in shape for shape in whole for brand in _all(BRANDS))
    return is_brand or claims or (is_of_a_brand and serves) or any(mark in name for mark in MARKS)


def claims_office(text: str) -> bool:
    """Whether a group's name or a text claims to come from a company or the bot: a brand right beside "support" or the
    like, or nothing but such words.
    """
    words = _words(text)
    brands = [_names_brand(word) for word in words]
    official = [bool(word & _all(OFFICIAL)) for word in words]
    pairs = zip(brands, official[1:], strict=False), zip(official, brands[1:], strict=False)
    beside = any(one and other for each in pairs for one, other in each)
    serving = all(is_brand or word & _all(OFFICIAL + SERVICES) for is_brand, word in zip(brands, words, strict=True))
    run_together = any(_without_brand(shape) for shape in _shapes(text))
    return beside or (any(brands) and len(words) > 1 and serving) or run_together


def _names_brand(word: frozenset[str]) -> bool:
    return bool(word & _all(BRANDS + ALSO_A_GIVEN_NAME))


def _without_brand(shape: str) -> bool:
    """Whether something is a brand and such a word written as one: "garminhelp"."""
    rests = (shape.removeprefix(brand).removesuffix(brand) for brand in _all(BRANDS) if brand in shape)
    return any(rest in _all(OFFICIAL + SERVICES) for rest in rests)


def _words(text: str) -> list[frozenset[str]]:
    """The words of a text, by how they look. A capital inside begins another ("GruppettoSupport"), but in a brand."""
    found = []
    for word in SIGNS.findall(_undisguised(text)):
        is_known = _shapes(word) & _all(BRANDS + OFFICIAL)
        found += [word] if is_known else CAPITAL_INSIDE.split(word)
    return [_shapes(word) for word in found]


def _shapes(text: str) -> frozenset[str]:
    """How a text looks; i and l are one, since a capital i is an l."""
    return frozenset(look.replace("i", "l") for look in looks(_undisguised(text)))


def _undisguised(text: str) -> str:
    """A text with letters where signs stand for them: "Supp0rt", "@dmin"."""
    return STROKE_INSIDE.sub("i", unicodedata.normalize("NFKC", text)).translate(IN_DISGUISE)


@cache
def _all(words: Iterable[str]) -> frozenset[str]:
    return frozenset(shape for word in words for shape in _shapes(word))
