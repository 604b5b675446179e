"""Language codes, as users, corpora and tools write them: tags of BCP 47 (RFC 5646) and near ones.

    zh   zh-Hans   zh_cn   zho_Hans   cmn      Chinese, in Simplified characters but for zh_tw
    sr   sr-Cyrl   sr-Latn   sh                Serbian, in two scripts
    pt   pt-BR     pt_br   por                 Portuguese

Rules that go by language ask for `base`, and for `script` where that matters. What a data set has
is looked up by `find`. Needs nothing but Python, since the rules of the workflow load a study with
it; the tables hold every language of two letters, as langcodes 3.5.1 knows it (CLDR's aliases and
likely subtags). tests/test_language_tags.py compares them.
"""

import re
from collections.abc import Iterable
from functools import lru_cache
from itertools import takewhile
from typing import NamedTuple

# Older codes, those of three letters, and the member of a macrolanguage that its texts are in.
# Two are the other way round than in CLDR: tl (fil) and no (nb) are what corpora and tools say.
_ALIASES = """
    aar:aa abk:ab adp:dz afr:af aka:ak alb:sq als:sq amh:am ara:ar arb:ar arg:an arm:hy asm:as
    ava:av ave:ae aym:ay ayr:ay aze:az azj:az bak:ba bam:bm baq:eu bel:be ben:bn bis:bi bod:bo
    bos:bs bre:br bul:bg bur:my cat:ca ces:cs cha:ch che:ce chi:zh chu:cu chv:cv cmn:zh
    cnr:sr-ME cor:kw cos:co cre:cr cwd:cr cym:cy cze:cs dan:da deu:de div:dv drh:mn drw:fa-AF
    dut:nl dzo:dz ekk:et ell:el eng:en epo:eo esk:ik est:et eus:eu ewe:ee fao:fo fas:fa fat:ak
    fij:fj fil:tl fin:fi fra:fr fre:fr fry:fy fuc:ff ful:ff gaz:om geo:ka ger:de gla:gd gle:ga
    glg:gl glv:gv gre:el grn:gn gug:gn guj:gu hat:ht hau:ha hbs:sr-Latn heb:he her:hz hin:hi
    hmo:ho hrv:hr hun:hu hye:hy ibo:ig ice:is ido:io iii:ii ike:iu iku:iu ile:ie in:id ina:ia
    ind:id ipk:ik isl:is ita:it iw:he jav:jv ji:yi jpn:ja jw:jv kal:kl kan:kn kas:ks kat:ka
    kau:kr kaz:kk khk:mn khm:km kik:ki kin:rw kir:ky kmr:ku knc:kr kng:kg kom:kv kon:kg kor:ko
    kpv:kv kua:kj kur:ku lao:lo lat:la lav:lv lim:li lin:ln lit:lt ltz:lb lub:lu lug:lg lvs:lv
    mac:mk mah:mh mal:ml mao:mi mar:mr may:ms mkd:mk mlg:mg mlt:mt mo:ro mol:ro mon:mn mri:mi
    msa:ms mya:my nau:na nav:nv nb:no nbl:nr nde:nd ndo:ng nep:ne nld:nl nno:nn nob:no nor:no
    npi:ne nya:ny oci:oc ojg:oj oji:oj ori:or orm:om ory:or oss:os pan:pa pbu:ps per:fa pes:fa
    pli:pi plt:mg pol:pl por:pt prs:fa-AF pus:ps que:qu quz:qu roh:rm ron:ro rum:ro run:rn
    rus:ru sag:sg san:sa scc:sr scr:hr sh:sr-Latn sin:si slk:sk slo:sk slv:sl sme:se smo:sm
    sna:sn snd:sd som:so sot:st spa:es sqi:sq src:sc srd:sc srp:sr ssw:ss sun:su swa:sw
    swc:sw-CD swe:sv swh:sw tah:ty tam:ta tat:tt tel:te tgk:tg tgl:tl tha:th tib:bo tir:ti
    tnf:fa-AF ton:to tsn:tn tso:ts tuk:tk tur:tr tw:ak twi:ak uig:ug ukr:uk urd:ur uzb:uz
    uzn:uz ven:ve vie:vi vol:vo wel:cy wln:wa wol:wo xho:xh ydd:yi yid:yi yor:yo zha:za zho:zh
    zsm:ms zul:zu zyb:za
"""
ALIASES = dict(pair.split(":") for pair in _ALIASES.split())

MEMBERS = frozenset("cmn gan hak hsn lzh nan wuu yue".split())  # noqa: SIM905
"""Chinese languages, which may follow zh: zh-yue is yue."""

