"""Deceptive names: addresses, letters that look like others, and words that claim an office."""

import re
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from messages.addresses import DOTS, OTHER_DOTS, ZEROS, top_level
from messages.lookalikes import looks, prototypes, unmixed
from messages.officialese import claims_office, speaks_officially, telling
from messages.words import clean_name


def _table(text: str) -> list[str]:
    """Return the names of a table, which are separated by bars."""
    return [name.strip() for name in text.replace("\n", "|").split("|") if name.strip()]


KEPT = _table("""
J.R. | J.R.R. Tolkien | St.Pauli | FC St. Pauli | A.C. Milan | A.S. Roma | Dr. No | Dr. Who | v2.0 | v1.2.3.4
U.S.A. | Ph.D. | e.V. Köln | SV Hamburg e.V. | 1.FC Köln | 1. FC Union | No. 1 | Nr.7 | Vol.2 | St.Moritz
St. Gallen | Mt.Fuji | Ft.Worth | Mr. Bean | Mr.Bean | Mrs. Jones | Sr. Pablo | Ben & Anna | Ben/Anna | AC/DC
Mr./Mrs. B | Ben @ Strava | @ben | Tom + Jerry | Great run. No way! | Sat. Run, then brunch. Club night
Well done... me too | very...good | so… it begins | Run·Club | Gal·la | Marcel·lí | Paral·lel | Anna-Lena
O'Neil | D’Artagnan | Zoë | Søren | Łukasz | Nguyễn Văn An | İpek | Jürgen | Сара | Анна и Олег | Μαρία
Αθηνά | שרה | سارة | محمد ﷺ | 한글 | 陳大文 | 山田・太郎 | さくら。 | सीता | ไอซ์ | Աննա | ანა | አበበ | 5.30/km
10:30 | 6:00 Uhr | 3:2 | 12:30:45 | 42.195 | 21,1 km | Sub 3:00 | 100% | Class of 2026 | Team 1234567
Les Échappés 🚴 | Яндекс Run | Sunday Legends | .NET | C# | Run.Slow. | 24/7 | R2-D2 | i❤run | com
The help club | P.S. I love you | Q&A | Ben @ St.Pauli | Maria.José | Joao.Santos | Team Zürich | ١٠km | ١٫٥ km
Anna.🇧🇪 | Ben 🇧🇪 | 1️⃣ Club | Intel·ligent | Yes…no | ride·Ski | 山田・com部 | Ⓥ Anna | Run● | • first | Ben ● Anna
""")

DEFUSED = _table("""
paypal.us | gruppetto.help | evil.com | EVIL.COM | Evil.Com | evil。com | evil．com | evil｡com | evil․com
evil﹒com | evil.соm | evil.сом | paypаl.com | ｅｖｉｌ．ｃｏｍ | 𝓹𝓪𝔂𝓹𝓪𝓵.𝓬𝓸𝓶 | www.evil | WWW.evil.xyz
http://x.y | https://evil.example/a | ftp://evil | evil.com/path | evil.com:8080 | evil.com. | evil.com!
(evil.com) | "evil.com" | evil.com's | evil.com’s | evil.com, run | see evil.com now | evil.co.uk
a.evil.bike | my-club.run | sunday.club | win.prizes.today | free.money | login.garmin.support
garmin.fit.team | evil.zip | evil.mov | evil.app | evil.dev | evil.page | evil.info | evil.москва | пример.рф
правительство.рф | 例え.中国 | 例子.中國 | भारत.भारत | مثال.مصر | 예시.한국 | ตัวอย่าง.ไทย
xn--80ak6aa92e.com | evil.xn--p1ai | münchen.de | straße.de | t.me/evil | bit.ly/abc | wa.me/32470000001
g.co | x.com | gruppetto . help | evil .com | evil . com | evil·com | evil•com | evil…com | me@example.com
me @ example.com | me＠example.com | ben@evil.bike | mailto:me@x | 1.1.1.1 | 192.168.0.1 | 10．0．0．1
8.8.8.8/dns | fe80::1 | [2001:db8::1] | +44 20 7946 0000 | 0470 12 34 56 | Dr.No | Mr.Fit | St.Co | run.club
jo.run | The .NET Club | evil\u200b.com | *evil*.com | evil._com | e.vil.com | evil.com.xyz | gooogle.cloud
apple.id.help | evil.\u200dcom | evil\u200d.com | evil.c\u200dom | evil.\ufe0fcom | evil.'com | evil.\u0338com
evil꘎com | evil𐩐com | evil٠com | a·evil·com | evil·com·x | evil·сом | Runners.Wien | great ride.So good | Lisa.Ng
ok.ru | vk.cc | youtu.be/x | yоutu.be | раypal.com | evil.ｃom
evil˙com | evil⸱com | evil⸳com | evilᐧcom | evil𐄁com | evil᛫com | evilꞏcom | evilㆍcom | evil●com | evil︒com
paypal•us | paypal·help | paypal˙us | mal·link | login·garmin·support | pay·pal·us | paypal・us | PAYPAL·HELP
evil.c⃝om | evil.c҉om | evil⃝.com | evil.ᴄᴏᴍ | evil.🅒🅞🅜 | evil.🇨🇴🇲 | evil·ᴄᴏᴍ | paypal·ᴜs | swim·bike·run
J.R/evil.com | a.b:c.evil.bike | J.R:J.S/evil.com
""")


