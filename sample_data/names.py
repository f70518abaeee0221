"""Invented people's names, where they live, and telephone numbers nobody has."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count


@dataclass(frozen=True)
class Culture:
    """A place customers come from. Names map to their spelling in plain ASCII."""

    locale: str
    timezone: str
    country: str
    city: str
    postal_code: str
    given: dict[str, str]
    family: dict[str, str]


def _plain(words: str) -> dict[str, str]:
    return {word: word.lower().replace("'", "").replace("-", "") for word in words.split()}


CULTURES = (
    Culture(
        "en-US",
        "America/New_York",
        "US",
        "Portland",
        "04101",
        _plain("Grace Marcus Naomi Tyler Imani Walter Joy Desmond Ruth Caleb"),
        _plain("Whitfield Okafor-Hayes Delgado Brandt Merriweather Stokes Tran Abrams Pruitt Lund"),
    ),
    Culture(
        "en-GB",
        "Europe/London",
        "GB",
        "Leeds",
        "LS1 4AP",
        _plain("Siobhan Alasdair Priya Rhys Hamish Niamh Edith Zainab Oliver Maeve"),
        _plain("O'Brien Macleod Patel D'Arcy Hughes O'Sullivan Ashworth Khan Pryce McGrath"),
    ),
    Culture(
        "fr-FR",
        "Europe/Paris",
        "FR",
        "Nantes",
        "44000",
        {
            "Élodie": "elodie",
            "François": "francois",
            "Zoé": "zoe",
            "Loïc": "loic",
            "Anaïs": "anais",
            "Mathéo": "matheo",
            "Camille": "camille",
            "Hélène": "helene",
        },
        {
            "Lefèvre": "lefevre",
            "D'Ormesson": "dormesson",
            "Béranger": "beranger",
            "Nguyên": "nguyen",
            "Garçon": "garcon",
            "Le Goff": "legoff",
            "Traoré": "traore",
            "Noël": "noel",
        },
    ),
    Culture(
        "de-DE",
        "Europe/Berlin",
        "DE",
        "Köln",
        "50667",
        {
            "Jürgen": "juergen",
            "Käthe": "kaethe",
            "Sören": "soeren",
            "Aylin": "aylin",
            "Moritz": "moritz",
            "Friederike": "friederike",
            "Jörg": "joerg",
            "Annika": "annika",
        },
        {
            "Groß": "gross",
            "Müller": "mueller",
            "Yıldız": "yildiz",
            "von Ahlefeld": "vonahlefeld",
            "Schäfer": "schaefer",
            "Kühn": "kuehn",
            "Łukasik": "lukasik",
            "Brandl": "brandl",
        },
    ),
    Culture(
        "es-ES",
        "Europe/Madrid",
        "ES",
        "Cádiz",
        "11001",
        {
            "José": "jose",
            "Lucía": "lucia",
            "Íñigo": "inigo",
            "Begoña": "begona",
            "Martín": "martin",
            "Inés": "ines",
            "Andrés": "andres",
            "Ana": "ana",
        },
        {
            "Muñoz": "munoz",
            "García": "garcia",
            "Peña": "pena",
            "Núñez": "nunez",
            "Ibáñez": "ibanez",
            "de la Fuente": "delafuente",
            "López": "lopez",
            "Echeverría": "echeverria",
        },
    ),
    Culture(
        "ja-JP",
        "Asia/Tokyo",
        "JP",
        "京都市",
        "600-8001",
        {
            "花子": "hanako",
            "健太": "kenta",
            "さくら": "sakura",
            "大輔": "daisuke",
            "美咲": "misaki",
            "翔": "sho",
            "陽子": "yoko",
        },
        {
            "佐藤": "sato",
            "渡辺": "watanabe",
            "小林": "kobayashi",
            "高橋": "takahashi",
            "山本": "yamamoto",
            "中村": "nakamura",
            "伊藤": "ito",
        },
    ),
    Culture(
        "ar-EG",
        "Africa/Cairo",
        "EG",
        "الإسكندرية",
        "21500",
        {
            "ليلى": "layla",
            "يوسف": "youssef",
            "مريم": "mariam",
            "عمر": "omar",
            "نور": "nour",
            "كريم": "karim",
        },
        {
            "حسن": "hassan",
            "منصور": "mansour",
            "الشريف": "elsherif",
            "فوزي": "fawzy",
            "سالم": "salem",
            "عبد الله": "abdallah",
        },
    ),
    Culture(
        "el-GR",
        "Europe/Athens",
        "GR",
        "Θεσσαλονίκη",
        "546 24",
        {
            "Ελένη": "eleni",
            "Νίκος": "nikos",
            "Σοφία": "sofia",
            "Γιώργος": "giorgos",
            "Δήμητρα": "dimitra",
            "Άρης": "aris",
        },
        {
            "Παπαδάκη": "papadaki",
            "Ιωάννου": "ioannou",
            "Οικονόμου": "oikonomou",
            "Νικολαΐδη": "nikolaidi",
            "Βλάχου": "vlachou",
            "Καραγιάννη": "karagianni",
        },
    ),
)


def telephone_numbers(culture: Culture) -> Iterator[str]:
    """E.164 numbers from a range set aside for fiction, as close to home as there is one.

    Countries without such a range use the British mobile one or the North American one, each
    with a slice of its own.
    """
    patterns = {
        "US": ("+1207555{:04d}", 100),
        "GB": ("+447700{:06d}", 900000),
        "FR": ("+3363998{:04d}", 1000),
        "DE": ("+493023125{:03d}", 100),
        "ES": ("+447700{:06d}", 900300),
        "JP": ("+1415555{:04d}", 100),
        "EG": ("+447700{:06d}", 900600),
        "GR": ("+447700{:06d}", 900800),
    }
    pattern, first = patterns[culture.country]
    return (pattern.format(number) for number in count(first))


def spaced(telephone: str) -> str:
    """The number as somebody might type it; it means the same."""
    if telephone.startswith("+1"):
        return f"+1 ({telephone[2:5]}) {telephone[5:8]}-{telephone[8:]}"
    return f"{telephone[:3]} {telephone[3:7]} {telephone[7:]}"