_SCRIPTS = {
    "Arab": "ar fa ks ps sd ug ur",
    "Armn": "hy",
    "Avst": "ae",
    "Beng": "as bn",
    "Cans": "cr iu",
    "Cyrl": "ab av ba be bg ce cu cv kk kv ky mk mn os ru sr tg tt uk",
    "Deva": "hi mr ne sa",
    "Ethi": "am ti",
    "Geor": "ka",
    "Grek": "el",
    "Gujr": "gu",
    "Guru": "pa",
    "Hans": "zh",
    "Hebr": "he yi",
    "Jpan": "ja",
    "Khmr": "km",
    "Knda": "kn",
    "Kore": "ko",
    "Laoo": "lo",
    "Latn": "aa af ak an ay az bi bm br bs ca ch co cs cy da de ee en eo es et eu ff fi fj fo "
    "fr fy ga gd gl gn gv ha ho hr ht hu hz ia id ig ik io is it jv kg ki kj kl kr ku "
    "kw la lb lg li ln lt lu lv mg mh mi ms mt na nd ng nl nn no nr nv ny oc om pl pt "
    "qu rm rn ro rw sc se sg sk sl sm sn so sq ss st su sv sw tk tl tn to tr ts ty uz "
    "ve vi vo wa wo xh yo za zu",
    "Mlym": "ml",
    "Mymr": "my",
    "Orya": "or",
    "Sinh": "si",
    "Taml": "ta",
    "Telu": "te",
    "Thaa": "dv",
    "Thai": "th",
    "Tibt": "bo dz",
    "Yiii": "ii",
}
USUAL_SCRIPT = {
    language: script for script, names in _SCRIPTS.items() for language in names.split()
}
"""The script (ISO 15924) of each language that has a code of two letters."""

_REGIONS = {
    "Arab": "az-IQ az-IR ha-CM ha-SD kk-AF kk-CN kk-IR kk-MN ku-LB ky-CN ms-CC pa-PK tg-PK uz-AF",
    "Cyrl": "az-RU ug-KZ ug-MN uz-CN",
    "Hant": "zh-AU zh-BN zh-GB zh-GF zh-HK zh-ID zh-MO zh-PA zh-PF zh-PH zh-SR zh-TH zh-TW zh-US"
    " zh-VN",
    "Latn": "ky-TR sr-ME sr-RO sr-RU sr-TR",
    "Mong": "mn-CN",
}
REGION_SCRIPT = {tag: script for script, tags in _REGIONS.items() for tag in tags.split()}
"""The script of a language in a region where it is not its usual one."""


class Tag(NamedTuple):
    """What a code says: a language, and perhaps a script (Hans) and a region (CN, 419)."""

    language: str
    script: str = ""
    region: str = ""


@lru_cache(maxsize=1 << 12)
def parse(code: str) -> Tag:
    """A code's parts, in the case and under the names of BCP 47, without variants and extensions.

    What is no code, such as the name of a constructed language, is a language without more.
    """
    first, *rest = re.split("[-_]", code)
    if not re.fullmatch("[A-Za-z]{2,3}", first):
        return Tag(code)
    language, *brought = ALIASES.get(first.lower(), first.lower()).split("-")
    if language == "zh" and rest and rest[0].lower() in MEMBERS:
        language = ALIASES.get(rest[0].lower(), rest[0].lower())
    script = region = ""
    for part in [*before_extensions(rest), *brought]:
        if re.fullmatch("[A-Za-z]{4}", part):
            script = script or part.title()
        elif re.fullmatch("[A-Za-z]{2}|[0-9]{3}", part):
            region = region or part.upper()
    return Tag(language, script, region)


def before_extensions(parts: Iterable[str]) -> Iterable[str]:
    """The parts before the first of a single letter, which begins an extension."""
    return takewhile(lambda part: len(part) > 1, parts)


def base(code: str) -> str:
    """The language alone, in two letters where it has them: zh for zh-Hans, zh_cn and cmn."""
    return parse(code).language


def canonical(code: str) -> str:
    """The code as BCP 47 writes it: zh-CN for zh_cn, he for iw."""
    return "-".join(filter(None, parse(code)))


def script(code: str) -> str | None:
    """The script that a text in the language is in: the one that the code names, or the usual one.

    None where that is not known here, as of codes of three letters and constructed languages.
    """
    tag = parse(code)
    if tag.script:
        return tag.script
    usual = USUAL_SCRIPT.get(tag.language)
    return REGION_SCRIPT.get(f"{tag.language}-{tag.region}", usual)


def names_script(code: str) -> bool:
    """Whether a code tells its script, by name or by a region that has another than is usual."""
    tag = parse(code)
    return bool(tag.script) or f"{tag.language}-{tag.region}" in REGION_SCRIPT


def variants(code: str, known: Iterable[str]) -> list[str]:
    """Those of the known codes that stand for a language, the nearest first.

    The code itself comes first, then other spellings of it, then the same language and script:
    without a region before another region. Another script of the language comes last, and only
    for a code that names none: zh-Hant is no zh-Hans, but of zh both are variants.
    """
    asked = parse(code)
    ranks: dict[str, tuple] = {}
    for other in set(known):
        tag = parse(other)
        if tag.language != asked.language:
            continue
        if script(other) == script(code):
            far = 0 if tag == asked else 1 if tag.region == asked.region else 2
            ranks[other] = (other != code, far, bool(tag.region), other)
        elif not names_script(code):
            ranks[other] = (True, 3, bool(tag.region), other)
    return sorted(ranks, key=ranks.__getitem__)


def find(code: str, known: Iterable[str]) -> str | None:
    """The nearest of the known codes that stands for a language (see `variants`), None without."""
    return next(iter(variants(code, known)), None)