def holds_an_address(text: str) -> bool:
    """Return whether a text contains an address, without the code under test: from each character's plain form,
    and the list of top-level domains.
    """
    plain = unicodedata.normalize("NFKC", "".join("." if sign in DOTS else sign for sign in text)).casefold()
    ends = re.findall(r"\w\.([a-z]{2,})(?![\w-])", plain)
    return any(end in top_level() for end in ends) or bool(re.search(r"\w@\w+\.\w|://|\d+\.\d+\.\d+\.\d+", plain))


def test_the_tables_are_long_enough() -> None:
    assert len(set(KEPT)) >= 60
    assert len(set(DEFUSED)) >= 60


@pytest.mark.parametrize("name", KEPT)
def test_what_is_no_address_stays(name: str) -> None:
    assert clean_name(name) == unicodedata.normalize("NFC", name)


@pytest.mark.parametrize("name", DEFUSED)
def test_an_address_becomes_none(name: str) -> None:
    left = clean_name(name)
    assert left != name
    assert not holds_an_address(left)
    assert clean_name(left) == left


PIECES = [
    " ",
    "\u200d",
    "\ufe0f",
    "\u0338",
    "'",
    "٠",
    "Com",
    "evil",
    "com",
    "help",
    "рф",
    "сом",
    "Ben",
    "St",
    "A",
    "@",
    "/",
    ":",
    "-",
    "1",
    "ｃom",
    "·",
    "…",
]
pieces = st.sampled_from([*DOTS, *PIECES])


@settings(max_examples=800, deadline=None, derandomize=True)
@given(st.lists(pieces, max_size=12).map("".join))
def test_no_address_is_left_however_it_is_put_together(chosen: str) -> None:
    left = clean_name(chosen)
    assert not holds_an_address(left), left
    assert clean_name(left) == left


@pytest.mark.parametrize(
    ("mixed", "plain"),
    [
        ("Sоmebody", "Somebody"),
        ("Μaria", "Maria"),
        ("Аnna", "Anna"),
        ("Zоë Mаrtin", "Zoë Martin"),
        ("Сара", "Сара"),
        ("Анна Smith", "Анна Smith"),
        ("Яndex", "Яndex"),
        ("Αθηνά", "Αθηνά"),
    ],
)
def test_a_word_of_two_alphabets_is_written_in_one(mixed: str, plain: str) -> None:
    assert unmixed(mixed) == plain
    assert clean_name(mixed) == plain


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Ben", "ben"),
        ("Ben", "BEN"),
        ("Ben", "Ben."),
        ("Ben", "B e n"),
        ("Paul", "PauI"),
        ("Zoë", "Zoe"),
        ("José", "Jose"),
        ("Ben (2)", "Ben 2"),
        ("Somebody", "S0mebody"),
        ("Anna", "𝓐𝓷𝓷𝓪"),
        ("Anna", "Ａｎｎａ"),
        ("Мария", "мария"),
        ("corn", "com"),
        ("Tom", "Τom"),
        ("Ben", "Веn"),
        ("McDonald", "Mc-Donald"),
        ("Оля", "Oля"),
        ("Ben ❤", "Ben ❤️"),
        ("Anna", "ᴀɴɴᴀ"),
        ("Anna", "🅰nna"),
        ("Anna", "🇦🇳🇳🇦"),
        ("Anna", "🅐🅝🅝🅐"),
        ("Anna", "A⃝nna"),
        ("Anna", "Anna҉"),
        ("Anna", "ᗩnna"),
        ("Anna", "ΛNNΛ"),
        ("Anna", "ɐnna"),
        ("Ben", "ʙᴇɴ"),
        ("Ben", "ʙ̸e̸n"),
        ("Łukasz", "Lukasz"),
        ("Søren", "Soren"),
        ("Đorđe", "Dorde"),
        ("Ħelen", "Helen"),
        ("Walter", "VValter"),
        ("Ben 2", "Ben ❷"),
        ("Ben 2", "Ben 2️⃣"),
        ("Мама", "МAMA"),
        ("陳大", "陳大\ufe00"),
    ],
)
def test_names_that_look_alike(one: str, other: str) -> None:
    assert looks(one) & looks(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Ben", "Bea"),
        ("Ben", "Ben 2"),
        ("Ben 🚴", "Ben 🏃"),
        ("Ben", "Ben K"),
        ("Сара", "Sara"),
        ("सीता", "सत"),
        ("陳", "林"),
        ("Ina", "Lena"),
        ("Ben 🇧🇪", "Ben 🇫🇷"),
        ("Иван", "Нван"),
        ("がく", "かく"),
        ("山口", "川口"),
        ("ก้อง", "กอง"),
    ],
)
def test_names_that_do_not_look_alike(one: str, other: str) -> None:
    assert not looks(one) & looks(other)


OFFICIAL = _table("""
Gruppetto | Gruppetto Support | Gruppetto-Support | GruppettoSupport | gruppettosupport | Support Gruppetto
Admin | ADMIN | Admins | Ben (Admin) | Administrator | Moderator | Official | The Official Ben | Garmin
Garmin Team | Team Garmin | Garmin Help | garminhelp | Garmin Connect Service | WhatsApp | WhatsApp Security
Whats App Support | Twilio | Twilio Billing | Meta Support | Support | Security | Helpdesk | Verified | Ben ✅
Ben ✔️ | Аdmin | Adm1n | @dmin | A d m i n | A.d.m.i.n | Supp0rt | 5upport | 𝓐𝓭𝓶𝓲𝓷 | Ａｄｍｉｎ
gаrmіn teаm | WhаtsApp | Kundendienst | Gruppetto Hilfe | Sicherheit | Offiziell | Soporte | Soporte Garmin
Administrador | Seguridad | Gruppetto Ayuda | Assistance | Équipe Garmin | Sécurité WhatsApp | Officiel
Zoë (owner) | Owner | Eigentümer | Modérateur | Beheerder | Klantenservice | Ondersteuning | Gruppetto Hulp
Officieel | Grυppetto
ɢʀᴜᴘᴘᴇᴛᴛᴏ sᴜᴘᴘᴏʀᴛ | ᴀᴅᴍɪɴ | sᴜᴘᴘᴏʀᴛ | 🅰🅳🅼🅸🅽 | 🅐🅓🅜🅘🅝 | 🄰🄳🄼🄸🄽 | Ⓐⓓⓜⓘⓝ | 🇦🇩🇲🇮🇳 | ᵃᵈᵐⁱⁿ | A⃝dmin | Ben A⃝dmin
A҉dmin | A⃣dmin | ᗩdmin | ᗩᗪᗰIᑎ | ᎪᎠᎷᏆΝ | ΛDMIN | ДDMIN | ₳dmin | ค๔๓เภ | 卂ᗪ爪丨几 | Adm1̸n | @̸dmin | 5upp0r7
Grupetto | Grupetto Team | Grupeto Help | grupettoteam | Whatsap | Watsapp Info | Gramin Team | Twillio Help
Admin7 | Admin 7 | Admins2026 | Anna 🅥 | Anna 🆅 | Anna √ | Anna ꪜ | Админ | админ | АДМИН | поддержка | Поддержка Garmin
管理员 | 管理員 | 客服小王 | 官方 | 公式アカウント | サポート | 관리자 | Διαχειριστής | Assistenza | Suporte | Ufficiale
""")
UNOFFICIAL = _table("""
Ben | Zoë | Meta | Meta Novak | Garmin Guy | Ben Garmin | Adminah | Aidan | Helper Ben | Olli | Clara Wilson
Service | Supportive Sam | Modesty | Teamo | Ben the Boss | Coach K | Captain | Gruppettino | Sara | Сара
陳大文 | Offi | Ada Minh | Art Tech | Info | Hilde | Claude | 🚴 | Ben 2 | Ben (2)
Armin | Carmin | Gamin | Jasmin | Carmen | Martin | Olga | Admira | Ben Ⓥ | Ben 🇧🇪 | Team 🇩🇪 | Иван | Ада | Дмитрий
山口 | 几何 | さくら | 지민 | เอก | Λάμπρος | Vania | Officina | Adria | Supino
""")


@pytest.mark.parametrize(
    ("name", "words", "rest"),
    [
        ("Max Security", ["Security"], "Max"),
        ("Max sᴇᴄᴜʀɪᴛʏ", ["sᴇᴄᴜʀɪᴛʏ"], "Max"),
        ("Zoë (owner)", ["(owner)"], "Zoë"),
        ("Admin", ["Admin"], ""),
        ("A d m i n", ["A", "d", "m", "i", "n"], ""),
        ("Garmin Team", ["Garmin"], "Team"),
        ("Official Garmin", ["Official", "Garmin"], ""),
    ],
)
def test_the_words_that_claim_an_office_are_named(name: str, words: list[str], rest: str) -> None:
    assert telling(name) == (words, rest)


def test_every_sign_that_unicode_takes_for_a_dot_is_known() -> None:
    table = prototypes()
    full = {sign for sign, shape in table.items() if shape == "."}
    middle = {sign for sign, shape in table.items() if shape == table.get("·", "·")}
    assert len(full) >= 5
    assert full <= set(DOTS + ZEROS)
    assert len(middle) >= 8
    assert {unicodedata.normalize("NFC", sign) for sign in middle} <= set(OTHER_DOTS)


STYLES = [
    *("LATIN LETTER SMALL CAPITAL {}", "NEGATIVE SQUARED LATIN CAPITAL LETTER {}", "SQUARED LATIN CAPITAL LETTER {}"),
    *(
        "NEGATIVE CIRCLED LATIN CAPITAL LETTER {}",
        "CIRCLED LATIN SMALL LETTER {}",
        "REGIONAL INDICATOR SYMBOL LETTER {}",
    ),
    *("MATHEMATICAL SCRIPT CAPITAL {}", "MATHEMATICAL BOLD FRAKTUR SMALL {}", "MATHEMATICAL DOUBLE-STRUCK SMALL {}"),
    *("FULLWIDTH LATIN SMALL LETTER {}", "MODIFIER LETTER SMALL {}", "LATIN SMALL LETTER {} WITH STROKE"),
]


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("word", ["admin", "support", "gruppetto", "somebody"])
def test_a_word_in_any_style_of_letters_looks_like_itself(style: str, word: str) -> None:
    """If a style lacks a letter, as most lack one with a stroke, the plain letter is used."""
    styled = "".join(_styled(style, letter) for letter in word)
    assert styled != word
    assert looks(styled) & looks(word)
    assert word == "somebody" or speaks_officially(styled)


@pytest.mark.parametrize(
    "mark", ["\u20dd", "\u20de", "\u20e3", "\u0489", "\u0338", "\u0335", "\u035b", "\u1ab0", "\ufe20"]
)
def test_a_mark_on_letters_hides_nothing(mark: str) -> None:
    assert speaks_officially(mark.join("Admin") + mark)
    assert looks(mark.join("Anna") + mark) & looks("Anna")
    assert clean_name(f"evil{mark}.{mark.join('com')}{mark}") == ""


def _styled(style: str, letter: str) -> str:
    try:
        return unicodedata.lookup(style.format(letter.upper()))
    except KeyError:
        return letter


@pytest.mark.parametrize("name", OFFICIAL)
def test_nobody_is_called_as_if_they_spoke_for_somebody(name: str) -> None:
    assert speaks_officially(name)


@pytest.mark.parametrize("name", UNOFFICIAL)
def test_other_names_claim_nothing(name: str) -> None:
    assert not speaks_officially(name)


@pytest.mark.parametrize(
    "text",
    [
        "Gruppetto Support",
        "Official Garmin",
        "WhatsApp Security",
        "Garmin Team",
        "Gruppetto Help",
        "Write to Gruppetto Support!",
        "from the WhatsApp security",
        "Soporte Garmin",
        "gаrmin suppоrt",
    ],
)
def test_a_text_that_claims_to_come_from_a_company(text: str) -> None:
    assert claims_office(text)


@pytest.mark.parametrize(
    "text",
    [
        "Garmin Fans",
        "WhatsApp runners",
        "Gruppetto Nord",
        "Garmin Team Brussels",
        "Gruppetto",
        "Admins on bikes",
        "The support crew",
        "Thanks for your help with my Garmin",
        "Connect your Garmin account",
        "For Garmin owners in Ghent",
        "Office support",
        "",
        "🚴",
    ],
)
def test_a_text_that_only_names_one(text: str) -> None:
    assert not claims_office(text)
